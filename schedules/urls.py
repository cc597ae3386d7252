"""Pages: who is on call, schedules, and the pieces other pages show of them."""

from django.urls import path

from schedules import views, views_board, views_feed, views_review, views_timeline

app_name = "schedules"
urlpatterns = [
    path("on-call/", views_board.on_call, name="on-call"),
    path("on-call/me/", views_board.me, name="me"),
    path("on-call/groups/<slug:slug>/", views_board.group, name="group"),
    path("calendars/<str:token>.ics", views_feed.feed, name="feed"),
    path("schedules/", views_board.schedule_list, name="list"),
    path("schedules/<int:pk>/", views_timeline.detail, name="detail"),
    path("schedules/<int:pk>/warnings/", views_review.warnings, name="warnings"),
    path("schedules/<int:pk>/warnings/card/", views_review.warnings_card, name="warnings-card"),
    path("schedules/<int:pk>/hours/", views_review.hours, name="hours"),
    path("schedules/<int:pk>/overrides/", views.add_override, name="override"),
    path("schedules/<int:pk>/overrides/<int:override_pk>/end/", views.end_override, name="end"),
]
