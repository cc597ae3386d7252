"""Duty hours as people write them: days, from, until. Pure.

A line says on which days a stretch begins; seven lines of the same hours are one line again.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from django.core.exceptions import ValidationError

DAY, WEEK = 24 * 60, 7 * 24 * 60
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SETS = {"daily": range(7), "weekdays": range(5), "weekend": range(5, 7)}
LABELS = {"daily": "Every day", "weekdays": "Monday to Friday", "weekend": "Saturday and Sunday"}
SHORT = {"daily": "daily", "weekdays": "Mon–Fri", "weekend": "Sat, Sun"}  # noqa: RUF001
Window = tuple[int, int]


@dataclass(frozen=True)
class Hours:
    """On `days` (a set, or the number of one) from `starts` until `ends`: on `until` (a day's
    number), or on the same day or the next, whichever comes first."""

    days: str
    starts: time
    ends: time
    until: str = ""


def windows_of(hours: Hours) -> list[Window]:
    """Return minutes of the week. Raises ValidationError with one sentence."""
    days = SETS.get(hours.days) or (int(hours.days),)
    start, end = _minutes(hours.starts), _minutes(hours.ends)
    found = []
    for day in days:
        begin = day * DAY + start
        if hours.until == "":
            finish = day * DAY + end + (DAY if end <= start else 0)
        elif len(days) > 1:
            raise ValidationError(
                "Only hours that begin on one day of the week can end on a day of their own."
            )
        else:
            finish = int(hours.until) * DAY + end
            finish += WEEK if finish < begin else 0
        if finish == begin:
            raise ValidationError("Duty hours must end after they begin.")
        found.append((begin, finish))
    return found


def hours_of(windows: Iterable[Window]) -> list[Hours]:
    """Return the fewest lines that say the same."""
    begun: dict[tuple[int, int], set[int]] = defaultdict(set)
    for start, end in sorted(windows):
        begun[start % DAY, end - start].add(start // DAY)
    found: list[tuple[int, Hours]] = []
    for (start, length), days in begun.items():
        starts, ends = _time(start), _time(start + length)
        for name in SETS:
            if length <= DAY and set(SETS[name]) <= days:
                found.append((SETS[name][0], Hours(name, starts, ends)))
                days = days - set(SETS[name])
        for day in days:
            until = "" if length <= DAY else str((day + (start + length) // DAY) % 7)
            found.append((day, Hours(str(day), starts, ends, until)))
    return [hours for _, hours in sorted(found, key=lambda each: (each[0], each[1].starts))]


def in_words(windows: Iterable[Window]) -> str:
    """Return them in words, such as "daily 09:00 to 17:00"."""
    return "; ".join(map(_words, hours_of(windows)))


def _words(hours: Hours) -> str:
    days = SHORT.get(hours.days) or NAMES[int(hours.days)][:3]
    until = f"{NAMES[int(hours.until)][:3]} " if hours.until else ""
    return f"{days} {hours.starts:%H:%M}–{until}{hours.ends:%H:%M}"  # noqa: RUF001


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)
