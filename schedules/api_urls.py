"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from schedules import api
from schedules.api_answers import OnCallView, ShiftsView

router = SimpleRouter()
router.register("schedules", api.ScheduleViewSet)
router.register("rotations", api.RotationViewSet)
router.register("overrides", api.OverrideViewSet)

urlpatterns = [
    path("groups/<slug:slug>/on-call/", OnCallView.as_view(), name="group-on-call"),
    path("schedules/<int:pk>/shifts/", ShiftsView.as_view(), name="schedule-shifts"),
    path("", include(router.urls)),
]
