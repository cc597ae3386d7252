"""Layers without turns: fixed shifts, once or by a rule, and imported calendars. Pure.

A fixed shift is a stretch on the wall: it starts at the first coming of its time and ends at the
last. An imported event is two instants. Neither is in force before its first or after its last:
then the rest of the schedule decides, as if the layer were not there.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from schedules.duty_hours import DAY, Span, day_begun, holiday_spans
from schedules.once import once
from schedules.posts import FAR, Change, Key, Post, Source, merged
from schedules.recurrence import REACH, Rule
from schedules.states import Role, Why
from schedules.walltime import first_instant, last_instant


@dataclass(frozen=True)
class Fixed:
    """The same people from `starts` until `ends` (wall times, naive), and whenever `rule` says.

    `is_nobody` is a hole on purpose: it hides the ranks below.
    """

    id: int
    zone: tzinfo
    starts: datetime
    ends: datetime
    people: tuple[int, ...]
    role: Role = Role.PRIMARY
    rank: int = 0
    rule: Rule | None = None
    is_nobody: bool = False
    holidays: frozenset[date] = frozenset()
    """Days on which it is off duty."""

    def __post_init__(self) -> None:
        if self.ends <= self.starts:
            raise ValueError("A shift ends after it starts.")

    @property
    def key(self) -> Key:
        return (Why.FIXED, self.id)

    @property
    def roles(self) -> tuple[Role, ...]:
        return (self.role,)

    @property
    def speaks(self) -> bool:
        return bool(self.people) or self.is_nobody

    @once
    def _bounds(self) -> Span:
        if self.rule is None:
            return self._span(self.starts.date())
        first = next(self._days(self.rule.starts, self.rule.starts + REACH), None)
        if first is None:  # a rule that never comes true
            return FAR, FAR
        if self.rule.until is None:
            return self._span(first)[0], FAR
        last = next(self._days_back(self.rule.until, first), first)
        return self._span(first)[0], self._span(last)[1]

    def _span(self, day: date) -> Span:
        """Return the occurrence that begins on `day`, which may have no length."""
        start = datetime.combine(day, self.starts.time())
        end = start + (self.ends - self.starts)
        return first_instant(start, self.zone), last_instant(end, self.zone)

    def _days_back(self, last: date, first: date) -> Iterator[date]:
        """Yield the days from `last` back to `first` on which it begins."""
        if self.rule is None:
            if first <= self.starts.date() <= last:
                yield self.starts.date()
            return
        day = last
        while day >= first:
            if self.rule.hits(day):
                yield day
            day -= DAY

    def _post(self, day: date) -> Post:
        source = Source(Why.FIXED, self.id, (day - self.starts.date()).days)
        if self.is_nobody:
            return Post(source, hides=True)
        if self.role == Role.PRIMARY:
            return Post(source, self.people)
        return Post(source, (), self.people)

    @once
    def _off(self) -> Post:
        return Post(Source(Why.FIXED, self.id), on_duty=False)

    def post_at(self, at: datetime) -> Post | None:
        """Return what it says at `at` (UTC), or None before its first and after its last."""
        begin, end = self._bounds
        if not self.speaks or not begin <= at < end:
            return None
        if self.holidays and day_begun(at, self.zone) in self.holidays:
            return self._off
        today = at.astimezone(self.zone).date()
        for day in self._days_back(today + DAY, today - (self.ends - self.starts) - 2 * DAY):
            start, end = self._span(day)
            if start <= at < end:
                return self._post(day)
        return self._off

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield what it says from `since` (UTC) on, and then each change before `until`."""
        begin, end = self._bounds
        begin, end = max(begin, since), min(end, until)
        if not self.speaks or begin >= end:
            return iter([(since, None)])
        found = self._changes(begin, end)
        if self.holidays:
            found = _off_duty(found, _within(self.holidays, begin, end, self.zone), self._off)
        return merged(_framed(found, since, begin, end, until))

    def _changes(self, begin: datetime, end: datetime) -> Iterator[Change]:
        first = begin.astimezone(self.zone).date() - (self.ends - self.starts) - 2 * DAY
        last = end.astimezone(self.zone).date() + DAY
        yield begin, self._off
        over = begin
        for day in self._days(first, last):
            start, stop = self._span(day)
            if stop <= begin or start >= stop:
                continue
            if start >= end:
                break
            if start > over:
                yield over, self._off
            yield max(start, begin), self._post(day)
            over = stop
        yield over, self._off

    def _days(self, first: date, last: date) -> Iterator[date]:
        if self.rule is None:
            yield from self._days_back(last, first)
            return
        day = max(first, self.rule.starts)
        while day <= last:
            if self.rule.hits(day):
                yield day
            day += DAY


@dataclass(frozen=True)
class Imported:
    """An imported calendar: whom its events name, each (start, end, user) in UTC.

    `since` and `until` are its first and last instant, where not all of its events are here.
    """

    id: int
    role: Role
    rank: int
    events: tuple[tuple[datetime, datetime, int | None], ...]
    since: datetime | None = None
    until: datetime | None = None
    zone: tzinfo = UTC
    holidays: frozenset[date] = frozenset()
    """Days on which it is off duty, on the clocks of `zone`."""

    @property
    def key(self) -> Key:
        return (Why.IMPORT, self.id)

    @property
    def roles(self) -> tuple[Role, ...]:
        return (self.role,)

    @property
    def speaks(self) -> bool:
        return bool(self.events) or self.since is not None

    @once
    def _bounds(self) -> Span:
        starts = [start for start, _, _ in self.events]
        ends = [end for _, end, _ in self.events]
        return min(starts + ([self.since] if self.since else [])), max(
            ends + ([self.until] if self.until else [])
        )

    @once
    def _edges(self) -> list[datetime]:
        return sorted({edge for start, end, _ in self.events for edge in (start, end)})

    def _post(self, at: datetime) -> Post:
        then = sorted((e for e in self.events if e[0] <= at < e[1]), key=lambda e: e[0])
        people = tuple(dict.fromkeys(user for _, _, user in then if user is not None))
        source = Source(Why.IMPORT, self.id)
        if self.role == Role.PRIMARY:
            return Post(source, people, on_duty=bool(then))
        return Post(source, (), people, on_duty=bool(then))

    def post_at(self, at: datetime) -> Post | None:
        """Return what it says at `at` (UTC), or None before its first and after its last event."""
        if not self.speaks or not self._bounds[0] <= at < self._bounds[1]:
            return None
        if self.holidays and day_begun(at, self.zone) in self.holidays:
            return self._off
        return self._post(at)

    @once
    def _off(self) -> Post:
        return Post(Source(Why.IMPORT, self.id), on_duty=False)

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield what it says from `since` (UTC) on, and then each change before `until`."""
        if not self.speaks:
            return iter([(since, None)])
        begin, end = max(self._bounds[0], since), min(self._bounds[1], until)
        if begin >= end:
            return iter([(since, None)])
        edges = self._edges[bisect_right(self._edges, begin) : bisect_left(self._edges, end)]
        found: Iterator[Change] = ((at, self._post(at)) for at in [begin, *edges])
        if self.holidays:
            found = _off_duty(found, _within(self.holidays, begin, end, self.zone), self._off)
        return merged(_framed(found, since, begin, end, until))


def _within(days: frozenset[date], begin: datetime, end: datetime, zone: tzinfo) -> list[Span]:
    spans = holiday_spans(days, begin, end, zone)
    return [(max(low, begin), high) for low, high in spans]


def _framed(
    changes: Iterator[Change], since: datetime, begin: datetime, end: datetime, until: datetime
) -> Iterator[Change]:
    """Say that the layer is not in force before `begin` and from `end` on."""
    if since < begin:
        yield since, None
    for change in changes:
        if change[0] >= end:
            break
        yield change
    if end < until:
        yield end, None


def _off_duty(changes: Iterator[Change], holidays: list[Span], off: Post) -> Iterator[Change]:
    """Say `off` during `holidays`, whatever `changes` say then."""
    edges = [edge for span in holidays for edge in span]
    said: Post | None = None

    def spoken(at: datetime) -> Change:
        return at, off if any(low <= at < high for low, high in holidays) else said

    for at, post in changes:
        while edges and edges[0] < at:
            yield spoken(edges.pop(0))
        said = post
        yield spoken(at)
    while edges:
        yield spoken(edges.pop(0))
