"""Grafana OnCall's webhook addresses: `/integrations/v1/<type>/<token>/`, the token being a key.

The type says how to read the body, whatever kind the integration is of; a type that is only a
webhook is read as the integration says, mapping included. OnCall's types Zabbix, PRTG and
ElastAlert take its formatted webhook, written by scripts of its own, and not what those tools send
themselves: a body in that format is read as such whatever the type.

https://grafana.com/docs/oncall/latest/integrations/zabbix/
https://grafana.com/docs/oncall/latest/integrations/prtg/
"""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from integrations.dropins.contract import Dialect
from integrations.dropins.door import DropInDoor, reader
from integrations.ingest import Ingest, error
from integrations.mapping import Pick, Vendor
from integrations.vendors import VENDORS
from integrations.vendors.oncall import oncall

# Their types and our kinds, where the names differ.
_TYPES = {
    "formatted_webhook": "oncall",
    "grafana_alerting": "grafana",
    "legacy_grafana_alerting": "grafana",
    "legacy_alertmanager": "alertmanager",
    "stackdriver": "googlecloud",
    "amazon_sns": "cloudwatch",
    "webhook": "",
    "curler": "",
    "inbound_email": "",
    "direct_paging": "",
    "manual": "",
}
_FORMAT = frozenset(
    ("alert_uid", "title", "message", "state", "image_url", "link_to_upstream_details")
)


def dialect_of(kind: str) -> str:
    """Return the dialect of a type; "" where the integration's own kind decides."""
    name = _TYPES.get(kind.lower(), kind.lower())
    return _named(name) if name in VENDORS else ""


def _named(kind: str) -> str:
    return f"oncall-{kind}"


def _is_formatted(item: Any) -> bool:
    """The scripts leave `alert_uid` out where nothing tells alerts apart."""
    if not isinstance(item, dict):
        return False
    return "alert_uid" in item or ({"title", "state"} <= item.keys() <= _FORMAT)


def _also_formatted(vendor: Vendor) -> Vendor:
    """A tool's own words, unless OnCall's are spoken."""

    def either(formatted: Pick, own: Pick) -> Pick:
        return lambda item, top: (formatted if _is_formatted(item) else own)(item, top)

    return replace(
        vendor,
        title=either(oncall.title, vendor.title),
        action=either(oncall.action, vendor.action),
        dedup_key=either(oncall.dedup_key, vendor.dedup_key),
        severity=either(oncall.severity, vendor.severity),
        description=either(oncall.description, vendor.description),
        details=either(oncall.details, vendor.details),
        links=(*oncall.links, *vendor.links),
    )


@extend_schema(exclude=True)
class Webhook(Ingest):
    def post(self, request: Request, key: str, dialect: str = "") -> HttpResponse:
        kept = super().post(request, key, dialect_of(dialect))
        if kept.status_code == 404:
            return error(403, "Integration key was not found. Permission denied.")
        if kept.status_code != 202:
            return kept
        return HttpResponse('"Ok."', content_type="application/json")


class Heartbeat(DropInDoor):
    """OnCall's heartbeats belong to an integration; ours have addresses of their own."""

    http_method_names = ("get", "post")
    unknown_key = 403

    def get(self, request: Request, key: str, dialect: str) -> HttpResponse:
        reader(key)
        return error(404, "Make a heartbeat under Integrations and ping its own address instead.")

    post = get


urls = (
    re_path(
        r"^integrations/v1/(?P<dialect>[\w-]{1,60})/(?P<key>[^/]+)/heartbeat/?$",
        Heartbeat.as_view(),
    ),
    re_path(r"^integrations/v1/(?P<dialect>[\w-]{1,60})/(?P<key>[^/]+)/?$", Webhook.as_view()),
)
dialects = tuple(Dialect(_named(kind), _also_formatted(vendor)) for kind, vendor in VENDORS.items())
