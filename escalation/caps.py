"""How much one person can be sent in a quarter of an hour (reliability R10).

Throttled is not dropped: the first message over the cap becomes a summary of the rest, the rest
waits in the outbox and is checked again. The first page of a quiet person is never held back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.channels import CHANNELS
from alertops import prepared
from escalation.outbox import Claimed

WINDOW = timedelta(minutes=15)
REST = timedelta(seconds=60)
_SKEW = timedelta(minutes=1)

Over = list[tuple[Claimed, datetime]]


def split(claimed: Sequence[Claimed], now: datetime) -> tuple[list[Claimed], Over]:
    """Part a batch into what may leave now and what waits, with the time to look again."""
    capped = [one for one in claimed if one.user_id is not None and _cap(one.channel)]
    if not capped:
        return list(claimed), []
    sent = _sent({one.user_id or 0 for one in capped}, {one.channel for one in capped}, now)
    may: list[Claimed] = []
    over: Over = []
    summaries: dict[tuple[int, str], Claimed] = {}
    waiting: Counter[tuple[int, str]] = Counter()
    for one in claimed:
        cap, key = _cap(one.channel), (one.user_id or 0, one.channel)
        sent[key] += 1
        if not cap or one.user_id is None or sent[key] <= cap:
            may.append(one)
        elif sent[key] == cap + 1:
            summaries[key] = one
            may.append(one)
        else:
            over.append((one, now + REST))
            waiting[key] += 1
    for key, one in summaries.items():
        one.bundled = waiting[key]
    return may, over


def _cap(channel: str) -> int:
    return CHANNELS[channel].cap_per_quarter if channel in CHANNELS else 0


def _sent(
    user_ids: set[int], channels: set[str], now: datetime
) -> defaultdict[tuple[int, str], int]:
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            SELECT user_id, channel, count(*) FROM escalation_notification
            WHERE user_id = ANY(%s::bigint[]) AND channel = ANY(%s)
                AND accepted_at > %s AND accepted_at <= %s -- not of before a clock was set back
            GROUP BY user_id, channel
            """,
            [list(user_ids), list(channels), now - WINDOW, now + _SKEW],
        )
        found: defaultdict[tuple[int, str], int] = defaultdict(int)
        for user_id, channel, count in cursor.fetchall():
            found[user_id, channel] = count
        return found


_HOLD_BACK = """
WITH late AS (
    SELECT n.id, k.due_at FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])
        AS k(user_id, channel, due_at)
    JOIN escalation_notification n ON n.user_id = k.user_id AND n.channel = k.channel
        AND n.accepted_at IS NULL AND n.state = 'pending' AND n.due_at <= %s
    FOR UPDATE OF n SKIP LOCKED
)
UPDATE escalation_notification n
SET due_at = late.due_at, first_tried_at = coalesce(n.first_tried_at, %s)
FROM late WHERE n.id = late.id
RETURNING n.alert_id, n.user_id, n.channel, n.first_tried_at
"""


def hold_back(over: Over, now: datetime) -> list[tuple[int, int, str]]:
    """Let all that waits for the same people on the same channels wait as long as `over` does.

    One by one they would stand in the way of everybody else's pages. Returns (alert, person,
    channel) of what waits for the first time.
    """
    until = {(one.user_id or 0, one.channel): due for one, due in over}
    users, channels = [user for user, _ in until], [channel for _, channel in until]
    with prepared.cursor() as cursor:
        cursor.execute(_HOLD_BACK, [users, channels, list(until.values()), now, now])
        return [(row[0], row[1], row[2]) for row in cursor.fetchall() if row[3] == now]
