"""The addresses of Alerta's API."""

from django.urls import re_path

from integrations.dropins.alerta.doors import Act, Alerts, Config, Heartbeat, OneAlert, Post

_WORDS = "status|action|tag|untag|attributes|note"

urls = (
    re_path(r"^api/alert/?$", Post.as_view()),
    re_path(r"^api/alerts/?$", Alerts.as_view()),
    re_path(r"^api/alerts/(?P<count>count)/?$", Alerts.as_view()),
    re_path(r"^api/alert/(?P<name>[\w-]{1,40})/?$", OneAlert.as_view()),
    re_path(rf"^api/alert/(?P<name>[\w-]{{1,40}})/(?P<word>{_WORDS})/?$", Act.as_view()),
    re_path(r"^api/heartbeat/?$", Heartbeat.as_view()),
    re_path(r"^api/config/?$", Config.as_view()),
)
