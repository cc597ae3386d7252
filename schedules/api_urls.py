"""API of this app, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from schedules import api, api_requests
from schedules.api_answers import OnCallView, ShiftsView
from schedules.api_people import OnCallListView, PersonShiftsView
from schedules.api_preview import PreviewView
from schedules.api_review import HoursView, WarningsView

router = SimpleRouter()
router.register("schedules", api.ScheduleViewSet)
router.register("rotations", api.RotationViewSet)
router.register("fixed-shifts", api.FixedShiftViewSet)
router.register("imported-calendars", api.ImportedCalendarViewSet)
router.register("overrides", api.OverrideViewSet)
router.register("temporary-schedules", api_requests.TemporaryViewSet)
router.register("time-off", api_requests.TimeOffViewSet)
router.register("swaps", api_requests.SwapViewSet)
router.register("calendar-feeds", api_requests.FeedViewSet)
router.register("holiday-calendars", api_requests.HolidaysViewSet)

urlpatterns = [
    path("groups/<slug:slug>/on-call/", OnCallView.as_view(), name="group-on-call"),
    path("on-call/", OnCallListView.as_view(), name="on-call"),
    path("on-call/shifts/", PersonShiftsView.as_view(), name="person-shifts"),
    path("schedules/<int:pk>/hours/", HoursView.as_view(), name="schedule-hours"),
    path("schedules/<int:pk>/preview/", PreviewView.as_view(), name="schedule-preview"),
    path("schedules/<int:pk>/warnings/", WarningsView.as_view(), name="schedule-warnings"),
    path("schedules/<int:pk>/notices/", api_requests.NoticesView.as_view(), name="notices"),
    path("schedules/<int:pk>/shifts/", ShiftsView.as_view(), name="schedule-shifts"),
    path("", include(router.urls)),
]
