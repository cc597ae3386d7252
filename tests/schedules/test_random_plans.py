# ruff: noqa: DTZ001 - a wall time has no zone
"""Any plan at all agrees with the second opinion: layers, duty hours, changes over them, time off.

`make test` tries a few hundred plans, `make test-time` ten thousand.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from schedules import recurrence
from schedules.posts import Key
from schedules.resolver import (
    ROLES,
    Away,
    Fixed,
    Imported,
    Override,
    Past,
    Plan,
    Rotation,
    Temporary,
    on_call,
)
from schedules.rota import Segment, segments, shifts
from schedules.states import Advance, Change, Fills, Role, Unit, Why
from tests.schedules.extent import EXAMPLES, SHARDS
from tests.schedules.oracle import Oracle
from tests.schedules.oracle_layers import QUARTER

ZONES = [
    ("Europe/Berlin", datetime(2026, 3, 29)),
    ("Europe/Berlin", datetime(2026, 10, 25)),
    ("America/New_York", datetime(2027, 3, 14)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5)),
    ("Australia/Lord_Howe", datetime(2026, 10, 4)),
    ("Africa/Casablanca", datetime(2026, 2, 15)),
    ("Africa/Casablanca", datetime(2026, 3, 22)),
    ("America/Havana", datetime(2026, 11, 1)),
    ("Africa/Cairo", datetime(2026, 10, 30)),
    ("Asia/Beirut", datetime(2026, 3, 29)),
    ("America/Nuuk", datetime(2026, 3, 28)),
    ("Pacific/Chatham", datetime(2026, 9, 27)),
    ("Asia/Kathmandu", datetime(2026, 1, 31)),
]
PEOPLE = st.integers(1, 5)
RULES = [
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=MONTHLY;BYDAY=1MO,-1SU", "FREQ=DAILY;COUNT=9",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;WKST=SU", "FREQ=YEARLY",
]  # fmt: skip
SPREAD = timedelta(days=4)


class Made:
    """Draws the parts of one plan around one change of the clocks."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        zone, self.day = draw(st.sampled_from(ZONES))
        self.zone = ZoneInfo(zone)

    def ask(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def is_so(self) -> bool:
        return self.draw(st.booleans())

    def some(self, most: int) -> range:
        return range(self.ask(0, most))

    def near(self, back: int = 4, on: int = 4) -> date:
        return self.day.date() + timedelta(days=self.ask(-back, on))

    def wall(self, back: int, on: int) -> datetime:
        return self.day + timedelta(days=self.ask(-back, on)) + self.ask(0, 95) * QUARTER

    def span(self) -> tuple[datetime, datetime]:
        start = self.day.replace(tzinfo=UTC) + self.ask(-96 * 5, 96 * 4) * QUARTER
        return start, start + self.ask(1, 96 * 4) * QUARTER

    def windows(self) -> tuple[tuple[int, int], ...]:
        starts = sorted({self.ask(0, 671) for _ in self.some(4)})
        ends = [*starts[1:], starts[0] + 672] if starts else []
        longest = [end - start for start, end in zip(starts, ends, strict=True)]
        return tuple(
            (start * 15, (start + self.ask(1, min(most, 671))) * 15)
            for start, most in zip(starts, longest, strict=True)
        )

    def holidays(self) -> frozenset[date]:
        return frozenset(self.near() for _ in self.some(3))

    def rotation(self, number: int) -> Rotation:
        unit = self.draw(st.sampled_from(Unit))
        back = {Unit.HOUR: 15, Unit.DAY: 60, Unit.WEEK: 200, Unit.MONTH: 400}[unit]
        members = self.draw(st.lists(PEOPLE | st.none(), max_size=5))
        starts = self.wall(back, 2)
        dated = ()
        if self.is_so():
            days = [sorted({self.near(back, 3), self.near(back, 3)}) for _ in members]
            dated = tuple(
                self.draw(
                    st.sampled_from([(None, None), (d[0], None), (None, d[-1]), (d[0], d[-1])])
                )
                for d in days
            )
            dated = tuple(d if len(set(d)) == 2 else (None, None) for d in dated)
        is_edited = self.ask(0, 9) == 0
        return Rotation(
            number,
            self.zone,
            starts,
            unit,
            self.ask(1, 26 if unit == Unit.HOUR else 4),
            tuple(members),
            self.draw(st.sampled_from(Fills)),
            self.ask(0, 2),
            starts + timedelta(days=self.ask(1, back + 4)) if self.ask(0, 3) == 0 else None,
            self.draw(st.sampled_from([1, 1, 1, 2, 3])),
            self.draw(st.sampled_from(Advance)),
            dated,
            self.windows() if self.is_so() else (),
            holidays := self.holidays() if self.ask(0, 3) == 0 else frozenset(),
            self.draw(st.sampled_from(["on", "off"])) if holidays else "",
            self.span()[0] if is_edited and self.is_so() else None,
            self.span()[1] if is_edited else None,
        )

    def fixed(self, number: int) -> Fixed:
        starts = self.wall(20, 3)
        text = self.draw(st.sampled_from(["", *RULES]))
        people = tuple(self.draw(st.lists(PEOPLE, max_size=2, unique=True)))
        return Fixed(
            number,
            self.zone,
            starts,
            starts + self.ask(1, 96 * 2) * QUARTER,
            people,
            self.draw(st.sampled_from(Role)),
            self.ask(0, 2),
            recurrence.parse(text, starts.date()) if text else None,
            not people and self.is_so(),
            self.holidays() if self.ask(0, 3) == 0 else frozenset(),
        )

    def imported(self, number: int) -> Imported:
        events = tuple((*self.span(), self.draw(PEOPLE | st.none())) for _ in self.some(4))
        return Imported(
            number,
            self.draw(st.sampled_from(Role)),
            self.ask(0, 2),
            events,
            zone=self.zone,
            holidays=self.holidays() if self.ask(0, 3) == 0 else frozenset(),
        )

    def override(self, number: int, layers: list[Key]) -> Override:
        kind = self.draw(st.sampled_from(Change))
        user = None if kind == Change.REMOVE else self.draw(PEOPLE)
        replaces = None
        if kind == Change.REMOVE or (kind == Change.REPLACE and self.ask(0, 3)):
            replaces = self.draw(PEOPLE.filter(lambda who: who != user))
        layer = self.draw(st.sampled_from([None, None, *layers]))
        swap = number + 100 if self.ask(0, 3) == 0 else None
        role = self.draw(st.sampled_from(Role))
        return Override(number, role, user, replaces, *self.span(), kind, layer, swap)

    def away(self, number: int) -> Away:
        user = self.draw(PEOPLE)
        cover = self.draw(st.none() | PEOPLE.filter(lambda who: who != user))
        return Away(number, user, cover, *self.span(), self.is_so())

    def temporary(self) -> tuple[Temporary, ...]:
        if self.ask(0, 4):
            return ()
        start, end = self.span()
        roles = st.sampled_from(Role)
        mine = tuple((self.draw(roles), self.draw(PEOPLE), *self.span()) for _ in self.some(4))
        return (Temporary(1, start, end, mine),)


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, datetime]:
    """A plan, and the instant around which it changes."""
    made = Made(draw)
    rotations = tuple(made.rotation(number) for number in made.some(4))
    fixed = tuple(made.fixed(number) for number in made.some(2))
    imported = tuple(made.imported(number) for number in made.some(1))
    keys = [
        *((Why.ROTATION, each.id) for each in rotations),
        *((Why.FIXED, each.id) for each in fixed),
        *((Why.IMPORT, each.id) for each in imported),
    ]
    members = st.lists(PEOPLE, max_size=3, unique=True)
    plan = Plan(
        rotations,
        tuple(made.override(number, keys) for number in made.some(5)),
        {role: tuple(draw(members)) for role in ROLES},
        tuple(draw(members)) if made.is_so() else (),
        fixed,
        imported,
        made.temporary(),
        tuple(made.away(number) for number in made.some(4)),
    )
    return plan, made.day.replace(tzinfo=UTC)


def every_instant(cuts: list[Segment], since: datetime, until: datetime) -> list[datetime]:
    """Return where anything is cut, just before it, and some more."""
    micro = timedelta(microseconds=1)
    starts = [cut.start for cut in cuts[:30]]
    steps = [since + n * timedelta(hours=7, minutes=15) for n in range(27)]
    clocks = [since + SPREAD + n * timedelta(minutes=30) for n in range(-8, 9)]
    found = {*starts, *(start - micro for start in starts), *steps, *clocks}
    return sorted(at for at in found if since <= at < until)


def dealt(shard: int, examples: int) -> Callable[[Any], Any]:
    """Deal so many examples out over the shards, each with a seed of its own."""
    plain = settings(
        max_examples=examples // SHARDS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: seed(shard)(plain(test))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_plan_agrees_with_the_second_opinion_and_leaves_no_hole(shard: int) -> None:
    @dealt(shard, EXAMPLES)
    @given(made=plans())
    def agrees(made: tuple[Plan, datetime]) -> None:
        plan, about = made
        since, until = about - SPREAD, about + SPREAD
        cuts = list(segments(plan, since, until))
        assert (cuts[0].start, cuts[-1].end) == (since, until)
        assert all(a.end == b.start and a.start < a.end for a, b in pairwise(cuts))
        oracle = Oracle(plan, since, until)
        for at in every_instant(cuts, since, until):
            segment = next(cut for cut in cuts if cut.start <= at < cut.end)
            found = on_call(plan, at)
            assert found == segment.duties, at
            for role in ROLES:
                mine = [(d.user, d.source.why.value, d.source.id) for d in found if d.role == role]
                assert mine == oracle.on_call(at, role.value), (at, role)

    agrees()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_past_is_unchanged_after_any_edit(shard: int) -> None:
    @dealt(shard, EXAMPLES // 10)
    @given(before=plans(), after=plans())
    def is_unchanged(before: tuple[Plan, datetime], after: tuple[Plan, datetime]) -> None:
        old, about = before
        since, until = about - SPREAD, about
        was = list(segments(old, since, until))
        kept = tuple((cut.start, cut.end, duty) for cut in was for duty in cut.duties)
        new, _ = after
        edited = replace(new, past=Past(since, until, kept))
        assert shifts(edited, since, until) == shifts(old, since, until)
        for at in every_instant(was, since, until):
            assert on_call(edited, at) == on_call(old, at)
            assert next(segments(edited, at, until)).duties == on_call(old, at)
        ahead = [cut.duties for cut in segments(edited, until, until + SPREAD)]
        assert ahead == [cut.duties for cut in segments(new, until, until + SPREAD)]

    is_unchanged()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_the_shifts_of_a_range_cover_it_exactly(shard: int) -> None:
    @dealt(shard, EXAMPLES // 10)
    @given(made=plans())
    def cover(made: tuple[Plan, datetime]) -> None:
        plan, about = made
        since, until = about - SPREAD, about + SPREAD
        found = shifts(plan, since, until)
        for at in (since + hour * timedelta(hours=1) for hour in range(192)):
            for role in ROLES:
                then = [s.user for s in found if s.role == role and s.start <= at < s.end]
                people = [duty.user for duty in on_call(plan, at) if duty.role == role]
                assert sorted(filter(None, then)) == sorted(people)
                assert then.count(None) == (0 if people else 1)

    cover()
