"""How much one person can be sent in a quarter of an hour (reliability R10).

Throttled is not dropped: the first message over the cap becomes a summary of the rest, the rest
waits in the outbox and is checked again. The first page from a group that was quiet is never held
back: what is noisy in one must not hide what has just begun in another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.channels import CHANNELS
from alertops import prepared
from escalation.outbox import Claimed

WINDOW = timedelta(minutes=15)
REST = timedelta(seconds=60)
_SKEW = timedelta(minutes=1)

Over = list[tuple[Claimed, datetime]]


@dataclass(slots=True)
class _Had:
    """What a person was sent on a channel in a quarter of an hour."""

    count: int = 0
    groups: set[int | None] = field(default_factory=set)


def split(claimed: Sequence[Claimed], now: datetime) -> tuple[list[Claimed], Over]:
    """Part a batch into what may leave now and what waits, with the time to look again."""
    capped = [one for one in claimed if one.user_id is not None and _cap(one.channel)]
    if not capped:
        return list(claimed), []
    had = _had({one.user_id or 0 for one in capped}, {one.channel for one in capped}, now)
    may: list[Claimed] = []
    over: Over = []
    summaries: dict[tuple[int, str], Claimed] = {}
    waiting: Counter[tuple[int, str]] = Counter()
    for one in claimed:
        cap, key = _cap(one.channel), (one.user_id or 0, one.channel)
        if not cap or one.user_id is None:
            may.append(one)
            continue
        is_news = one.group_id not in had[key].groups
        if had[key].count > cap and not is_news:
            over.append((one, now + REST))
            waiting[key] += 1
            continue
        may.append(one)
        had[key].count += 1
        had[key].groups.add(one.group_id)
        if had[key].count > cap:
            summaries[key] = one
    for key, one in summaries.items():
        one.bundled = waiting[key]
    return may, over


def _cap(channel: str) -> int:
    return CHANNELS[channel].cap_per_quarter if channel in CHANNELS else 0


def _had(
    user_ids: set[int], channels: set[str], now: datetime
) -> defaultdict[tuple[int, str], _Had]:
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            SELECT n.user_id, n.channel, count(*), array_agg(DISTINCT a.group_id)
            FROM escalation_notification n JOIN alerts_alert a ON a.id = n.alert_id
            WHERE n.user_id = ANY(%s::bigint[]) AND n.channel = ANY(%s)
                -- not of before a clock was set back
                AND n.accepted_at > %s AND n.accepted_at <= %s
            GROUP BY n.user_id, n.channel
            """,
            [list(user_ids), list(channels), now - WINDOW, now + _SKEW],
        )
        found: defaultdict[tuple[int, str], _Had] = defaultdict(_Had)
        for user_id, channel, count, groups in cursor.fetchall():
            found[user_id, channel] = _Had(count, set(groups))
        return found


_HOLD_BACK = """
WITH late AS (
    SELECT n.id, k.due_at
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[])
        AS k(user_id, channel, group_id, due_at)
    JOIN escalation_notification n ON n.user_id = k.user_id AND n.channel = k.channel
        AND n.accepted_at IS NULL AND n.state = 'pending' AND n.due_at <= %s
    JOIN alerts_alert a ON a.id = n.alert_id AND a.group_id IS NOT DISTINCT FROM k.group_id
    FOR UPDATE OF n SKIP LOCKED
)
UPDATE escalation_notification n
SET due_at = late.due_at, first_tried_at = coalesce(n.first_tried_at, %s)
FROM late WHERE n.id = late.id
RETURNING n.alert_id, n.user_id, n.channel, n.first_tried_at
"""


def hold_back(over: Over, now: datetime) -> list[tuple[int, int, str]]:
    """Let all that waits for the same people on the same channels, and comes from the same groups,
    wait as long as `over` does.

    One by one they would stand in the way of everybody else's pages. Returns (alert, person,
    channel) of what waits for the first time.
    """
    until = {(one.user_id or 0, one.channel, one.group_id): due for one, due in over}
    users, channels, groups = ([key[part] for key in until] for part in range(3))
    with prepared.cursor() as cursor:
        cursor.execute(_HOLD_BACK, [users, channels, groups, list(until.values()), now, now])
        return [(row[0], row[1], row[2]) for row in cursor.fetchall() if row[3] == now]
