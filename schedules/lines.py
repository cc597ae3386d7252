"""Who is next in a line that people join and leave on set days. Pure.

The line is cut into eras between such days. Within one era it is a plain circle; a new era goes on
with the first place behind whoever was last in the one before, so nobody who stays is moved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

Dates = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True)
class Era:
    """From the turn counted `serial` on these places take turns, `first` of them at first."""

    serial: int
    places: tuple[int, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Line:
    """The eras of one line, the last first."""

    eras: tuple[Era, ...]

    def at(self, serial: int, people: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the places that have the turn, and those behind them in order."""
        for era in self.eras:
            if era.serial <= serial:
                break
        size = len(era.places)
        if not size:
            return (), ()
        taken = min(people, size)
        return _circle(era.places, (era.first + taken * (serial - era.serial)) % size, taken)


@lru_cache(maxsize=4096)
def _circle(
    places: tuple[int, ...], begin: int, taken: int
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    circle = places[begin:] + places[:begin]
    return circle[:taken], circle[taken:]


def line(
    size: int, dates: Sequence[Dates], people: int, serial_from: Callable[[date], int]
) -> Line:
    """Lay out the eras. `serial_from(day)` counts the turns that begin before `day`."""
    if not any(start or end for start, end in dates):
        return _undated(size)
    days = sorted({day for pair in dates for day in pair if day is not None})
    eras: list[Era] = []
    last = -1  # the place that was last to get a turn
    for day in (None, *days):
        serial = 0 if day is None else serial_from(day)
        if eras:
            last = _last(eras[-1], serial, people, last)
            if eras[-1].serial == serial:
                eras.pop()
        places = tuple(place for place in range(size) if _stands(dates[place], day))
        first = next((i for i, place in enumerate(places) if place > last), 0)
        eras.append(Era(serial, places, first))
    return Line(tuple(reversed(eras)))


@lru_cache(maxsize=1024)
def _undated(size: int) -> Line:
    return Line((Era(0, tuple(range(size)), 0),))


def _stands(dates: Dates, day: date | None) -> bool:
    """Whether a place takes part in the era that begins on `day`; None is the first of all."""
    joins, leaves = dates
    if day is None:
        return joins is None
    return (joins is None or joins <= day) and (leaves is None or leaves > day)


def _last(era: Era, serial: int, people: int, before: int) -> int:
    size, turns = len(era.places), serial - era.serial
    if not size or not turns:
        return before
    return era.places[(era.first + min(people, size) * turns - 1) % size]
