"""Our alerts in Alerta's words, and its filters in ours."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q

from alertops import clock
from alerts.models import Alert
from alerts.states import Severity, Status
from integrations import texts
from integrations.models import Integration

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "major",
    Severity.MEDIUM: "warning",
    Severity.LOW: "minor",
    Severity.INFO: "informational",
}
_STATUSES = {
    Status.TRIGGERED: "open",
    Status.ACKNOWLEDGED: "ack",
    Status.RESOLVED: "closed",
}


def posted(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What was just sent, as Alerta would tell it back."""
    now = instant(clock.now())
    told: dict[str, Any] = {"id": name, "status": "open", "duplicateCount": 0, "repeat": False}
    for field, empty in (("correlate", []), ("service", []), ("tags", []), ("attributes", {})):
        given = fields.get(field)
        told[field] = texts.tame(given) if isinstance(given, type(empty)) else empty
    for field in ("resource", "event", "environment", "severity", "group", "value", "text"):
        told[field] = texts.words(fields.get(field))
    told |= {"createTime": now, "receiveTime": now, "lastReceiveTime": now, "history": []}
    return told


def told_of(alert: Alert, integration: Integration) -> dict[str, Any]:
    """An alert of ours in Alerta's words."""
    details = dict(alert.details)
    known = {name: details.pop(name, None) for name in _KNOWN}
    snoozed = alert.snoozed_until is not None
    service, correlate = known["service"], known["correlate"]
    return {
        "id": str(alert.pk),
        "resource": texts.words(known["resource"]) or integration.name,
        "event": texts.words(known["event"]) or alert.title,
        "environment": texts.words(known["environment"]) or "Production",
        "severity": SEVERITIES[Severity(alert.severity)],
        "correlate": correlate if isinstance(correlate, list) else [],
        "status": "shelved" if snoozed else _STATUSES[Status(alert.status)],
        "service": service if isinstance(service, list) else [],
        "group": texts.words(known["group"]) or "Misc",
        "value": texts.words(known["value"]),
        "text": alert.description or alert.title,
        "tags": alert.tags,
        "attributes": {re.sub(r"[.$]", "_", name): value for name, value in details.items()},
        "origin": texts.words(known["origin"]) or integration.name,
        "type": texts.words(known["type"]) or "exceptionAlert",
        "createTime": instant(alert.opened_at),
        "receiveTime": instant(alert.opened_at),
        "lastReceiveTime": instant(alert.last_event_at),
        "lastReceiveId": str(alert.pk),
        "duplicateCount": alert.event_count - 1,
        "repeat": alert.event_count > 1,
        "history": [],
    }


_KNOWN = (
    "resource", "event", "environment", "service", "group", "value", "origin", "type", "correlate",
)  # fmt: skip


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _status(value: str) -> Q:
    ours = next((status for status, theirs in _STATUSES.items() if theirs == value.lower()), "")
    return Q(snoozed_until__isnull=False) if value.lower() == "shelved" else Q(status=ours)


def _severity(value: str) -> Q:
    return Q(severity__in=[ours for ours, theirs in SEVERITIES.items() if theirs == value.lower()])


def _id(value: str) -> Q:
    return (
        Q(pk=int(value)) if value.isascii() and value.isdecimal() and len(value) < 19 else Q(pk=0)
    )


def _detail(name: str) -> Callable[[str], Q]:
    return lambda value: Q(**{f"details__{name}": value})


FILTERS: dict[str, Callable[[str], Q]] = {
    "id": _id,
    "status": _status,
    "severity": _severity,
    "tags": lambda value: Q(tags__contains=[value]),
    "service": lambda value: Q(details__service__contains=[value]),
    **{name: _detail(name) for name in ("resource", "event", "environment", "group", "origin")},
}
