"""Pages of this app, and the doors for machines."""

from django.urls import include, path, re_path

from integrations import (
    views,
    views_heartbeats,
    views_maintenance,
    views_mapping,
    views_on_call,
    views_outbound,
    views_rehearsal,
    views_replays,
    views_services,
)

app_name = "integrations"
urlpatterns = [
    path("on-call/services/", views_on_call.services_on_call, name="services-on-call"),
    path("integrations/", views.integration_list, name="list"),
    path("integrations/services/", views_services.service_list, name="services"),
    path("integrations/services/new/", views_services.edit_service, name="new-service"),
    path("integrations/services/<int:pk>/", views_services.service, name="service"),
    path("integrations/services/<int:pk>/edit/", views_services.edit_service, name="edit-service"),
    path(
        "integrations/services/<int:pk>/remove/",
        views_services.remove_service,
        name="remove-service",
    ),
    path("integrations/outbound/", views_outbound.connection_list, name="outbound"),
    path("integrations/outbound/new/<slug:slug>/", views_outbound.add, name="outbound-add"),
    path("integrations/outbound/<int:pk>/", views_outbound.connection, name="outbound-connection"),
    path("integrations/outbound/<int:pk>/edit/", views_outbound.edit, name="outbound-edit"),
    re_path(
        r"^integrations/outbound/(?P<pk>[0-9]{1,15})/(?P<verb>test|on|secret|hook|delete)/$",
        views_outbound.act,
        name="outbound-act",
    ),
    path(
        "integrations/outbound/messages/<int:pk>/",
        views_outbound.message,
        name="outbound-message",
    ),
    path(
        "integrations/outbound/messages/<int:pk>/again/",
        views_outbound.send_again,
        name="outbound-again",
    ),
    path("integrations/maintenance/", views_maintenance.window_list, name="windows"),
    path("integrations/maintenance/new/", views_maintenance.new_window, name="new-window"),
    path("integrations/maintenance/now/", views_maintenance.banner, name="maintenance"),
    path("integrations/maintenance/<int:pk>/", views_maintenance.window, name="window"),
    path(
        "integrations/maintenance/<int:pk>/edit/",
        views_maintenance.edit_window,
        name="edit-window",
    ),
    path("integrations/maintenance/<int:pk>/end/", views_maintenance.end_window, name="end-window"),
    path("simulate/event/", views_rehearsal.simulate_event, name="simulate-event"),
    path("integrations/log/", views.log, name="log"),
    path("integrations/log/<int:pk>/", views.event, name="event"),
    path("integrations/log/<int:pk>/replay/", views_replays.replay_event, name="replay-event"),
    path("integrations/log/replay/", views_replays.new_replay, name="new-replay"),
    path("integrations/log/replay/<int:pk>/", views_replays.replay, name="replay"),
    path("integrations/log/replay/<int:pk>/real/", views_replays.for_real, name="replay-for-real"),
    path("integrations/log/replay/<int:pk>/stop/", views_replays.stop_replay, name="stop-replay"),
    re_path(r"^integrations/(?P<pk>[0-9]{1,15})/$", views.detail, name="detail"),
    path("integrations/<int:pk>/key/", views.new_key, name="new-key"),
    path("integrations/<int:pk>/key/<int:key>/revoke/", views.revoke_key, name="revoke-key"),
    path("integrations/<int:pk>/mapping/", views_mapping.mapping, name="mapping"),
    path("integrations/<int:pk>/state/", views.state, name="state"),
    path("integrations/<int:pk>/test/", views.send_test, name="test"),
    path("integrations/heartbeats/", views_heartbeats.heartbeat_list, name="heartbeats"),
    path("integrations/heartbeats/add/", views_heartbeats.add, name="heartbeat-add"),
    path("integrations/heartbeats/<int:pk>/", views_heartbeats.detail, name="heartbeat"),
    path("integrations/heartbeats/<int:pk>/edit/", views_heartbeats.edit, name="heartbeat-edit"),
    re_path(
        r"^integrations/heartbeats/(?P<pk>[0-9]{1,15})/(?P<verb>pause|resume|key|delete)/$",
        views_heartbeats.act,
        name="heartbeat-act",
    ),
    path("", include("integrations.ingest_urls")),
]
