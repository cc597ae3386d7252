"""Final shifts for display: what belongs together is one. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from schedules.duty_hours import DAY, midnight
from schedules.rota import Shift


def joined(shifts: Sequence[Shift]) -> list[Shift]:
    """Return the shifts for display: back to back turns of one person, for one cause, as one."""
    result: list[Shift] = []
    last: dict[object, int] = {}
    for shift in shifts:
        key = (shift.user, shift.role, _cause(shift))
        place = last.get(key)
        if place is not None and result[place].end == shift.start:
            result[place] = replace(result[place], end=shift.end)
        else:
            last[key] = len(result)
            result.append(shift)
    return result


@dataclass(frozen=True)
class DayShift:
    """The part of a shift that falls on one day; without an hour where it runs past midnight."""

    shift: Shift
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class Day:
    """One day and everything that runs on it, by start."""

    on: date
    is_today: bool
    is_over: bool
    parts: tuple[DayShift, ...]


def by_day(
    shifts: Iterable[Shift], first: date, last: date, zone: tzinfo, now: datetime
) -> list[Day]:
    """Cut shifts at the midnights of a zone, for the days from `first` up to `last`."""
    today = now.astimezone(zone).date()
    every = list(shifts)
    days: list[Day] = []
    day = first
    while day < last:
        low, high = midnight(day, zone), midnight(day + DAY, zone)
        parts = tuple(
            DayShift(
                shift,
                shift.start if shift.start > low else None,
                shift.end if shift.end < high else None,
            )
            for shift in every
            if shift.start < high and shift.end > low
        )
        days.append(Day(day, day == today, day < today, parts))
        day += DAY
    return days


def _cause(shift: Shift) -> object:
    return (shift.source.why, shift.source.id) if shift.source else None
