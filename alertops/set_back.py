"""A clock that was set back: what waited for five minutes must not wait for an hour and five.

Every wait is kept as the instant of its end, by the database's clock. That clock can go back: after
a fail-over to a host whose clock is behind, a machine restored from an image, a correction. So the
latest instant ever seen is written down, and where it turns out to lie ahead, everything that waits
is brought nearer by as much (reliability R17).
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from alertops import clock
from alertops.models import LoopBeat

NAME = "clock"
TOLERATED = timedelta(seconds=5)
"""Less than this is not worth a step; clocks that are set right gently go back by less."""

logger = logging.getLogger(__name__)


@transaction.atomic
def look(bring_nearer: Iterable[Callable[[timedelta, datetime], None]]) -> timedelta:
    """Note what time it is. Where it was later before, have everything that waits brought nearer
    by the difference, in one transaction; return that. Any number of hosts may look."""
    now = clock.db_now()
    seen, _ = LoopBeat.objects.select_for_update().get_or_create(
        name=NAME,
        defaults={"beat_at": now, "ends_at": now, "run_id": "", "host": "", "pid": 0},
    )
    now = clock.db_now()  # another host may have had the row until now
    by = seen.beat_at - now
    if by > TOLERATED:
        logger.error("The clock was set back by %s; what waits is brought nearer", by)
        for each in bring_nearer:
            each(by, now)
    if by > TOLERATED or by < timedelta():
        LoopBeat.objects.filter(name=NAME).update(beat_at=now)
    return by if by > TOLERATED else timedelta()
