"""Pages of changes: overrides, temporary schedules, time off, swaps, feeds, notices, mine."""

from django.urls import path

from schedules import (
    views_calendars,
    views_changes,
    views_mine,
    views_notices,
    views_overrides,
    views_swaps,
    views_temporary,
    views_time_off,
)

urlpatterns = [
    path("on-call/waiting/", views_mine.waiting, name="waiting"),
    path("me/shifts/", views_mine.my_shifts, name="my-shifts"),
    path("me/calendars/", views_calendars.feeds, name="calendars"),
    path("me/calendars/<int:pk>/revoke/", views_calendars.revoke, name="revoke-calendar"),
    path("time-off/add/", views_time_off.add, name="add-time-off"),
    path("time-off/<int:pk>/", views_time_off.change, name="time-off"),
    path("time-off/<int:pk>/end/", views_time_off.end, name="end-time-off"),
    path("time-off/<int:pk>/answer/", views_time_off.answer, name="answer-time-off"),
    path("swaps/<int:pk>/", views_swaps.swap, name="swap"),
    *[
        path(f"swaps/<int:pk>/{verb}/", views_swaps.decide, {"verb": verb}, name=f"{verb}-swap")
        for verb in views_swaps.DONE
    ],
    path("schedules/<int:pk>/changes/", views_changes.changes, name="changes"),
    path("schedules/<int:pk>/changes/take-over/", views_changes.take_over, name="take-over"),
    path("schedules/<int:pk>/changes/cover-me/", views_changes.cover_me, name="cover-me"),
    path("schedules/<int:pk>/changes/need-cover/", views_changes.need_cover, name="need-cover"),
    path("schedules/<int:pk>/overrides/add/", views_overrides.add, name="add-override"),
    path(
        "schedules/<int:pk>/overrides/<int:override_pk>/",
        views_overrides.change,
        name="change-override",
    ),
    path(
        "schedules/<int:pk>/overrides/<int:override_pk>/take-back/",
        views_overrides.end,
        name="end-override",
    ),
    path("schedules/<int:pk>/temporary/add/", views_temporary.add, name="add-temporary"),
    path(
        "schedules/<int:pk>/temporary/<int:temporary_pk>/",
        views_temporary.change,
        name="change-temporary",
    ),
    path(
        "schedules/<int:pk>/temporary/<int:temporary_pk>/end/",
        views_temporary.end,
        name="end-temporary",
    ),
    path("schedules/<int:pk>/swaps/add/", views_swaps.ask, name="ask-swap"),
    path("schedules/<int:pk>/notices/", views_notices.notices, name="notices"),
]
