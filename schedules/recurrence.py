"""Recurring shifts: the part of iCalendar's RRULE that people use, asked day by day. Pure.

Whether a rule hits a day is arithmetic on that day, so a look-up fifty years on costs what one
today costs, and a rule that never comes true cannot be walked for ever.
"""

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
LATEST = date(2200, 1, 1)
MOST = 100_000  # occurrences counted for COUNT
_KEYS = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "UNTIL", "COUNT", "WKST"}
_LIMIT = {"DAILY": 1000, "WEEKLY": 500, "MONTHLY": 120, "YEARLY": 10}
REACH = 12 * 366 * DAY  # within which a rule must come true at least once


@dataclass(frozen=True, slots=True)
class Rule:
    """Days on which something begins, from `starts` on, up to `until` inclusively."""

    freq: str
    starts: date
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()
    """(n, weekday): the n-th of the month or year, from its end if negative; 0 is every one."""
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    until: date | None = None
    week_start: int = 0

    @property
    def text(self) -> str:
        """Return the rule as an RRULE; COUNT has become UNTIL."""
        parts = [f"FREQ={self.freq}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.months:
            parts.append("BYMONTH=" + ",".join(map(str, self.months)))
        if self.month_days:
            parts.append("BYMONTHDAY=" + ",".join(map(str, self.month_days)))
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(f"{n or ''}{WEEKDAYS[d]}" for n, d in self.weekdays))
        if self.week_start:
            parts.append(f"WKST={WEEKDAYS[self.week_start]}")
        if self.until:
            parts.append(f"UNTIL={self.until:%Y%m%d}")
        return ";".join(parts)

    def hits(self, day: date) -> bool:
        """Whether something begins on `day`."""
        if day < self.starts or (self.until is not None and day > self.until):
            return False
        if self.months and day.month not in self.months:
            return False
        match self.freq:
            case "DAILY":
                in_step = (day - self.starts).days % self.interval == 0
            case "WEEKLY":
                weeks = (self._week(day) - self._week(self.starts)).days // 7
                in_step = weeks % self.interval == 0
            case "MONTHLY":
                months = (day.year - self.starts.year) * 12 + day.month - self.starts.month
                in_step = months % self.interval == 0
            case _:
                in_step = (day.year - self.starts.year) % self.interval == 0
        return in_step and self._fits(day)

    def days(self, first: date, last: date) -> list[date]:
        """Return the days in [first, last] on which something begins."""
        first = max(first, self.starts)
        last = min(last, self.until or last)
        count = (last - first).days + 1
        return [day for n in range(count) if self.hits(day := first + n * DAY)]

    def _week(self, day: date) -> date:
        return day - (day.weekday() - self.week_start) % 7 * DAY

    def _fits(self, day: date) -> bool:
        """Whether the BY parts, or what the first day stands for, allow it."""
        if self.month_days:
            behind = day.day - monthrange(day.year, day.month)[1] - 1
            if day.day not in self.month_days and behind not in self.month_days:
                return False
        if self.weekdays:
            return any(d == day.weekday() and self._is_nth(n, day) for n, d in self.weekdays)
        if self.month_days or self.freq == "DAILY":
            return True
        if self.freq == "WEEKLY":
            return day.weekday() == self.starts.weekday()
        same_month = self.freq == "MONTHLY" or self.months or day.month == self.starts.month
        return bool(same_month) and day.day == self.starts.day

    def _is_nth(self, n: int, day: date) -> bool:
        if n == 0 or self.freq in ("DAILY", "WEEKLY"):
            return True
        if self.freq == "MONTHLY" or self.months:
            before, size = day.day - 1, monthrange(day.year, day.month)[1]
        else:
            before = day.timetuple().tm_yday - 1
            size = date(day.year, 12, 31).timetuple().tm_yday
        return n in (before // 7 + 1, -((size - 1 - before) // 7 + 1))


def parse(text: str, starts: date) -> Rule:
    """Read an RRULE of what first begins on `starts`. Raises ValueError with one sentence."""
    parts = _parts(text)
    freq = parts.get("FREQ", "")
    if freq not in FREQUENCIES:
        raise ValueError("A shift repeats daily, weekly, monthly or yearly.")
    interval = _number(parts.get("INTERVAL", "1"), 1, _LIMIT[freq], "INTERVAL")
    rule = Rule(
        freq,
        starts,
        interval,
        _weekdays(parts.get("BYDAY", ""), freq),
        _numbers(parts.get("BYMONTHDAY", ""), 31, "BYMONTHDAY", negative=True),
        _numbers(parts.get("BYMONTH", ""), 12, "BYMONTH"),
        _until(parts.get("UNTIL", ""), starts),
        _weekday(parts.get("WKST", "MO")),
    )
    if "COUNT" in parts:
        if rule.until is not None:
            raise ValueError("Say either how often it repeats or until when, not both.")
        rule = _counted(rule, _number(parts["COUNT"], 1, MOST, "COUNT"))
    if not any(rule.hits(starts + n * DAY) for n in range(REACH.days)):
        raise ValueError("This rule never comes true in twelve years.")
    return rule


def _parts(text: str) -> dict[str, str]:
    text = text.strip().upper().removeprefix("RRULE:")
    parts: dict[str, str] = {}
    for part in filter(None, text.split(";")):
        key, _, value = part.partition("=")
        if key not in _KEYS:
            raise ValueError(f"{key[:20]} is not understood; use {', '.join(sorted(_KEYS))}.")
        if key in parts or not value:
            raise ValueError(f"{key} must be given once, with a value.")
        parts[key] = value
    return parts


def _number(text: str, low: int, high: int, name: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,6}", text) or not low <= int(text) <= high:
        raise ValueError(f"{name} is a number between {low} and {high}.")
    return int(text)


def _numbers(text: str, high: int, name: str, *, negative: bool = False) -> tuple[int, ...]:
    found = [
        _number(t, -high if negative else 1, high, name) for t in filter(None, text.split(","))
    ]
    if 0 in found:
        raise ValueError(f"{name} is never 0.")
    return tuple(dict.fromkeys(found))


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise ValueError(f"{text[:10]} is not a day of the week; use {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(text)


def _weekdays(text: str, freq: str) -> tuple[tuple[int, int], ...]:
    found = []
    for item in filter(None, text.split(",")):
        n = _number(item[:-2], -53, 53, "The number before a weekday") if item[:-2] else 0
        if n and freq in ("DAILY", "WEEKLY"):
            raise ValueError("Only monthly and yearly shifts number their weekdays.")
        found.append((n, _weekday(item[-2:])))
    return tuple(dict.fromkeys(found))


def _until(text: str, starts: date) -> date | None:
    if not text:
        return None
    try:
        until = datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise ValueError("UNTIL is a day such as 20261231.") from None
    if until < starts:
        raise ValueError("The repetition must end after it starts.")
    if until >= LATEST:
        raise ValueError("A repetition must end before 2200; leave the end out for no end.")
    return until


def _counted(rule: Rule, count: int) -> Rule:
    """Return the rule with the day of its last occurrence instead of a number of them."""
    day = rule.starts
    while day < LATEST:
        if rule.hits(day):
            count -= 1
            if not count:
                return replace(rule, until=day)
        day += DAY
    raise ValueError("A repetition must end before 2200; leave the end out for no end.")
