"""Pages of this app, and the addresses its providers report to."""

from django.urls import path

from escalation import callbacks

app_name = "escalation"
urlpatterns = [
    path("channels/<slug:kind>/<slug:what>/", callbacks.callback, name="inbound"),
    path("channels/<slug:kind>/<slug:what>/<slug:token>/", callbacks.callback, name="callback"),
]
