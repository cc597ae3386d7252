"""Duty hours: the stretches of every week, and the public holidays, on which a layer is on duty.

Pure. Windows are minutes of the week on the wall, [0, 10080) being Monday 00:00 to Sunday 24:00;
they may run over midnight and over the end of the week. A window starts at the first coming of
its time and ends at the last: an overlap where the clocks go back, never a gap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from schedules.once import once
from schedules.states import OnHolidays
from schedules.walltime import first_instant, last_instant

MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)
WEEK_MINUTES = WEEK // MINUTE
_FIRST, _MOST = 2 * WEEK, 26 * WEEK  # laid out at a time: who asks for a year may stop after a day
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class DutyHours:
    """When a layer is on duty. Without windows it always is, or with `on` only on holidays."""

    windows: tuple[tuple[int, int], ...] = ()
    holidays: frozenset[date] = frozenset()
    on_holidays: str = ""

    def __post_init__(self) -> None:
        for start, end in self.windows:
            if not (0 <= start < WEEK_MINUTES and start < end < start + WEEK_MINUTES):
                raise ValueError("Duty hours must end after they begin, within a week.")

    @once
    def always(self) -> bool:
        """Whether there is nothing to ask."""
        return not self.windows and (
            not self.on_holidays or (self.on_holidays == OnHolidays.OFF and not self.holidays)
        )

    def cover(self, at: datetime, zone: tzinfo) -> bool:
        """Whether `at` (UTC) lies in duty hours."""
        shown = at.astimezone(zone).replace(tzinfo=None, fold=0)
        if self.on_holidays:
            is_holiday = day_begun(at, zone) in self.holidays
            if self.on_holidays == OnHolidays.OFF:
                return not is_holiday and self._in_window(at, shown, zone)
            return is_holiday or (bool(self.windows) and self._in_window(at, shown, zone))
        return self._in_window(at, shown, zone)

    def spans(self, since: datetime, until: datetime, zone: tzinfo) -> Iterator[Span]:
        """Yield the duty hours within [since, until) (UTC), by start, apart from each other."""
        running: Span | None = None
        ahead = _FIRST
        while since < until:
            high = min(since + ahead, until)
            ahead = min(2 * ahead, _MOST)
            for start, end in self._touching(since, high, zone):
                start, end = max(start, since), min(end, high)
                if running is not None and start <= running[1]:
                    running = (running[0], max(end, running[1]))
                    continue
                if running is not None:
                    yield running
                running = (start, end)
            since = high
        if running is not None:
            yield running

    def _touching(self, since: datetime, until: datetime, zone: tzinfo) -> list[Span]:
        """Return the duty hours that touch [since, until), whole, by start, joined."""
        if self.windows:
            found = self._window_spans(since, until, zone)
        elif self.on_holidays == OnHolidays.ON:
            found = []
        else:
            found = [(since, until)]
        if not self.on_holidays:
            return found
        free = holiday_spans(self.holidays, since, until, zone)
        if self.on_holidays == OnHolidays.ON:
            return joined([*found, *free])
        return without(found, free)

    def has_work(self, start: datetime, end: datetime) -> bool:
        """Whether the stretch [start, end) on the wall has any duty hours in it."""
        day = start.date()
        while datetime.combine(day, time()) < end:
            midnight = datetime.combine(day, time())
            low, high = max(start, midnight), min(end, midnight + DAY)
            is_holiday = bool(self.on_holidays) and day in self.holidays
            if is_holiday and low < high:
                if self.on_holidays == OnHolidays.ON:
                    return True
            elif low < high and self._touches(low, high):
                return True
            day += DAY
        return False

    def _touches(self, low: datetime, high: datetime) -> bool:
        """Whether [low, high), within one day on the wall, meets a window."""
        if not self.windows:
            return self.on_holidays != OnHolidays.ON
        base = _week_of(low)
        a, b = (low - base) / MINUTE, (high - base) / MINUTE
        return any(
            start + shift < b and a < end + shift
            for start, end in self.windows
            for shift in (0, -WEEK_MINUTES)
        )

    def _in_window(self, at: datetime, wall: datetime, zone: tzinfo) -> bool:
        """Whether the wall shows a window; or, where the clocks go back, has and will again."""
        if not self.windows:
            return True
        base = _week_of(wall)
        minute = (wall - base) / MINUTE
        if any((minute - start) % WEEK_MINUTES < end - start for start, end in self.windows):
            return True
        if (at - DAY).astimezone(zone).utcoffset() == (at + DAY).astimezone(zone).utcoffset():
            return False
        return any(
            first_instant(base + (start + week) * MINUTE, zone)
            <= at
            < last_instant(base + (end + week) * MINUTE, zone)
            for start, end in self.windows
            for week in (-WEEK_MINUTES, 0, WEEK_MINUTES)
        )

    def _window_spans(self, since: datetime, until: datetime, zone: tzinfo) -> list[Span]:
        found = []
        base = _week_of(since.astimezone(zone).replace(tzinfo=None, fold=0)) - 2 * WEEK
        end_wall = until.astimezone(zone).replace(tzinfo=None, fold=0) + 2 * DAY
        while base <= end_wall:
            for start, end in self.windows:
                high = last_instant(base + end * MINUTE, zone)
                if high > since:
                    low = first_instant(base + start * MINUTE, zone)
                    if low < until and low < high:
                        found.append((low, high))
            base += WEEK
        return joined(found)


def day_begun(at: datetime, zone: tzinfo) -> date:
    """Return the day on the wall at `at`: it does not begin again where the clocks go back."""
    wall = at.astimezone(zone)
    day = wall.date()
    return day + DAY if wall.fold and midnight(day + DAY, zone) <= at else day


def holiday_spans(
    days: frozenset[date], since: datetime, until: datetime, zone: tzinfo
) -> list[Span]:
    """Return the instants of those of `days` that touch [since, until), by start, joined."""
    first, last = since.astimezone(zone).date() - 2 * DAY, until.astimezone(zone).date() + 2 * DAY
    near = sorted(day for day in days if first <= day <= last)
    spans = ((midnight(day, zone), midnight(day + DAY, zone)) for day in near)
    return joined([span for span in spans if span[0] < until and span[1] > since])


def joined(spans: list[Span]) -> list[Span]:
    """Return the same time without overlaps, by start."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            if end > result[-1][1]:
                result[-1] = (result[-1][0], end)
        else:
            result.append((start, end))
    return result


def without(spans: list[Span], holes: list[Span]) -> list[Span]:
    """Return `spans` less the time of `holes`; both by start, without overlaps."""
    result: list[Span] = []
    for start, end in spans:
        at = start
        for low, high in holes:
            if high <= at or low >= end:
                continue
            if low > at:
                result.append((at, low))
            at = max(at, high)
        if at < end:
            result.append((at, end))
    return result


def _week_of(wall: datetime) -> datetime:
    return datetime.combine(wall.date() - wall.weekday() * DAY, time())


def midnight(day: date, zone: tzinfo) -> datetime:
    """Return the instant a day begins, which is not always at 00:00 on the clocks."""
    return first_instant(datetime.combine(day, time()), zone)
