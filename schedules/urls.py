"""Pages: who is on call, schedules, and the pieces other pages show of them."""

from django.urls import path

from schedules import (
    urls_changes,
    views_board,
    views_feed,
    views_layers,
    views_layers_new,
    views_review,
    views_timeline,
)

app_name = "schedules"
urlpatterns = [
    *urls_changes.urlpatterns,
    path("on-call/", views_board.on_call, name="on-call"),
    path("on-call/me/", views_board.me, name="me"),
    path("on-call/groups/<slug:slug>/", views_board.group, name="group"),
    path("calendars/<str:token>.ics", views_feed.feed, name="feed"),
    path("schedules/", views_board.schedule_list, name="list"),
    path("schedules/new/", views_layers_new.add_schedule, name="new"),
    path("schedules/<int:pk>/", views_timeline.detail, name="detail"),
    path("schedules/<int:pk>/warnings/", views_review.warnings, name="warnings"),
    path("schedules/<int:pk>/warnings/card/", views_review.warnings_card, name="warnings-card"),
    path("schedules/<int:pk>/hours/", views_review.hours, name="hours"),
    path("schedules/<int:pk>/settings/", views_layers.settings, name="settings"),
    path("schedules/<int:pk>/layers/", views_layers.layers, name="layers"),
    path("schedules/<int:pk>/rotations/new/", views_layers.add_rotation, name="rotation-new"),
    path("schedules/<int:pk>/rotations/<int:rotation_pk>/", views_layers.rotation, name="rotation"),
    path(
        "schedules/<int:pk>/rotations/<int:rotation_pk>/remove/",
        views_layers.remove_rotation,
        name="rotation-remove",
    ),
    path("schedules/<int:pk>/fixed/new/", views_layers.add_fixed, name="fixed-new"),
    path("schedules/<int:pk>/fixed/<int:fixed_pk>/", views_layers.fixed, name="fixed"),
    path(
        "schedules/<int:pk>/fixed/<int:fixed_pk>/remove/",
        views_layers.remove_fixed,
        name="fixed-remove",
    ),
]
