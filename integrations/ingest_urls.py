"""The doors for machines."""

from django.urls import re_path

from integrations.dropins.addresses import URLS
from integrations.ingest import Ingest
from integrations.outbound.door import Hook
from integrations.pings import ping

urlpatterns = [
    re_path(r"^heartbeats/(?P<key>[0-9a-f]{32})/?$", ping, name="ping"),
    re_path(
        r"^heartbeats/(?P<key>[0-9a-f]{32})/(?P<what>start|fail|log|[0-9]{1,3})/?$",
        ping,
        name="ping-what",
    ),
    re_path(
        r"^integrations/outbound/(?P<key>[0-9a-f]{32})/hook/?$",
        Hook.as_view(),
        name="outbound-hook",
    ),
    re_path(r"^integrations/(?P<key>[^/]+)/?$", Ingest.as_view(), name="ingest"),
    *URLS,
]
