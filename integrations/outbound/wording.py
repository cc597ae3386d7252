"""Timeline facts as news: the same words that people read, frozen with the alert as it was."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from django.conf import settings
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from alerts.models import Alert, AlertEvent
from alerts.states import Kind, Status
from alerts.story import Entry, entries
from integrations.models import Service
from integrations.outbound.contract import AlertFacts, News

_STATUS = {
    Kind.OPENED: Status.TRIGGERED,
    Kind.ACKNOWLEDGED: Status.ACKNOWLEDGED,
    Kind.UNACKNOWLEDGED: Status.TRIGGERED,
    Kind.ACKNOWLEDGEMENT_EXPIRED: Status.TRIGGERED,
    Kind.ASSIGNED: Status.TRIGGERED,
    Kind.ESCALATED: Status.TRIGGERED,
    Kind.SNOOZED: Status.TRIGGERED,
    Kind.RESOLVED: Status.RESOLVED,
}
"""What an event left the alert as: it may have moved on before the event was read."""
_BODY = re.compile(r'<div class="timeline-body">(.*)</div>', re.DOTALL)
_NOTE = re.compile(r"<blockquote>.*?</blockquote>", re.DOTALL)
_DETAIL = re.compile(r'<span class="detail">')
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"\s+")


def news_of(events: Sequence[AlertEvent]) -> dict[int, News]:
    """Make the news of these events, by their number; a fixed number of queries.

    Their alerts with group, source and assignee, and their actors, are loaded already.
    """
    services = _services({event.alert.source_id for event in events if event.alert.source_id})
    with timezone.override("UTC"):
        return {entry.event.pk: _news(entry, services) for entry in entries(list(events))}


def _news(entry: Entry, services: dict[int, list[Service]]) -> News:
    event = entry.event
    return News(
        id=f"{event.alert_id}-{event.pk}",
        kind=event.kind,
        at=event.at,
        alert=_facts(event, services.get(event.alert.source_id or 0, [])),
        who=_who(event),
        words=words(entry),
        note=str(event.data.get("note", "")),
    )


def _facts(event: AlertEvent, services: list[Service]) -> AlertFacts:
    alert = event.alert
    status = _STATUS.get(Kind(event.kind), alert.status) if event.kind in Kind else alert.status
    return AlertFacts(
        number=alert.pk,
        title=alert.title,
        severity=alert.severity,
        status=str(status),
        url=settings.PUBLIC_URL + alert.get_absolute_url(),
        description=alert.description,
        group=alert.group.name if alert.group else "",
        source=alert.source.name if alert.source else "",
        service=", ".join(service.name for service in services),
        runbook=next((service.runbook for service in services if service.runbook), ""),
        assignee=alert.assignee.name if alert.assignee else "",
        dedup_key=alert.dedup_key,
        opened_at=alert.opened_at.isoformat(),
        acknowledged_at=alert.acknowledged_at.isoformat() if alert.acknowledged_at else "",
        resolved_at=alert.resolved_at.isoformat() if alert.resolved_at else "",
        tags=tuple(alert.tags),
        links=_links(alert),
        details=alert.details if isinstance(alert.details, dict) else {},
    )


def _links(alert: Alert) -> tuple[dict[str, str], ...]:
    links = alert.links if isinstance(alert.links, list) else []
    return tuple(
        {"href": str(link.get("href", "")), "text": str(link.get("text", ""))}
        for link in links
        if isinstance(link, dict)
    )


def _who(event: AlertEvent) -> str:
    if event.actor is not None:
        return event.actor.name
    if by := event.data.get("by"):
        return str(by)
    is_theirs = event.data.get("via") == "source" or event.kind == Kind.OPENED
    return event.alert.source.name if is_theirs and event.alert.source else ""


def words(entry: Entry) -> str:
    """The timeline's sentence as plain text, without the note."""
    context = {"entry": entry, "alert": entry.event.alert, "now": entry.event.at}
    found = _BODY.search(render_to_string(entry.templates, context))
    text = _NOTE.sub("", found.group(1) if found else entry.event.get_kind_display())
    text = _TAG.sub("", _DETAIL.sub(". ", text))
    text = _SPACE.sub(" ", html.unescape(text)).strip().replace(" .", ".").replace("..", ".")
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _services(sources: set[int]) -> dict[int, list[Service]]:
    """The technical services each source belongs to, in one query."""
    found: dict[int, list[Service]] = {}
    if sources:
        rows = Service.objects.filter(integrations__in=sources).order_by("name")
        for service in rows.annotate(source=F("integrations")):
            found.setdefault(service.source, []).append(service)
    return found
