"""Pages of this app, and the addresses its providers report to."""

from django.urls import path

from escalation import callbacks, views, views_ahead

app_name = "escalation"
urlpatterns = [
    path("escalations/<int:number>/next/", views.next_up, name="next"),
    path("escalations/<int:number>/notifications/", views.notifications, name="notifications"),
    path("escalations/groups/<slug:slug>/", views_ahead.group, name="group"),
    path("escalations/groups/<slug:slug>/policy/", views_ahead.choose, name="choose"),
    path("simulate/", views_ahead.simulate, name="simulate"),
    path("outbox/", views.outbox, name="outbox"),
    path("channels/<slug:kind>/<slug:what>/", callbacks.callback, name="inbound"),
    path("channels/<slug:kind>/<slug:what>/<slug:token>/", callbacks.callback, name="callback"),
]
