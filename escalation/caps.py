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
            WHERE user_id = ANY(%s::bigint[]) AND channel = ANY(%s) AND accepted_at > %s
            GROUP BY user_id, channel
            """,
            [list(user_ids), list(channels), now - WINDOW],
        )
        found: defaultdict[tuple[int, str], int] = defaultdict(int)
        for user_id, channel, count in cursor.fetchall():
            found[user_id, channel] = count
        return found
