"""Finished messages are kept as long as the inbound log, then forgotten, a little at a time."""

import time
from datetime import datetime, timedelta

from django.conf import settings

from integrations.models import OutboundDelivery, OutboundMessage
from integrations.outbound.states import UNFINISHED

EACH = 60.0
MOST = 1000
HEARD = timedelta(days=7)
"""How long a delivery that came in is remembered."""
_looked = float("-inf")


def look(now: datetime) -> None:
    """Forget up to MOST old messages, once a minute."""
    global _looked
    at = time.monotonic()
    if at - _looked >= EACH:
        _looked = at
        forget_old(now)


def forget_old(now: datetime) -> int:
    """Forget the oldest messages of those that are older than they are kept. Returns how many."""
    OutboundDelivery.objects.filter(at__lt=now - HEARD).delete()
    if not settings.INBOUND_LOG_DAYS:
        return 0
    edge = now - timedelta(days=settings.INBOUND_LOG_DAYS)
    oldest = OutboundMessage.objects.order_by("pk").values_list("pk", "created_at", "state")[:MOST]
    ids = [pk for pk, at, state in oldest if at < edge and state not in UNFINISHED]
    OutboundMessage.objects.filter(pk__in=ids).delete()
    return len(ids)
