"""Which message of the provider is which page of ours, where an answer was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from alertops import prepared
from escalation.outbox import Claimed

_LOCK = 0x1_A1E  # one adoption at a time per person and channel, in PostgreSQL's advisory locks


def first_attempt_at(claimed: Claimed) -> datetime:
    """When the first attempt before this one began.

    The journal's own time: a page may have been held back long before it was first tried, and what
    the provider got in between belongs to others.
    """
    with prepared.cursor() as cursor:
        cursor.execute(
            "SELECT min(started_at) FROM escalation_attempt"
            " WHERE notification_id = %s AND number < %s",
            [claimed.id, claimed.attempts],
        )
        began: datetime | None = cursor.fetchone()[0]
    return began or claimed.first_tried_at


_ADOPT = """
UPDATE escalation_attempt SET provider_id = free.id
FROM (
    SELECT f.id FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS f(id, place)
    WHERE NOT EXISTS (SELECT 1 FROM escalation_attempt t
            WHERE t.provider_id = f.id AND t.provider_id <> '' AND t.notification_id <> %(mine)s)
        AND NOT EXISTS (SELECT 1 FROM escalation_notification n
            WHERE n.user_id = %(user)s AND n.channel = %(channel)s AND n.accepted_at >= %(since)s
                AND n.provider_id = f.id AND n.id <> %(mine)s)
    ORDER BY f.place LIMIT 1
) AS free
WHERE notification_id = %(mine)s AND number = %(number)s
RETURNING provider_id
"""


def adopt(claimed: Claimed, ids: Sequence[str], since: datetime) -> str | None:
    """Take the first of a provider's ids that is no other notification's; None: all are.

    Where a provider cannot tell two messages to one address apart, each is one page's all the
    same: of two that were lost, one that arrived must not be taken for both.
    """
    if not ids:
        return None
    values: dict[str, Any] = {
        "ids": list(ids),
        "mine": claimed.id,
        "number": claimed.attempts,
        "user": claimed.user_id,
        "channel": claimed.channel,
        "since": since - timedelta(minutes=1),
    }
    with transaction.atomic(), prepared.cursor() as cursor:
        # One after the other; a statement of its own, so that the next sees what was taken.
        whose = f"{claimed.channel} {claimed.user_id} {claimed.group_contact_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, whose])
        cursor.execute(_ADOPT, values)
        row = cursor.fetchone()
    return row[0] if row else None
