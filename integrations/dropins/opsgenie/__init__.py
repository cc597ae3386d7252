"""Opsgenie's Alert API below /v2/: https://docs.opsgenie.com/docs/alert-api

Creating and every verb go through the inbox and are answered as Opsgenie does, with a `requestId`
(the event's number) that tells later what became of it. An alert has three names:

    id      a UUID made of its number; a request's number stands for the alert it was about
    tiny    the number people see
    alias   its dedup key, while it is open

A bare number as `id` is a request, never an alert: two numberings must not be mixed up.
"""

from django.urls import re_path

from integrations.dropins.contract import Dialect, DropIn
from integrations.dropins.opsgenie.doors import (
    Act,
    Alerts,
    Count,
    Heartbeat,
    Logs,
    Notes,
    Nothing,
    OneAlert,
    OneRequest,
)
from integrations.dropins.opsgenie.verbs import VERBS, prepare
from integrations.vendors.opsgenie import opsgenie

_ALERT = r"^v2/alerts/(?P<identifier>.+)"
_WORDS = "|".join(VERBS)

dropin = DropIn(
    "Opsgenie",
    urls=(
        re_path(r"^v2/alerts/?$", Alerts.as_view()),
        re_path(r"^v2/alerts/count/?$", Count.as_view()),
        re_path(r"^v2/alerts/requests/(?P<request_id>[^/]+)/?$", OneRequest.as_view()),
        re_path(r"^v2/alerts/saved-searches(?:/.*)?$", Nothing.as_view()),
        re_path(rf"{_ALERT}/notes/?$", Notes.as_view()),
        re_path(rf"{_ALERT}/logs/?$", Logs.as_view()),
        re_path(rf"{_ALERT}/(?P<word>{_WORDS})/?$", Act.as_view()),
        re_path(rf"{_ALERT}/(?:attachments|recipients|actions)(?:/.*)?$", Nothing.as_view()),
        re_path(r"^v2/alerts/(?P<identifier>.+?)/?$", OneAlert.as_view()),
        re_path(r"^v2/heartbeats/(?P<name>.+)/ping/?$", Heartbeat.as_view()),
        re_path(
            r"^v2/(?:heartbeats|incidents|teams|users|schedules|escalations|account)",
            Nothing.as_view(),
        ),
    ),
    dialects=(
        Dialect("opsgenie", opsgenie),
        Dialect("opsgenie-verb", opsgenie, prepare, may_be_empty=True),
    ),
)
