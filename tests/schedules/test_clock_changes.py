"""Every change of the clocks from 2024 to 2040 in every zone: no gap, and overlap never a gap.

Six kinds of rotation, each with hand-offs around, at and within the hour that is left out or comes
twice, against a count of what the clock on the wall has shown. `make test` looks at some of the
changes, `make test-time` at all.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from schedules.resolver import Plan, Rotation, on_call
from schedules.rota import Segment, segments
from schedules.states import Fills, Role, Unit
from schedules.walltime import first_instant, last_instant
from tests.schedules.extent import ALL, SHARDS
from tests.schedules.oracle_layers import DAY, later

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
SINCE = FIRST - 200 * DAY  # before the first hand-off of any rotation here
Clocks = tuple[tuple[datetime, timedelta], ...]
ODD = ["Australia/Lord_Howe", "Africa/Casablanca", "America/Nuuk", "Asia/Beirut", "Europe/Berlin"]
MEMBERS = (1, 2, 3, 4, 5, 6, 7)
KINDS: list[dict[str, object]] = [
    {"unit": Unit.HOUR, "count": 1},
    {"unit": Unit.HOUR, "count": 12},
    {"unit": Unit.DAY, "count": 1},
    {"unit": Unit.DAY, "count": 3, "fills": Fills.BOTH},
    {"unit": Unit.WEEK, "count": 1, "people_at_once": 2},
    {"unit": Unit.MONTH, "count": 1},
]
BACK = {Unit.HOUR: 3, Unit.DAY: 9, Unit.WEEK: 28, Unit.MONTH: 92}


def offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


@dataclass(frozen=True)
class Turned:
    """The clocks of a zone are changed at an instant. `twins` have the same clocks all the while:
    other names of the zone, or zones whose rules are the same."""

    zone: str
    at: datetime
    twins: tuple[str, ...]


def changes(zone: tzinfo) -> Iterator[datetime]:
    """Yield the instants at which the clocks change, found by looking at every day."""
    day, low_offset = SINCE, offset(SINCE, zone)
    while day < LAST:
        low, high = day, day + DAY
        high_offset = offset(high, zone)
        if low_offset != high_offset:
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(middle, zone) == low_offset else (low, middle)
            yield high.replace(microsecond=0)
        day, low_offset = day + DAY, high_offset


@lru_cache
def everything() -> list[Turned]:
    names = sorted(name for name in available_timezones() if name not in ("Factory", "localtime"))
    if not ALL:
        names = [*names[::40], *ODD]
    clocks: dict[Clocks, list[str]] = {}
    for name in names:
        zone = ZoneInfo(name)
        steps = tuple((at, offset(at, zone)) for at in [SINCE, *changes(zone)])
        clocks.setdefault(steps, []).append(name)
    found = [
        Turned(first, at, tuple(twins))
        for steps, (first, *twins) in clocks.items()
        for at, _ in steps[1:]
        if at >= FIRST
    ]
    return found if ALL else found[:: len(found) // 60]


def looked_at(change: datetime) -> list[datetime]:
    """Return the instants to ask about: dense around the change, sparse a day before and after."""
    micro = timedelta(microseconds=1)
    found = [change + n * 15 * MINUTE for n in range(-16, 17)]
    found += [change + n * 90 * MINUTE + 7 * MINUTE for n in range(-17, 18)]
    return sorted([*found, change - micro, change + micro])


def handoffs(change: datetime, zone: tzinfo) -> list[datetime]:
    """Return wall times around the hour that is left out, or comes twice; and nine o'clock."""
    before, after = (
        (change + offset(at, zone)).replace(tzinfo=None)
        for at in (change - timedelta(seconds=1), change)
    )
    low, high = sorted((before, after))
    nine = datetime.combine(low.date(), time(9))
    return [low, low + (high - low) / 2, high, high - MINUTE, nine]


def begin(wall: datetime, kind: dict[str, object]) -> datetime:
    """Return a first hand-off some turns back that leads to one at `wall`."""
    back = datetime.combine(wall.date() - BACK[Unit(kind["unit"])] * DAY, wall.time())
    if kind["unit"] == Unit.MONTH:  # three months back, on a day every month has
        day = min(wall.day, 28)
        year, month = divmod(wall.year * 12 + wall.month - 1 - 3, 12)
        back = back.replace(year=year, month=month + 1, day=day)
    return back


def due(rotation: Rotation, until: date) -> list[datetime]:
    """Return the wall times of its hand-offs, added up one by one from the first."""
    found = [rotation.starts]
    while found[-1].date() <= until:
        n = len(found) * rotation.count
        found.append(later(rotation.starts, rotation.unit.value, n))
    return found


def expected(rotation: Rotation, turn: int) -> tuple[list[int], list[int]]:
    size = len(MEMBERS)
    if rotation.people_at_once == 2:
        return [MEMBERS[2 * turn % size], MEMBERS[(2 * turn + 1) % size]], []
    behind = [MEMBERS[(turn + 1) % size]] if rotation.fills == Fills.BOTH else []
    return [MEMBERS[turn % size]], behind


def agrees(zone: tzinfo, change: datetime) -> None:
    instants = looked_at(change)
    walls = [at.astimezone(zone).replace(tzinfo=None, fold=0) for at in instants]
    latest = list(accumulate(walls, max))
    for wall in handoffs(change, zone):
        for kind in KINDS:
            rotation = Rotation(1, zone, begin(wall, kind), members=MEMBERS, **kind)  # type: ignore[arg-type]
            plan = Plan((rotation,))
            hands = due(rotation, latest[-1].date())
            cuts = without_a_hole(plan, instants[0], instants[-1] + HOUR)
            here = 0
            for at, shown in zip(instants, latest, strict=True):
                while cuts[here].end <= at:
                    here += 1
                duties = cuts[here].duties
                primary = [duty.user for duty in duties if duty.role == Role.PRIMARY]
                secondary = [duty.user for duty in duties if duty.role == Role.SECONDARY]
                turn = bisect_right(hands, shown) - 1
                assert (primary, secondary) == expected(rotation, turn), (rotation, at)
                if abs(at - change) <= 2 * HOUR:
                    assert on_call(plan, at) == duties, (rotation, at)


def is_twin(one: tzinfo, other: tzinfo, change: datetime) -> None:
    """A zone is asked two things only: what the wall shows, and when it shows a wall time."""
    for at in looked_at(change):
        shown, also = at.astimezone(one), at.astimezone(other)
        assert (shown.replace(tzinfo=None), shown.fold) == (also.replace(tzinfo=None), also.fold)
    for wall in handoffs(change, one):
        assert first_instant(wall, one) == first_instant(wall, other)
        assert last_instant(wall, one) == last_instant(wall, other)


def without_a_hole(plan: Plan, since: datetime, until: datetime) -> list[Segment]:
    """Return the segments, none of which is empty, missing, or says what is not said at once."""
    cuts = list(segments(plan, since, until))
    assert (cuts[0].start, cuts[-1].end) == (since, until)
    for one, other in pairwise(cuts):
        assert one.start < one.end == other.start
        assert one.duties != other.duties, "a hand-off that hands nothing over"
    for cut in cuts:
        assert on_call(plan, cut.start) == cut.duties
        assert on_call(plan, cut.end - timedelta(microseconds=1)) == cut.duties
    return cuts


@pytest.mark.timeout(900)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_everybody_hands_over_once_and_nobody_is_missing_at_any_change(shard: int) -> None:
    mine = everything()[shard::SHARDS]
    assert mine, "no zone changes its clocks"
    for turned in mine:
        zone = ZoneInfo(turned.zone)
        agrees(zone, turned.at)
        for twin in turned.twins:
            is_twin(zone, ZoneInfo(twin), turned.at)
