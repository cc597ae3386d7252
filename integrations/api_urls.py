"""API of this app, below /api/v1/."""

from django.urls import path, re_path

from integrations import api, api_heartbeats

urlpatterns = [
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
]
