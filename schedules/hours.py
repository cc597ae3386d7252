"""Hours on call per person: nights, weekends, public holidays, in all. Pure.

Hours that passed, not hours of the clock: the night the clocks go back has one more. What is
night, weekend or holiday is said by the clocks of one zone. A standing order is no shift: it never
ends, so nobody's hours are counted by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from schedules.duty_hours import DutyHours, Span, joined, without
from schedules.rota import Shift
from schedules.states import OnHolidays, Role, Why

NONE, HOUR = timedelta(), timedelta(hours=1)
NIGHT = (22 * 60, 30 * 60)
"""From 22:00 to 06:00, in minutes of a day and on into the next."""
NIGHTS = tuple((day * 1440 + NIGHT[0], day * 1440 + NIGHT[1]) for day in range(7))
WEEKEND = ((5 * 1440, 7 * 1440),)


@dataclass(frozen=True, slots=True)
class Hours:
    """How long somebody is on call. A Saturday night counts as night and as weekend."""

    user: int
    shifts: int
    nights: timedelta
    weekends: timedelta
    holidays: timedelta
    total: timedelta
    past: timedelta
    """What of `total` lies before now."""
    parts: tuple[timedelta, timedelta, timedelta, timedelta]
    """The same time, each hour once: holidays first, then weekends, then nights, then the rest;
    given as (rest, nights, weekends, holidays)."""


@dataclass(frozen=True, slots=True)
class Times:
    """What is night, weekend and holiday in a stretch of time."""

    nights: list[Span]
    weekends: list[Span]
    holidays: list[Span]

    @classmethod
    def of(
        cls, since: datetime, until: datetime, zone: tzinfo, holidays: frozenset[date]
    ) -> "Times":
        """Return them for [since, until), on the clocks of `zone`."""
        kinds = (
            DutyHours(NIGHTS),
            DutyHours(WEEKEND),
            DutyHours((), holidays, OnHolidays.ON),
        )
        return cls(*(list(kind.spans(since, until, zone)) for kind in kinds))

    @property
    def apart(self) -> tuple[list[Span], list[Span], list[Span]]:
        """Return nights, weekends and holidays without what they share with a later one."""
        weekends = without(self.weekends, self.holidays)
        return without(without(self.nights, self.holidays), weekends), weekends, self.holidays


def on_shift(shifts: Iterable[Shift], role: Role | None = None) -> dict[int, list[Span]]:
    """Return when each person has a shift, by start, joined; of one role or of any."""
    found: dict[int, list[Span]] = {}
    for shift in shifts:
        if shift.user is None or shift.source is None or shift.source.why == Why.MEMBER:
            continue
        if role is None or shift.role == role:
            found.setdefault(shift.user, []).append((shift.start, shift.end))
    return {user: joined(spans) for user, spans in found.items()}


def per_person(serving: dict[int, list[Span]], times: Times, now: datetime) -> list[Hours]:
    """Return the hours of everybody, the longest first."""
    apart = times.apart
    found = []
    for user, spans in serving.items():
        total = length(spans)
        nights, weekends, holidays = (shared(spans, kind) for kind in apart)
        found.append(
            Hours(
                user,
                len(spans),
                shared(spans, times.nights),
                shared(spans, times.weekends),
                shared(spans, times.holidays),
                total,
                sum((min(end, now) - start for start, end in spans if start < now), NONE),
                (total - nights - weekends - holidays, nights, weekends, holidays),
            )
        )
    return sorted(found, key=lambda each: (-each.total, each.user))


def length(spans: Iterable[Span]) -> timedelta:
    """Return how long they last together."""
    return sum((end - start for start, end in spans), NONE)


def shared(some: Sequence[Span], others: Sequence[Span]) -> timedelta:
    """Return how long both last at once; each by start, without overlaps of its own."""
    total, here = NONE, 0
    for start, end in some:
        while here < len(others) and others[here][1] <= start:
            here += 1
        at = here
        while at < len(others) and others[at][0] < end:
            total += min(end, others[at][1]) - max(start, others[at][0])
            at += 1
    return total
