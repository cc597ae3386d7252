"""From a wall clock to an instant, right across daylight saving: pure.

A wall time may not exist (the clocks went forward over it) or come twice (they went back).
Everything here answers in UTC, because Python compares two datetimes of the *same* zone by their
wall clocks and would bring the outgoing person back in the repeated hour.
"""

import logging
from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

logger = logging.getLogger(__name__)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone; UTC for one this machine does not know, so that one row stops no page."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        logger.error("%r is not a time zone here; its hand-offs are taken in UTC.", name)
        return ZoneInfo("UTC")


@lru_cache(maxsize=50_000)
def first_instant(wall: datetime, zone: tzinfo) -> datetime:
    """Return the first instant at which the clock on the wall has reached `wall` (naive).

    A time that comes twice is its first coming; one that is left out is the first instant after
    the gap. Never decreasing in `wall`, which is why hand-offs can never be out of order.
    """
    early = wall.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    late = wall.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    if early < late:
        return _gap_end(wall, zone, early, late)
    return wall.replace(tzinfo=UTC, fold=0) - early


@lru_cache(maxsize=50_000)
def last_instant(wall: datetime, zone: tzinfo) -> datetime:
    """Return the last instant at which the wall shows `wall`: where something *ends*.

    Starts take the first coming of a repeated time and ends the last: an overlap, never a gap.
    """
    early = wall.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    late = wall.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    if early < late:
        return _gap_end(wall, zone, early, late)
    return wall.replace(tzinfo=UTC, fold=0) - late


def _gap_end(wall: datetime, zone: tzinfo, early: timedelta, late: timedelta) -> datetime:
    """Return the instant the clocks jumped over `wall`, found by halving (a gap may be a day)."""
    utc = wall.replace(tzinfo=UTC, fold=0, microsecond=0)
    low, high = 0, (late - early) // _SECOND + 1
    start = utc - late
    while low < high:
        middle = (low + high) // 2
        shown = (start + middle * _SECOND).astimezone(zone).replace(tzinfo=None)
        if shown >= wall:
            high = middle
        else:
            low = middle + 1
    return start + low * _SECOND


def months_later(wall: datetime, months: int) -> datetime:
    """Return the same day and time so many months on, or the last day of a shorter month.

    Counted from the first date every time, so it never drifts: 31 January, 28 February, 31 March.
    """
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise OverflowError("beyond the calendar")
    month += 1
    return wall.replace(year, month, min(wall.day, monthrange(year, month)[1]))
