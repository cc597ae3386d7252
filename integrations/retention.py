"""The log is kept for INBOUND_LOG_DAYS, then forgotten, a little at a time."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from alertops import prepared
from integrations.models import InboundEvent

EACH = 60.0
MOST = 1000
_looked = float("-inf")


def look(now: datetime) -> int:
    """Forget up to MOST old events, once a minute, or at once again while there are more."""
    global _looked
    at = time.monotonic()
    if at - _looked < EACH:
        return 0
    gone = forget_old(now)
    _looked = at if gone < MOST else float("-inf")
    return gone


@transaction.atomic
def forget_old(now: datetime) -> int:
    """Forget the oldest events that are older than they are kept. Returns how many."""
    if not settings.INBOUND_LOG_DAYS:
        return 0
    edge = now - timedelta(days=settings.INBOUND_LOG_DAYS)
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM (
                SELECT id, received_at, processed_at FROM integrations_inboundevent
                ORDER BY id LIMIT %s
            ) AS oldest
            WHERE received_at < %s AND processed_at IS NOT NULL
            """,
            [MOST, edge],
        )
        ids = [row[0] for row in cursor.fetchall()]
        if ids:
            cursor.execute(
                "DELETE FROM integrations_eventoutcome WHERE event_id = ANY(%s::bigint[])", [ids]
            )
            cursor.execute(
                "DELETE FROM integrations_inboundevent WHERE id = ANY(%s::bigint[])", [ids]
            )
    return len(ids)


def number_at(at: datetime) -> int:
    """Return the number of the first event received at that instant or later.

    Numbers grow with time, so it is found by halving, without an index that every event would
    have to pay for.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM integrations_inboundevent")
        low, high = cursor.fetchone()
    if low is None:
        return 1
    high += 1
    while low < high:
        middle = (low + high) // 2
        rows = InboundEvent.objects.filter(pk__gte=middle).order_by("pk")
        found = rows.values_list("pk", "received_at").first()
        if found is None or found[1] >= at:
            high = middle
        else:
            low = found[0] + 1
    return int(low)
