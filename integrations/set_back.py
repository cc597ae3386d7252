"""What waits in the inbox and for other tools, where the clock was set back (`alertops.set_back`).

Heartbeats see it for themselves; maintenance goes by the clocks on the wall.
"""

from datetime import datetime, timedelta

from django.db.models import F

from integrations.models import InboundEvent, OutboundConnection, OutboundMessage
from integrations.outbound.states import UNFINISHED


def bring_nearer(by: timedelta, now: datetime) -> None:
    """Let everything wait for `by` less."""
    aside = InboundEvent.objects.waiting().filter(next_try_at__gt=now)
    aside.update(next_try_at=F("next_try_at") - by)
    queued = OutboundMessage.objects.filter(state__in=UNFINISHED, next_try_at__gt=now)
    queued.update(next_try_at=F("next_try_at") - by)
    resting = OutboundConnection.objects.filter(rest_until__gt=now)
    resting.update(rest_until=F("rest_until") - by)
    off = OutboundConnection.objects.filter(off_until__gt=now)
    off.update(off_until=F("off_until") - by)
