"""The queue of outbound messages: claimed with a lease, in order for each alert, settled once.

A crash in the middle gives the message back when its lease ends (`leases`), so it may arrive twice
and never not at all. A message waits for every earlier one of the same alert and connection; a
connection that fails is left alone for a while and then asked with one message at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q

from integrations.models import (
    OutboundAttempt,
    OutboundConnection,
    OutboundLink,
    OutboundMessage,
    OutboundSecret,
)
from integrations.outbound.delivery import Claimed, Result
from integrations.outbound.leases import LEASE
from integrations.outbound.states import (
    LONGEST_ASKED,
    MANY,
    OFF,
    UNFINISHED,
    Progress,
    pause,
    rest,
)

AT_ONCE = 4
"""Messages one connection is sent at the same time."""
TROUBLED = 3
"""Failures in a row after which a connection is asked with one message at a time."""
CUT_OFF = "Whoever sent this was cut off; it may have arrived."

_CLAIM = """
UPDATE integrations_outboundmessage m
SET state = 'sending', next_try_at = %(lease)s, attempts = m.attempts + 1
FROM unnest(%(connections)s::bigint[], %(slots)s::int[]) AS c(id, slots),
LATERAL (
    SELECT waiting.id, waiting.state FROM integrations_outboundmessage waiting
    WHERE waiting.connection_id = c.id AND waiting.state IN ('queued', 'sending')
        AND waiting.next_try_at <= %(now)s
        AND NOT EXISTS (
            SELECT FROM integrations_outboundmessage earlier
            WHERE earlier.connection_id = waiting.connection_id
                AND earlier.alert_id = waiting.alert_id
                AND earlier.event < waiting.event AND earlier.state IN ('queued', 'sending'))
    ORDER BY waiting.next_try_at, waiting.id LIMIT c.slots
) AS head
WHERE m.id = head.id AND m.state IN ('queued', 'sending') AND m.next_try_at <= %(now)s
RETURNING m.id, head.state
"""
_RENEW = """
UPDATE integrations_outboundmessage m SET next_try_at = %(lease)s
FROM unnest(%(ids)s::bigint[], %(attempts)s::int[]) AS held(id, attempts)
WHERE m.id = held.id AND m.attempts = held.attempts AND m.state = 'sending'
RETURNING m.id, m.attempts
"""


def open_connections(now: datetime) -> list[OutboundConnection]:
    """Those that may be sent something now, the healthy ones first."""
    rows = OutboundConnection.objects.filter(is_active=True)
    rows = rows.filter(Q(off_until__isnull=True) | Q(off_until__lte=now))
    rows = rows.filter(Q(rest_until__isnull=True) | Q(rest_until__lte=now))
    return [row for row in rows.order_by("failures", "pk") if row.is_known]


@transaction.atomic
def claim(slots: Mapping[int, int], now: datetime) -> list[Claimed]:
    """Lease what is due, so many messages of each connection at most. One whose sender was lost
    says so in its log."""
    if not slots:
        return []
    values: dict[str, list[int] | datetime] = {
        "connections": list(slots),
        "slots": list(slots.values()),
        "now": now,
        "lease": now + LEASE,
    }
    with connection.cursor() as db:
        db.execute(_CLAIM, values)
        states: dict[int, str] = dict(db.fetchall())
    OutboundAttempt.objects.bulk_create(
        OutboundAttempt(message_id=pk, at=now, milliseconds=0, error=CUT_OFF)
        for pk, state in states.items()
        if state == Progress.SENDING
    )
    return _loaded(list(states), now) if states else []


def renew(held: Iterable[tuple[int, int]], now: datetime) -> set[tuple[int, int]]:
    """Lease anew what is still ours, by id and attempt; returns what was."""
    pairs = list(held)
    if not pairs:
        return set()
    values: dict[str, list[int] | datetime] = {
        "ids": [pk for pk, _ in pairs],
        "attempts": [attempts for _, attempts in pairs],
        "lease": now + LEASE,
    }
    with connection.cursor() as db:
        db.execute(_RENEW, values)
        return set(db.fetchall())


def _loaded(ids: list[int], now: datetime) -> list[Claimed]:
    rows = OutboundMessage.objects.filter(pk__in=ids).select_related("connection").order_by("pk")
    messages = list(rows)
    secrets: dict[int, list[str]] = {}
    valid = Q(valid_until__isnull=True) | Q(valid_until__gt=now)
    theirs = {message.connection_id for message in messages}
    for secret in OutboundSecret.objects.filter(valid, connection__in=theirs).order_by("-pk"):
        secrets.setdefault(secret.connection_id, []).append(secret.value)
    alerts = {message.alert_id for message in messages if message.alert_id}
    links = OutboundLink.objects.filter(connection__in=theirs, alert__in=alerts)
    references = {(link.connection_id, link.alert_id): link.reference for link in links}
    return [
        Claimed(
            message.pk,
            message.connection_id,
            message.attempts,
            message.connection.kind,
            message.connection.settings,
            tuple(secrets.get(message.connection_id, [])),
            references.get((message.connection_id, message.alert_id or 0), ""),
            message.told,
            message.connection.is_readable,
        )
        for message in messages
    ]


def settle(result: Result, now: datetime) -> None:
    """Write down what an attempt came to; one that lost its lease says it in the log only."""
    with transaction.atomic():
        rows = OutboundMessage.objects.select_for_update().filter(pk=result.message_id)
        message = rows.first()
        if message is None:
            return  # its connection is gone
        link = OutboundConnection.objects.select_for_update().get(pk=message.connection_id)
        _note(result, now)
        if message.state != Progress.SENDING or message.attempts != result.attempts:
            return
        state = result.state
        if state == Progress.QUEUED and now >= message.give_up_at:
            state = Progress.FAILED
        if state == Progress.QUEUED:
            _put_back(message, link, result, now)
        else:
            _finish(message, state, now)
            _judge(link, state, result, now)
        if result.reference and message.alert_id:
            OutboundLink.objects.update_or_create(
                connection=link,
                alert_id=message.alert_id,
                defaults={
                    "reference": result.reference,
                    "name": result.place.name,
                    "url": result.place.url,
                },
            )


def _note(result: Result, now: datetime) -> None:
    if result.state in {Progress.SKIPPED, Progress.KEPT}:
        return
    OutboundAttempt.objects.create(
        message_id=result.message_id,
        at=now,
        milliseconds=result.milliseconds,
        status=result.status,
        error=result.error[:300],
        answer=result.answer,
    )


def _put_back(
    message: OutboundMessage, link: OutboundConnection, result: Result, now: datetime
) -> None:
    """Later; and what follows it of the same alert is not looked at before."""
    asked = timedelta(seconds=result.retry_after or 0.0)
    at = now + max(pause(message.attempts), min(asked, LONGEST_ASKED))
    at = max(min(at, message.give_up_at), now + timedelta(seconds=1))
    message.state, message.next_try_at = Progress.QUEUED, at
    message.save(update_fields=["state", "next_try_at"])
    if message.alert_id:
        OutboundMessage.objects.filter(
            connection=link, alert=message.alert_id, state=Progress.QUEUED, next_try_at__lt=at
        ).update(next_try_at=at)
    if result.fault:
        link.failures += 1
        until = now + max(rest(link.failures), min(asked, LONGEST_ASKED))
        link.rest_until = max(link.rest_until or until, until)
        link.save(update_fields=["failures", "rest_until"])


def _finish(message: OutboundMessage, state: Progress, now: datetime) -> None:
    """Over; and the next of the same alert is due at once."""
    message.state, message.next_try_at, message.finished_at = state, None, now
    message.save(update_fields=["state", "next_try_at", "finished_at"])
    if message.alert_id:
        following = OutboundMessage.objects.filter(
            connection=message.connection_id, alert=message.alert_id, state__in=UNFINISHED
        ).order_by("event")
        if (first := following.first()) and first.state == Progress.QUEUED:
            OutboundMessage.objects.filter(pk=first.pk).update(next_try_at=now)


def _judge(link: OutboundConnection, state: Progress, result: Result, now: datetime) -> None:
    if state == Progress.SENT:
        link.gave_up = link.failures = 0
        link.rest_until = link.off_until = None
        link.off_reason, link.last_sent_at = "", now
    elif state == Progress.FAILED:
        link.gave_up += 1
        if link.gave_up >= MANY:
            link.gave_up, link.failures, link.rest_until = 0, 0, None
            link.off_until, link.off_reason = now + OFF, result.error[:300]
            link.owners_due = True
    link.save(
        update_fields=[
            "gave_up", "failures", "rest_until", "off_until", "off_reason", "last_sent_at",
            "owners_due",
        ]
    )  # fmt: skip
