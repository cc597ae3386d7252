"""A stretch of days as a table: weeks, days, lanes, and cells that span half hours. Pure.

A table needs no script and no inline style, reads well aloud, and keeps a day of 23 or 25 hours
as narrow or as wide as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from schedules.rota import Shift
from schedules.states import Role
from schedules.walltime import first_instant

SLOT = timedelta(minutes=30)
DAYS = 7


@dataclass(frozen=True)
class Day:
    """The head of one column."""

    on: date
    slots: int
    is_today: bool


@dataclass(frozen=True)
class Cell:
    """`slots` half hours of one lane: a shift, a gap (a shift of nobody), or nothing at all."""

    slots: int
    shift: Shift | None = None
    is_now: bool = False
    goes_on: bool = False
    """The shift does not end in this cell: it runs on into the next week."""


@dataclass(frozen=True)
class Lane:
    role: Role
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Week:
    days: tuple[Day, ...]
    lanes: tuple[Lane, ...]


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the instant a day begins in a zone, which is not always at 00:00 on its clocks."""
    return first_instant(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001 - wall time


def weeks(
    shifts: Sequence[Shift], first: date, count: int, zone: tzinfo, now: datetime
) -> list[Week]:
    """Lay shifts out over `count` weeks from `first`, on the days of `zone`."""
    return [
        _week(shifts, first + timedelta(days=DAYS * number), zone, now) for number in range(count)
    ]


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


def _cause(shift: Shift) -> object:
    return (shift.source.why, shift.source.id) if shift.source else None


def _week(shifts: Sequence[Shift], monday: date, zone: tzinfo, now: datetime) -> Week:
    edges = [midnight(monday + timedelta(days=n), zone) for n in range(DAYS + 1)]
    today = now.astimezone(zone).date()
    days = tuple(
        Day(
            monday + timedelta(days=n),
            _slots(edges[0], edges[n + 1]) - _slots(edges[0], edges[n]),
            monday + timedelta(days=n) == today,
        )
        for n in range(DAYS)
    )
    lanes: list[Lane] = []
    for role in Role:
        mine = [s for s in shifts if s.role == role and s.start < edges[-1] and s.end > edges[0]]
        stacked = _stacked(mine)
        lanes.extend(Lane(role, _cells(lane, edges[0], edges[-1], now)) for lane in stacked)
    return Week(days, tuple(lanes))


def _stacked(shifts: Sequence[Shift]) -> list[list[Shift]]:
    """Put shifts that run at the same time below each other, a rotation in one lane throughout."""
    lanes: list[list[Shift]] = []
    for shift in sorted(shifts, key=lambda each: each.start):
        free = [lane for lane in lanes if lane[-1].end <= shift.start]
        same = [lane for lane in free if any(_cause(each) == _cause(shift) for each in lane)]
        if same or free:
            (same or free)[0].append(shift)
        else:
            lanes.append([shift])
    return lanes


def _cells(
    lane: Sequence[Shift], start: datetime, end: datetime, now: datetime
) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    done, whole = 0, _slots(start, end)
    for shift in lane:
        begin, finish = _slots(start, max(shift.start, start)), _slots(start, min(shift.end, end))
        if finish <= begin:  # shorter than the grid can show; the list below names it
            continue
        if begin > done:
            cells.append(Cell(begin - done))
        is_now = shift.start <= now < shift.end
        cells.append(Cell(finish - begin, shift, is_now, goes_on=shift.end > end))
        done = finish
    if done < whole:
        cells.append(Cell(whole - done))
    return tuple(cells)


def _slots(start: datetime, at: datetime) -> int:
    return round((at.astimezone(UTC) - start) / SLOT)
