"""The timeline read once: every event a connection wants becomes one message.

Events are numbered when they are written and seen when they are committed, so a lower number may
appear after a higher one. What is missing between the numbers seen is remembered as a gap and asked
for again until the transaction that could bring it is surely over. An event that is read twice
makes one message, because the constraint says so. Nothing here writes where paging writes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from alerts import wakes
from alerts.models import AlertEvent
from alerts.states import Kind
from integrations.models import OutboundConnection, OutboundCursor, OutboundMessage
from integrations.outbound.states import GIVE_UP
from integrations.outbound.wording import news_of

logger = logging.getLogger(__name__)

MOST = 500
"""Events read at a look."""
_BEHIND = timedelta(seconds=1)
FEW = 50
"""Events read a second while the engine is behind: it goes first."""
SURE = 60.0
"""Seconds a gap is watched at least: a number is taken a moment before its transaction has one."""
ECHO = "outbound:"
"""How what came in through a connection's hook is marked: outbound:<connection>."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one connection wants to hear."""

    connection_id: int
    events: frozenset[str]
    told_from: int
    group_id: int | None
    sources: frozenset[int]
    hears_itself: frozenset[str]

    def wants(self, event: AlertEvent, told: Set[tuple[int, int]]) -> bool:
        """`told`: connection and alert, where it was told of one that may be another group's by
        now: its end ends what was opened over there."""
        alert = event.alert
        return (
            event.kind in self.events
            and event.pk > self.told_from
            and (
                self.group_id in (None, alert.group_id)
                or (event.kind == Kind.RESOLVED and (self.connection_id, alert.pk) in told)
            )
            and (not self.sources or alert.source_id in self.sources)
            and (
                event.kind in self.hears_itself
                or event.data.get("via") != f"{ECHO}{self.connection_id}"
            )
        )


def last_event() -> int:
    """The number of the newest event: what was before is no news for a new connection."""
    return AlertEvent.objects.aggregate(last=Max("pk"))["last"] or 0


def read(now: datetime) -> bool:
    """Write down the messages of what happened since the last look. True: there is more.

    Costs one query where no connection is active.
    """
    wishes = _wishes()
    return bool(wishes) and _read(wishes, now)


@transaction.atomic
def _read(wishes: list[_Wish], now: datetime) -> bool:
    OutboundCursor.objects.get_or_create(pk=1)
    cursor = OutboundCursor.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if cursor is None:
        return False  # somebody else reads
    cursor.read_to = max(cursor.read_to, min(wish.told_from for wish in wishes))
    oldest = _snapshot()[0]
    steps_back = wakes.is_behind(now, by=_BEHIND, most=1)
    seen, more = _unread(cursor, FEW if steps_back else MOST)
    late = _late(cursor)
    if not seen and not late and not cursor.gaps:
        return False
    _write(wishes, [*late, *seen], now)
    _advance(cursor, seen, late, oldest, now.timestamp())
    return more and not steps_back


def _wishes() -> list[_Wish]:
    rows = OutboundConnection.objects.filter(is_active=True).prefetch_related("integrations")
    return [
        _Wish(
            row.pk,
            frozenset(row.events),
            row.told_from,
            row.group_id,
            frozenset(each.pk for each in row.integrations.all()),
            row.kind.hears_itself,
        )
        for row in rows
        if row.is_known
    ]


def _unread(cursor: OutboundCursor, most: int) -> tuple[list[int], bool]:
    rows = AlertEvent.objects.filter(pk__gt=cursor.read_to).order_by("pk")
    seen = list(rows.values_list("pk", flat=True)[:most])
    return seen, len(seen) == most


def _late(cursor: OutboundCursor) -> list[int]:
    """Numbers that were missing and have come."""
    if not cursor.gaps:
        return []
    with connection.cursor() as db:
        db.execute(
            "SELECT e.id FROM unnest(%s::bigint[], %s::bigint[]) AS gap(first, last)"
            " JOIN alerts_alertevent e ON e.id BETWEEN gap.first AND gap.last ORDER BY e.id",
            [[gap[0] for gap in cursor.gaps], [gap[1] for gap in cursor.gaps]],
        )
        return [row[0] for row in db.fetchall()]


def _write(wishes: list[_Wish], ids: list[int], now: datetime) -> None:
    kinds = frozenset().union(*(wish.events for wish in wishes))
    rows = AlertEvent.objects.filter(pk__in=ids, kind__in=kinds, alert_id__gt=0)
    rows = rows.select_related("actor", "alert", "alert__group", "alert__source", "alert__assignee")
    events = {event.pk: event for event in rows.order_by("pk")}
    told = _told(wishes, events.values())
    wanted = [
        (wish.connection_id, event)
        for event in events.values()
        for wish in wishes
        if wish.wants(event, told)
    ]
    if not wanted:
        return
    news = news_of(list({event.pk: event for _, event in wanted}.values()))
    OutboundMessage.objects.bulk_create(
        (
            OutboundMessage(
                connection_id=connection_id,
                alert_id=event.alert_id,
                event=event.pk,
                kind=event.kind,
                news=news[event.pk].to_dict(),
                next_try_at=now,
                give_up_at=now + GIVE_UP,
                created_at=now,
            )
            for connection_id, event in wanted
        ),
        ignore_conflicts=True,
    )


def _told(wishes: Iterable[_Wish], events: Iterable[AlertEvent]) -> set[tuple[int, int]]:
    """Who of those that hear of one group was told of which of these alerts that are over."""
    some = [wish.connection_id for wish in wishes if wish.group_id is not None]
    over = {event.alert_id for event in events if event.kind == Kind.RESOLVED}
    if not some or not over:
        return set()
    rows = OutboundMessage.objects.filter(connection__in=some, alert__in=over)
    return set(rows.values_list("connection_id", "alert_id").distinct())


def _advance(
    cursor: OutboundCursor, seen: list[int], late: list[int], oldest: int, at: float
) -> None:
    newest = _snapshot()[1]
    kept = [
        gap
        for first, last, number, since in cursor.gaps
        for gap in _without(first, last, number, since, late)
        if not (number <= oldest and at - since >= SURE)
    ]
    for before, after in zip([cursor.read_to, *seen], seen, strict=False):
        if after > before + 1:
            kept.append([before + 1, after - 1, newest, at])
    if seen or kept != cursor.gaps:
        cursor.read_to = seen[-1] if seen else cursor.read_to
        cursor.gaps = kept
        cursor.save(update_fields=["read_to", "gaps"])


def _without(
    first: int, last: int, number: int, since: float, found: Iterable[int]
) -> Iterable[list[Any]]:
    """What is left of a gap when these numbers have come."""
    for each in (*(pk for pk in found if first <= pk <= last), last + 1):
        if each > first:
            yield [first, each - 1, number, since]
        first = each + 1


def _snapshot() -> tuple[int, int]:
    """The oldest transaction that still runs, and the number the next one gets."""
    with connection.cursor() as db:
        db.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint"
            " FROM pg_current_snapshot() AS s"
        )
        row = db.fetchone()
    return int(row[0]), int(row[1])
