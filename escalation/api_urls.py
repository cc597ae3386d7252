"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from escalation import api

router = SimpleRouter()
router.register("policies", api.PolicyViewSet, basename="api-policy")

urlpatterns = [
    path(
        "alerts/<int:alert_id>/notifications/",
        api.AlertNotifications.as_view(),
        name="api-notifications",
    ),
    path("groups/<slug:slug>/policy/", api.GroupPolicyView.as_view(), name="api-group-policy"),
    path("", include(router.urls)),
]
