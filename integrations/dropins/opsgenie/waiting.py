"""Who asks what became of a request is answered when it is known.

Clients ask at once and give up after some tries: Zabbix's media type for Opsgenie after nine, which
are over here before the inbox has looked. A few may wait; no more, or the door would be theirs.
"""

import threading
import time

from django.conf import settings

from integrations.models import InboundEvent, Integration

LONGEST = 1.0
EVERY = 0.05
_seats = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


def worked_off(integration: Integration, number: int) -> InboundEvent | None:
    """The integration's request of that number; None where it is not worked off, even now."""
    event = _look(integration, number)
    if event is None or event.processed_at or not _seats.acquire(blocking=False):
        return event if event and event.processed_at else None
    try:
        end = time.monotonic() + LONGEST
        while event and not event.processed_at and time.monotonic() < end:
            time.sleep(EVERY)
            event = _look(integration, number)
    finally:
        _seats.release()
    return event if event and event.processed_at else None


def _look(integration: Integration, number: int) -> InboundEvent | None:
    return InboundEvent.objects.filter(integration=integration, pk=number).first()
