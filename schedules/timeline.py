"""A stretch of days as rows of bars, in percent of its width. Pure.

Places are shares of the time that really passes, so a day of 23 or 25 hours is as narrow or as
wide as it is, and a shift begins in the picture at the minute it begins.
"""

from calendar import monthrange
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db.models import TextChoices

from schedules.duty_hours import DAY, midnight
from schedules.walltime import first_instant

LANE, GAP = 30, 4  # pixels
WIDE = 960  # pixels a chart is taken to be wide, to choose what fits a bar
MOST_BARS = 320
"""In one row; beyond, bars are drawn without a place of their own for the keyboard."""
_FEW_HOURS, _LETTER = 3, 7.4


class Range(TextChoices):
    """How much of the calendar is shown at once."""

    DAY = "day", "Day"
    WEEK = "week", "Week"
    FORTNIGHT = "two-weeks", "2 weeks"
    MONTH = "month", "Month"


@dataclass(frozen=True)
class Days:
    """[first, last) in days, and where Earlier and Later lead."""

    range: Range
    first: date
    last: date

    @property
    def earlier(self) -> date:
        return (
            days_of(self.range, self.first - DAY).first if self._is_month else self.first - self._n
        )

    @property
    def later(self) -> date:
        return self.last if self._is_month else self.first + self._n

    @property
    def final(self) -> date:
        """The last day that is shown."""
        return self.last - DAY

    @property
    def _is_month(self) -> bool:
        return self.range == Range.MONTH

    @property
    def _n(self) -> timedelta:
        return self.last - self.first


def days_of(wanted: Range, day: date) -> Days:
    """Return the days of the range that holds `day`: weeks begin on Mondays."""
    monday = day - day.weekday() * DAY
    match wanted:
        case Range.DAY:
            return Days(wanted, day, day + DAY)
        case Range.WEEK:
            return Days(wanted, monday, monday + 7 * DAY)
        case Range.FORTNIGHT:
            return Days(wanted, monday, monday + 14 * DAY)
        case Range.MONTH:
            first = day.replace(day=1)
            return Days(wanted, first, first + monthrange(day.year, day.month)[1] * DAY)


@dataclass(frozen=True)
class Item:
    """Something to draw: from when to when, and what is said about it."""

    start: datetime
    end: datetime
    text: str
    """What stands on the bar, where it fits."""
    css: str
    who: str
    when: str
    why: str
    href: str
    line: Hashable = None
    """Items of one line stay in one lane as long as they can."""


@dataclass(frozen=True)
class Bar:
    """An item in its place."""

    item: Item
    x: str
    width: str
    y: int
    text: str
    is_late: bool
    """Its words are to hang from its right end, lest they leave the page."""
    edge: str
    is_now: bool

    @property
    def sentence(self) -> str:
        """Everything there is to say, in the order in which it is read out."""
        item = self.item
        return ". ".join(part for part in (item.who, item.when, item.why) if part)


@dataclass(frozen=True)
class Row:
    """One line of the picture."""

    title: str
    note: str
    kind: str
    bars: tuple[Bar, ...]
    lanes: int
    href: str = ""

    @property
    def height(self) -> int:
        return max(1, self.lanes) * (LANE + GAP) + GAP

    @property
    def is_dense(self) -> bool:
        return len(self.bars) > MOST_BARS


@dataclass(frozen=True)
class Tick:
    """A line from top to bottom with words over it."""

    x: str
    text: str
    small: str = ""
    is_today: bool = False
    title: str = ""


@dataclass(frozen=True)
class Band:
    """A stretch in the background: a weekend, a holiday."""

    x: str
    width: str
    kind: str


@dataclass(frozen=True)
class Axis:
    """[since, until) laid out from left to right, on the clocks of `zone`."""

    days: Days
    zone: tzinfo
    now: datetime

    @property
    def since(self) -> datetime:
        return midnight(self.days.first, self.zone)

    @property
    def until(self) -> datetime:
        return midnight(self.days.last, self.zone)

    def share(self, at: datetime) -> float:
        """Return where an instant is, from 0 to 100; what lies outside is at the edge."""
        whole = self.until - self.since
        return min(100.0, max(0.0, (at.astimezone(UTC) - self.since) / whole * 100))

    @property
    def now_at(self) -> str:
        """Where the present is, or nothing where it is not in the picture."""
        return percent(self.share(self.now)) if self.since <= self.now < self.until else ""

    def ticks(self, holidays: Mapping[date, str]) -> list[Tick]:
        """Return the hours of a day, or the days of anything longer."""
        if self.days.range == Range.DAY:
            return self._hours()
        today = self.now.astimezone(self.zone).date()
        return [
            Tick(
                percent(self.share(midnight(day, self.zone))),
                f"{day:%a}"[: 1 if self.days.range == Range.MONTH else 3],
                _day_words(day, self.days),
                day == today,
                holidays.get(day, ""),
            )
            for day in self._days()
        ]

    def bands(self, holidays: Mapping[date, str]) -> list[Band]:
        """Return weekends and holidays, to be shaded."""
        found = []
        for day in self._days():
            kind = "holiday" if day in holidays else "weekend" if day.weekday() > 4 else ""
            if kind:
                found.append(self._band(day, kind))
        return found

    def row(self, title: str, items: Iterable[Item], *, note: str = "", kind: str = "") -> Row:
        """Return the items that are in the picture, those at the same time below each other."""
        shown = [item for item in items if item.start < self.until and item.end > self.since]
        lanes = stacked(shown)
        bars = [self._bar(item, lane) for lane, found in enumerate(lanes) for item in found]
        return Row(title, note, kind, tuple(bars), len(lanes))

    def _bar(self, item: Item, lane: int) -> Bar:
        left, right = self.share(item.start), self.share(item.end)
        return Bar(
            item,
            percent(left),
            percent(right - left),
            GAP + lane * (LANE + GAP),
            fitting(item.text, (right - left) / 100 * WIDE),
            left > 55,
            percent(right),
            item.start <= self.now < item.end,
        )

    def _days(self) -> list[date]:
        count = (self.days.last - self.days.first).days
        return [self.days.first + n * DAY for n in range(count)]

    def _band(self, day: date, kind: str) -> Band:
        left, right = (self.share(midnight(day + n * DAY, self.zone)) for n in (0, 1))
        return Band(percent(left), percent(right - left), kind)

    def _hours(self) -> list[Tick]:
        walls = [time(hour) for hour in range(0, 24, _FEW_HOURS)]
        at = [first_instant(datetime.combine(self.days.first, wall), self.zone) for wall in walls]
        return [
            Tick(percent(self.share(instant)), f"{wall:%H:%M}")
            for wall, instant in zip(walls, at, strict=True)
        ]


def stacked(items: Iterable[Item]) -> list[list[Item]]:
    """Put items that run at the same time below each other, a line in one lane throughout."""
    lanes: list[list[Item]] = []
    lines: list[set[Hashable]] = []
    for item in sorted(items, key=lambda each: each.start):
        free = [n for n, lane in enumerate(lanes) if lane[-1].end <= item.start]
        same = [n for n in free if item.line in lines[n]]
        if free:
            place = (same or free)[0]
            lanes[place].append(item)
            lines[place].add(item.line)
        else:
            lanes.append([item])
            lines.append({item.line})
    return lanes


def fitting(text: str, pixels: float) -> str:
    """Return as much of a name as a bar of so many pixels can hold: all, its initials, nothing."""
    if pixels >= min(60, len(text) * _LETTER + 14):
        return text
    initials = "".join(word[0] for word in text.split()[:2]).upper()
    return initials if pixels >= 12 + len(initials) * _LETTER else ""


def percent(share: float) -> str:
    return f"{share:.3f}%"


def _day_words(day: date, days: Days) -> str:
    """Return the day of the month; with its month where one begins."""
    if days.range == Range.MONTH or (day.day != 1 and day != days.first):
        return str(day.day)
    return f"{day.day} {day:%b}"
