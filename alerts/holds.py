"""Maintenance's door to running alerts: hold them back, let them go, close what is not to page.

The end of a hold stands in the alert's own `wake_at`, so that nothing but the engine, which always
looks, is needed to page what still fires. Rows somebody else has locked are left for the next
look, a second later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from alertops import doorbell, prepared
from alerts.bundles import pass_on
from alerts.signals import MARGIN, Hold, held
from alerts.states import Kind
from alerts.timeline import Fact, record

MOST = 2000
"""Alerts looked at in one go."""


@dataclass(slots=True)
class Candidate:
    """An open alert of a source, as maintenance sees it."""

    id: int
    source_id: int
    group_id: int | None
    severity: str
    status: str
    wake: str
    wake_at: datetime
    suppressed: bool
    discard_at: datetime | None
    opened_at: datetime


_COLUMNS = """
SELECT id, source_id, group_id, severity, status, wake, wake_at, suppressed, discard_at, opened_at
FROM alerts_alert
"""
# What a person has just asked to be paged is paged: the engine takes it up at once, and what would
# follow is held back at the next look. What follows another is quiet anyhow, unless that one is
# held back itself: then each follower is held back, or else pages by itself.
_AWAKE = (
    _COLUMNS  # noqa: S608 - both halves are literals of this file
    + """
WHERE wake_at < %s AND source_id IS NOT NULL
    AND (%s OR source_id = ANY(%s::bigint[]) OR group_id = ANY(%s::bigint[]))
    AND NOT (wake IN ('escalate', 'assigned') AND wake_at <= %s)
    AND (wake <> 'attached' OR (SELECT p.suppressed FROM alerts_alert p
        WHERE p.id = alerts_alert.parent_id))
    AND (status = 'triggered' OR acknowledgement_expires)
ORDER BY wake_at, id LIMIT %s
"""
)
_HELD = _COLUMNS + "WHERE suppressed AND wake_at > %s AND id > %s ORDER BY id LIMIT %s"


def awake(
    before: datetime, *, everything: bool, sources: list[int], groups: list[int], now: datetime
) -> list[Candidate]:
    """Return alerts of these sources and groups that would wake somebody before that instant."""
    with prepared.cursor() as cursor:
        cursor.execute(_AWAKE, [before, everything, sources, groups, now, MOST])
        return [Candidate(*row) for row in cursor.fetchall()]


def held_back(after: datetime, last: int = 0) -> list[Candidate]:
    """Return alerts held back until later than `after`, a page that begins after `last`."""
    with prepared.cursor() as cursor:
        cursor.execute(_HELD, [after, last, MOST])
        return [Candidate(*row) for row in cursor.fetchall()]


_LOCK = """
SELECT id, suppressed FROM alerts_alert
WHERE id = ANY(%s::bigint[]) AND status <> 'resolved' ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""
# An alert one person was asked to take is that person's again afterwards, and one that follows
# another follows it still; any other begins anew.
_HOLD = """
UPDATE alerts_alert a
SET wake_at = h.wake_at, suppressed = a.status = 'triggered',
    discard_at = CASE WHEN a.status = 'triggered' THEN h.discard_at END,
    wake = CASE WHEN a.status <> 'triggered' OR a.wake = 'attached' THEN a.wake
        WHEN a.group_id IS NULL OR a.assignee_id IS NOT NULL AND a.wake IN ('assigned', 'resume')
        THEN 'assigned' ELSE 'suppressed' END,
    snoozed_until = NULL,
    epoch = a.epoch + (a.status = 'triggered' AND NOT a.suppressed)::int
FROM jsonb_to_recordset(%s::jsonb)
    AS h(id bigint, wake_at timestamptz, discard_at timestamptz)
WHERE a.id = h.id
"""


@transaction.atomic
def hold(holds: dict[int, Hold], now: datetime) -> int:
    """Hold these alerts back, or move the end of those that are. Returns how many were free.

    What is already on its way to somebody's phone is of an older epoch from here on, and is not
    sent. Of an acknowledged alert only the expiry moves.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_LOCK, [list(holds)])
        locked = cursor.fetchall()
        rows: list[dict[str, Any]] = [
            {
                "id": pk,
                "wake_at": holds[pk].wake_at,
                "discard_at": holds[pk].until if holds[pk].discard else None,
            }
            for pk, _ in locked
        ]
        if rows:
            cursor.execute(_HOLD, [orjson.dumps(rows).decode()])
    status = _triggered([pk for pk, was_held in locked if not was_held])
    record(Fact(pk, Kind.SUPPRESSED, now, None, held(holds[pk])) for pk in status)
    return len(locked)


def _triggered(ids: list[int]) -> list[int]:
    with prepared.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM alerts_alert WHERE id = ANY(%s::bigint[]) AND suppressed ORDER BY id",
            [ids],
        )
        return [row[0] for row in cursor.fetchall()]


@transaction.atomic
def let_go(ids: Sequence[int], now: datetime) -> int:
    """End the hold of these alerts now: the engine pages what still fires."""
    with prepared.cursor() as cursor:
        cursor.execute(_LOCK, [list(ids)])
        free = [pk for pk, suppressed in cursor.fetchall() if suppressed]
        cursor.execute(
            "UPDATE alerts_alert SET wake_at = %s, discard_at = NULL WHERE id = ANY(%s::bigint[])",
            [now, free],
        )
    if free:
        doorbell.ring_on_commit("tick")
    return len(free)


@transaction.atomic
def expire_again(until: datetime, now: datetime) -> int:
    """Acknowledgements whose expiry was moved to the end of a hold `until` get their own back."""
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            UPDATE alerts_alert SET wake_at = %s, acknowledgement_expires = false
            WHERE id = ANY(ARRAY(SELECT id FROM alerts_alert WHERE wake_at IN (%s, %s)
                AND status = 'acknowledged' AND acknowledgement_expires
                ORDER BY id FOR NO KEY UPDATE SKIP LOCKED))
            """,
            [now, until, until + MARGIN],
        )
        return int(cursor.rowcount)


@transaction.atomic
def discard_due(now: datetime) -> list[int]:
    """Close what maintenance was to swallow. Returns what it was."""
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            UPDATE alerts_alert
            SET status = 'resolved', resolved_at = %s, wake_at = NULL, suppressed = false,
                discard_at = NULL, snoozed_until = NULL, epoch = epoch + 1
            WHERE id = ANY(ARRAY(SELECT id FROM alerts_alert WHERE discard_at <= %s
                ORDER BY discard_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
            RETURNING id
            """,
            [now, now, MOST],
        )
        ids = [row[0] for row in cursor.fetchall()]
    record(Fact(pk, Kind.RESOLVED, now, None, {"via": "maintenance"}) for pk in ids)
    pass_on(ids, now)
    return ids
