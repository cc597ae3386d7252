"""The engine's own door to alerts: when to look again, and the few moves only time makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db.models import F

from alertops import prepared
from alerts.models import Alert
from alerts.states import Wake

LOOK_AGAIN = timedelta(minutes=5)
"""How often the engine makes sure that an attached alert still has somebody to follow."""


FARTHEST = timedelta(days=8)
"""Nobody may ask for a longer rest (a snooze lasts a week), except maintenance, which asks itself
every half minute whether it still goes on."""


@dataclass(slots=True)
class DueAlert:
    """A due alert as the engine sees it, locked."""

    id: int
    status: str
    wake: str
    wake_at: datetime
    epoch: int
    severity: str
    group_id: int | None
    assignee_id: int | None
    policy_hint: int | None
    snoozed: bool
    acknowledged_at: datetime | None
    acknowledged_by_id: int | None
    acknowledgement_expires: bool
    leader: str | None = None
    """The status of the alert it follows; "held" while maintenance keeps that one quiet."""


@dataclass(slots=True)
class Rescheduled:
    """What the engine decided about one alert.

    `retrigger`: its acknowledgement timed out; back to triggered, epoch + 1, owned by nobody.
    `disown`: an assignment timed out. `detach`: it follows no other any more. `expires`: this
    acknowledgement will time out at `wake_at`.
    """

    alert_id: int
    wake_at: datetime | None
    wake: Wake = Wake.STEP
    retrigger: bool = False
    disown: bool = False
    expires: bool = False
    detach: bool = False


# Ordered by lateness: whoever waited longest goes first. SKIP LOCKED: what somebody is
# acknowledging right now, or another engine holds, is none of our business.
_CLAIM = """
SELECT id, status, wake, wake_at, epoch, severity, group_id, assignee_id, policy_hint,
       snoozed_until IS NOT NULL, acknowledged_at, acknowledged_by_id, acknowledgement_expires,
       (SELECT CASE WHEN p.suppressed AND p.wake_at > %(now)s THEN 'held' ELSE p.status END
        FROM alerts_alert p WHERE p.id = alerts_alert.parent_id)
FROM alerts_alert
WHERE wake_at <= %(now)s {more}
ORDER BY wake_at LIMIT %(most)s
FOR NO KEY UPDATE SKIP LOCKED
"""


def claim_due(now: datetime, most: int, *, only: int | None = None) -> list[DueAlert]:
    """Lock up to `most` due alerts for the rest of the caller's transaction."""
    sql = _CLAIM.format(more="AND id = %(only)s" if only is not None else "")
    params: dict[str, Any] = {"now": now, "most": most}
    if only is not None:
        params["only"] = only
    with prepared.cursor() as cursor:
        cursor.execute(sql, params)
        return [DueAlert(*row) for row in cursor.fetchall()]


def next_wake(after: datetime) -> datetime | None:
    """The earliest instant any alert wants to be looked at; None when none does."""
    with prepared.cursor() as cursor:
        cursor.execute("SELECT min(wake_at) FROM alerts_alert WHERE wake_at IS NOT NULL")
        row = cursor.fetchone()
    earliest: datetime | None = row[0] if row else None
    return max(earliest, after) if earliest else None


def is_behind(now: datetime, *, by: timedelta, most: int) -> bool:
    """Whether more than `most` alerts have been due for longer than `by`."""
    with prepared.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM"
            " (SELECT 1 FROM alerts_alert WHERE wake_at <= %s ORDER BY wake_at LIMIT %s) AS late",
            [now - by, most + 1],
        )
        row = cursor.fetchone()
    return bool(row and row[0] > most)


_BRING_BACK = """
UPDATE alerts_alert SET wake_at = %s
WHERE id = ANY(ARRAY(SELECT id FROM alerts_alert
    WHERE wake_at > %s AND status = 'triggered' AND NOT suppressed
    ORDER BY wake_at LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED))
RETURNING id
"""


def bring_back(now: datetime) -> list[int]:
    """Let the engine look now at alerts that would wake up later than anything lets them."""
    with prepared.cursor() as cursor:
        cursor.execute(_BRING_BACK, [now, now + FARTHEST])
        return [row[0] for row in cursor.fetchall()]


def bring_nearer(by: timedelta, now: datetime) -> None:
    """Let everything wait for `by` less: the clock was set back. Maintenance goes by the clocks on
    the wall, and asks itself whether it still goes on."""
    Alert.objects.filter(wake_at__gt=now, suppressed=False).update(
        wake_at=F("wake_at") - by, snoozed_until=F("snoozed_until") - by
    )


_RESCHEDULE = """
UPDATE alerts_alert a
SET wake_at = r.wake_at, wake = r.wake, snoozed_until = NULL, suppressed = false,
    discard_at = NULL, acknowledgement_expires = r.expires,
    assignee_id = CASE WHEN (r.retrigger OR r.disown) AND a.group_id IS NOT NULL THEN NULL
                       ELSE a.assignee_id END,
    status = CASE WHEN r.retrigger THEN 'triggered' ELSE a.status END,
    acknowledged_at = CASE WHEN r.retrigger THEN NULL ELSE a.acknowledged_at END,
    acknowledged_by_id = CASE WHEN r.retrigger THEN NULL ELSE a.acknowledged_by_id END,
    epoch = a.epoch + r.retrigger::int,
    parent_id = CASE WHEN r.detach THEN NULL ELSE a.parent_id END
FROM jsonb_to_recordset(%s::jsonb) AS r(alert_id bigint, wake_at timestamptz, wake text,
    retrigger boolean, disown boolean, expires boolean, detach boolean)
WHERE a.id = r.alert_id
"""


def reschedule(rows: Sequence[Rescheduled]) -> None:
    """Store what the engine decided about alerts it has locked."""
    if rows:
        with prepared.cursor() as cursor:
            cursor.execute(_RESCHEDULE, [orjson.dumps(rows).decode()])
