"""Alerta's API below /api: https://docs.alerta.io/api/reference.html

What changes something goes through the inbox, so an alert that has just been sent has only its
event's number yet, told as `event-57`; that names it as well as its own number does.
"""

from django.urls import re_path

from integrations.dropins.alerta.doors import Act, Alerts, Config, Heartbeat, OneAlert, Post
from integrations.dropins.alerta.verbs import prepare
from integrations.dropins.contract import Dialect, DropIn
from integrations.vendors.alerta import alerta

_WORDS = "status|action|tag|untag|attributes|note"

dropin = DropIn(
    "Alerta",
    urls=(
        re_path(r"^api/alert/?$", Post.as_view()),
        re_path(r"^api/alerts/?$", Alerts.as_view()),
        re_path(r"^api/alerts/(?P<count>count)/?$", Alerts.as_view()),
        re_path(r"^api/alert/(?P<name>[\w-]{1,40})/?$", OneAlert.as_view()),
        re_path(rf"^api/alert/(?P<name>[\w-]{{1,40}})/(?P<word>{_WORDS})/?$", Act.as_view()),
        re_path(r"^api/heartbeat/?$", Heartbeat.as_view()),
        re_path(r"^api/config/?$", Config.as_view()),
    ),
    dialects=(
        Dialect("alerta", alerta),
        Dialect("alerta-verb", alerta, prepare),
    ),
)
