"""API of this app, below /api/v1/."""

from django.urls import path, re_path

from integrations import (
    api,
    api_elsewhere,
    api_heartbeats,
    api_mail_rules,
    api_outbound,
    api_rehearsal,
    api_upkeep,
)

urlpatterns = [
    path(
        "alerts/<int:alert_id>/elsewhere/",
        api_elsewhere.Elsewhere.as_view(),
        name="api-alert-elsewhere",
    ),
    path("events/<int:pk>/", api.OneEvent.as_view(), name="api-event"),
    path("heartbeats/", api_heartbeats.Heartbeats.as_view(), name="api-heartbeats"),
    path("heartbeats/<int:pk>/", api_heartbeats.OneHeartbeat.as_view(), name="api-heartbeat"),
    re_path(
        r"^heartbeats/(?P<pk>[0-9]{1,15})/(?P<verb>pause|resume|rotate-key)/$",
        api_heartbeats.HeartbeatVerb.as_view(),
        name="api-heartbeat-verb",
    ),
    path("integrations/", api.Integrations.as_view(), name="api-integrations"),
    path("integrations/<int:pk>/", api.OneIntegration.as_view(), name="api-integration"),
    path("integrations/<int:pk>/rotate-key/", api.RotateKey.as_view(), name="api-rotate-key"),
    path("integrations/<int:pk>/keys/", api.Keys.as_view(), name="api-integration-keys"),
    path("keys/<int:pk>/", api.OneKey.as_view(), name="api-key"),
    path("integrations/<int:pk>/routes/", api.Routes.as_view(), name="api-integration-routes"),
    path("routes/<int:pk>/", api.OneRoute.as_view(), name="api-route"),
    path(
        "integrations/<int:pk>/mail-rules/",
        api_mail_rules.MailRules.as_view(),
        name="api-mail-rules",
    ),
    path("mail-rules/<int:pk>/", api_mail_rules.OneMailRule.as_view(), name="api-mail-rule"),
    path("simulate/", api_rehearsal.SimulateAlertOrEvent.as_view(), name="api-simulate"),
    path("outbound-connections/", api_outbound.OutboundConnections.as_view(), name="api-outbound"),
    path(
        "outbound-connections/<int:pk>/",
        api_outbound.OneOutboundConnection.as_view(),
        name="api-outbound-connection",
    ),
    path("services/", api_upkeep.Services.as_view(), name="api-services"),
    path("services/<int:pk>/", api_upkeep.OneService.as_view(), name="api-service"),
    path("maintenance-windows/", api_upkeep.Windows.as_view(), name="api-windows"),
    path("maintenance-windows/<int:pk>/", api_upkeep.OneWindow.as_view(), name="api-window"),
    path("replays/", api_upkeep.Replays.as_view(), name="api-replays"),
    path("replays/<int:pk>/", api_upkeep.OneReplay.as_view(), name="api-replay"),
]
