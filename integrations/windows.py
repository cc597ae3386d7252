"""When maintenance is: once, daily, weekly or monthly, by the clocks on the wall. Pure.

Every window has an end. A recurring one begins and ends at the same wall time whatever daylight
saving does to it; a time that comes twice is its first coming for the start, its last for the end.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import TextChoices

from schedules.walltime import first_instant, last_instant, zone_of

Span = tuple[datetime, datetime]
LONGEST = timedelta(days=14)
"""Of one that happens once."""
LONGEST_SERIES = timedelta(days=366)
_DAY = timedelta(days=1)


class Every(TextChoices):
    ONCE = "once", "Once"
    DAILY = "daily", "Every day"
    WEEKLY = "weekly", "Every week"
    MONTHLY = "monthly", "Every month"


@dataclass(frozen=True, slots=True)
class Plan:
    """A window as it was written down: once from the first day's beginning to the last day's end,
    else each matching day from `begins_at` until it is next `ends_at`."""

    every: str
    zone: str
    first_on: date
    begins_at: time
    last_on: date
    ends_at: time
    weekdays: tuple[int, ...] = ()  # 0 is Monday
    month_day: int = 1

    def spans(self, after: datetime, before: datetime) -> Iterator[Span]:
        """Yield each start and end, in order, that lies at least partly between the two."""
        for day in self._days(after, before):
            start, end = self._span(day)
            if start < end and end > after and start < before:
                yield start, end

    def at(self, at: datetime) -> Span | None:
        """Return the span that `at` lies in; one that begins where another ends prolongs it."""
        span = next((span for span in self.spans(at, at + _DAY) if span[0] <= at), None)
        while span is not None:
            longer = [
                end for start, end in self.spans(span[1], span[1] + _DAY) if start <= span[1] < end
            ]
            if not longer:
                break
            span = span[0], max(longer)
        return span

    def next(self, after: datetime) -> Span | None:
        """Return the first span that has not begun."""
        everything = self.spans(after, after + LONGEST_SERIES + LONGEST)
        return next((span for span in everything if span[0] > after), None)

    @property
    def bounds(self) -> Span:
        """When it begins for the first time and when it is over for good."""
        first, last = self._span(self.first_on), self._span(self.last_on)
        return first[0], last[1]

    def _span(self, day: date) -> Span:
        zone = zone_of(self.zone)
        over = self.last_on if self.every == Every.ONCE else day
        if self.every != Every.ONCE and self.ends_at <= self.begins_at:
            over += _DAY
        start = first_instant(datetime.combine(day, self.begins_at), zone)
        return start, last_instant(datetime.combine(over, self.ends_at), zone)

    def _days(self, after: datetime, before: datetime) -> Iterator[date]:
        if self.every == Every.ONCE:
            yield self.first_on
            return
        # Two days more on both sides: no zone is further from UTC than that.
        day = max(self.first_on, after.date() - 2 * _DAY)
        last = min(self.last_on, before.date() + 2 * _DAY)
        while day <= last:
            if self._falls_on(day):
                yield day
            day += _DAY

    def _falls_on(self, day: date) -> bool:
        if self.every == Every.WEEKLY:
            return day.weekday() in self.weekdays
        if self.every == Every.MONTHLY:  # the 31st is the last day of a shorter month
            return day.day == min(self.month_day, monthrange(day.year, day.month)[1])
        return True


def wrong(plan: Plan) -> dict[str, str]:
    """Return a sentence for each field that cannot be so."""
    start, end = plan.bounds
    if plan.last_on < plan.first_on or end <= start:
        return {"ends_at": "It must end after it begins."}
    if plan.every == Every.ONCE:
        if end - start > LONGEST:
            return {
                "last_on": f"A window lasts {LONGEST.days} days at most; make it recur instead."
            }
        return {}
    if end - start > LONGEST_SERIES:
        return {
            "last_on": "A recurring window must be renewed after a year; choose an earlier end."
        }
    if plan.every == Every.WEEKLY and not plan.weekdays:
        return {"weekdays": "Choose at least one day of the week."}
    if next(plan.spans(start, end), None) is None:
        return {"last_on": "It would never take place between these days."}
    return {}
