"""Our alerts in Opsgenie's words."""

from datetime import UTC, datetime
from typing import Any

from alerts.models import Alert, AlertEvent
from alerts.states import Severity, Status
from integrations import texts
from integrations.dropins.opsgenie.names import id_of
from integrations.dropins.opsgenie.verbs import VERBS
from integrations.models import EventOutcome, InboundEvent, Integration
from integrations.states import Outcome

PRIORITIES = {
    Severity.CRITICAL: "P1",
    Severity.HIGH: "P2",
    Severity.MEDIUM: "P3",
    Severity.LOW: "P4",
    Severity.INFO: "P5",
}
_DONE = {
    Outcome.CREATED: "Created alert",
    Outcome.SUPPRESSED: "Created alert, held back by maintenance",
    Outcome.APPENDED: "Added to the open alert",
    Outcome.ACKNOWLEDGED: "Acknowledged alert",
    Outcome.RESOLVED: "Closed alert",
    Outcome.CHANGED: "Changed alert",
}


def _at(at: datetime) -> str:
    told = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def alert_fields(alert: Alert, integration: Integration) -> dict[str, Any]:
    """An alert as lists show it."""
    owner, group = alert.assignee, alert.group
    told: dict[str, Any] = {
        "id": id_of(alert.pk),
        "tinyId": str(alert.pk),
        "alias": alert.dedup_key,
        "message": alert.title,
        "status": "closed" if alert.status == Status.RESOLVED else "open",
        "acknowledged": alert.status == Status.ACKNOWLEDGED,
        "isSeen": alert.acknowledged_at is not None,
        "tags": alert.tags,
        "snoozed": alert.snoozed_until is not None,
        "count": alert.event_count,
        "lastOccurredAt": _at(alert.last_event_at),
        "createdAt": _at(alert.opened_at),
        "updatedAt": _at(max(filter(None, _changes(alert)))),
        "source": integration.name,
        "owner": owner.email if owner else "",
        "priority": PRIORITIES[Severity(alert.severity)],
        "responders": [{"type": "team", "id": str(group.pk), "name": group.name}] if group else [],
        "integration": {"id": str(integration.pk), "name": integration.name, "type": "API"},
    }
    if alert.snoozed_until:
        told["snoozedUntil"] = _at(alert.snoozed_until)
    return told


def _changes(alert: Alert) -> tuple[datetime | None, ...]:
    return alert.opened_at, alert.last_event_at, alert.acknowledged_at, alert.resolved_at


def whole_alert(alert: Alert, integration: Integration) -> dict[str, Any]:
    """An alert by itself."""
    details = {name: texts.words(value) for name, value in alert.details.items()}
    return {
        **alert_fields(alert, integration),
        "actions": [],
        "entity": details.get("entity", ""),
        "description": alert.description,
        "details": details,
    }


def note_fields(fact: AlertEvent) -> dict[str, Any]:
    return {
        "note": str(fact.data.get("note", "")),
        "owner": _owner(fact),
        "createdAt": _at(fact.at),
        "offset": str(fact.pk),
    }


def log_fields(fact: AlertEvent) -> dict[str, Any]:
    note = fact.data.get("note")
    said = fact.get_kind_display()
    return {
        "log": f"{said}: {note}" if note else said,
        "type": "system" if fact.actor_id is None else "alertRecipient",
        "owner": _owner(fact),
        "createdAt": _at(fact.at),
        "offset": str(fact.pk),
    }


def _owner(fact: AlertEvent) -> str:
    if fact.actor:
        return str(fact.actor.email)
    return "System" if fact.data.get("via") == "source" else "AlertOps"


def request_fields(event: InboundEvent, integration: Integration) -> dict[str, Any]:
    """What became of a request that has been worked off."""
    first = EventOutcome.objects.filter(event=event).order_by("position").first()
    word = Outcome(first.outcome if first else event.outcome)
    asked = (event.headers.get("address") or {}).get("word", "")
    done = VERBS[asked].done if asked in VERBS else _DONE.get(word, "")
    success = word in _DONE
    told: dict[str, Any] = {
        "success": success,
        "isSuccess": success,
        "action": asked.capitalize() or "Create",
        "processedAt": _at(event.processed_at or event.received_at),
        "integrationId": str(integration.pk),
        "status": done if success else event.detail or "Alert does not exist",
    }
    if first and first.alert_id:
        told |= {"alertId": id_of(first.alert_id), "alias": first.dedup_key or _alias(first)}
    return told


def _alias(outcome: EventOutcome) -> str:
    return outcome.alert.dedup_key if outcome.alert else ""
