"""People, contact methods and rules below /api/v1/."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from accounts import api

router = SimpleRouter()
router.register("users", api.UserViewSet, basename="api-user")
router.register("contact-methods", api.ContactMethodViewSet, basename="api-contact-method")
urlpatterns = [
    *router.urls,
    path(
        "notification-rules/",
        api.RuleSets.as_view({"get": "list", "put": "replace"}),
        name="api-notification-rules",
    ),
]
