"""API of this app, below /api/v1/."""

from django.urls import path

from alerts import api

urlpatterns = [
    path("alerts/", api.Alerts.as_view(), name="api-alerts"),
    path("alerts/<int:alert_id>/", api.OneAlert.as_view(), name="api-alert"),
    path("alerts/<int:alert_id>/timeline/", api.AlertTimeline.as_view(), name="api-timeline"),
    *[
        path(f"alerts/<int:alert_id>/{verb.value}/", view.as_view(), name=f"api-{verb.value}")
        for verb, view in api.VERBS.items()
    ],
]
