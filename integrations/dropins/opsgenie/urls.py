"""The addresses of Opsgenie's API."""

from django.urls import re_path

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
from integrations.dropins.opsgenie.verbs import VERBS

_ALERT = r"^v2/alerts/(?P<identifier>.+)"
_WORDS = "|".join(VERBS)

urls = (
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
)
