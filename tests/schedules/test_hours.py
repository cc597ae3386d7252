"""Hours on call per person are hours that passed, sorted by what the clocks show."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from schedules.bars import bars
from schedules.hours import NONE, Hours, Times, on_shift, per_person, shared
from schedules.resolver import Plan
from schedules.rota import shifts
from schedules.states import Fills, Role, Unit
from tests.schedules.cast import ANN, BERLIN, BOB, rotation, utc

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hours(
    plan: Plan, since: datetime, until: datetime, *holidays: date, now: datetime | None = None
) -> dict[int, Hours]:
    times = Times.of(since, until, BERLIN, frozenset(holidays))
    serving = on_shift(shifts(plan, since, until))
    return {each.user: each for each in per_person(serving, times, now or since)}


def test_a_week_has_nights_a_weekend_and_its_holidays() -> None:
    weekly = Plan((rotation(ANN, BOB, starts="2026-01-05 09:00"),))
    since = utc("2026-01-05 08:00")
    found = hours(weekly, since, since + 14 * DAY, date(2026, 1, 6))
    ann, bob = found[ANN], found[BOB]
    assert (ann.total, ann.shifts) == (168 * HOUR, 1)
    assert ann.nights == 7 * 8 * HOUR
    assert ann.weekends == bob.weekends == 48 * HOUR
    assert (ann.holidays, bob.holidays) == (24 * HOUR, NONE)
    assert sum(ann.parts, NONE) == ann.total
    assert ann.parts == (64 * HOUR, (40 - 8) * HOUR, 48 * HOUR, 24 * HOUR)


def test_the_night_the_clocks_go_back_has_an_hour_more() -> None:
    daily = Plan((rotation(ANN, unit=Unit.DAY, starts="2026-10-01 09:00"),))
    spring, autumn = utc("2026-03-28 11:00"), utc("2026-10-24 10:00")  # noon in Berlin
    early = Plan((rotation(ANN, starts="2026-01-05 09:00"),))
    assert hours(early, spring, utc("2026-03-29 10:00"))[ANN].nights == 7 * HOUR
    assert hours(daily, autumn, utc("2026-10-25 11:00"))[ANN].nights == 9 * HOUR
    assert hours(daily, autumn, utc("2026-10-25 11:00"))[ANN].total == 25 * HOUR


def test_the_zone_that_is_asked_for_says_what_is_night() -> None:
    plan = Plan((rotation(ANN, starts="2026-01-05 09:00"),))
    since, until = utc("2026-01-06 05:00"), utc("2026-01-06 06:00")
    serving = on_shift(shifts(plan, since, until))
    for zone, nights in ((BERLIN, NONE), (ZoneInfo("America/New_York"), HOUR)):
        times = Times.of(since, until, zone, frozenset())
        assert per_person(serving, times, since)[0].nights == nights


def test_one_role_can_be_asked_for_and_two_at_once_count_once() -> None:
    both = Plan((
        rotation(ANN, id=1, starts="2026-01-05 09:00"),
        rotation(ANN, id=2, fills=Fills.SECONDARY, starts="2026-01-05 09:00"),
    ))  # fmt: skip
    since = utc("2026-01-05 08:00")
    found = shifts(both, since, since + DAY)
    assert on_shift(found)[ANN] == on_shift(found, Role.SECONDARY)[ANN] == [(since, since + DAY)]


def test_a_standing_order_is_no_shift() -> None:
    standing = Plan(standing={Role.PRIMARY: (ANN,)})
    assert on_shift(shifts(standing, utc("2026-01-05"), utc("2026-01-06"))) == {}


def test_what_is_past_is_told_apart() -> None:
    plan = Plan((rotation(ANN, starts="2026-01-05 09:00"),))
    since = utc("2026-01-06 00:00")
    found = hours(plan, since, since + DAY, now=since + 6 * HOUR)
    assert (found[ANN].past, found[ANN].total) == (6 * HOUR, 24 * HOUR)


SPANS = st.lists(st.integers(0, 200), max_size=12, unique=True).map(sorted)


@given(some=SPANS, others=SPANS)
def test_shared_time_agrees_with_counting_every_hour(some: list[int], others: list[int]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def spans(edges: list[int]):
        pairs = zip(edges[::2], edges[1::2], strict=False)
        return [(start + a * HOUR, start + b * HOUR) for a, b in pairs]

    one, other = spans(some), spans(others)
    both = sum(
        any(a <= start + n * HOUR < b for a, b in one)
        and any(a <= start + n * HOUR < b for a, b in other)
        for n in range(200)
    )
    assert shared(one, other) == both * HOUR


def test_bars_are_drawn_against_the_longest_and_add_up() -> None:
    plan = Plan((rotation(ANN, BOB, starts="2026-01-05 09:00"),))
    since = utc("2026-01-05 08:00")
    serving = on_shift(shifts(plan, since, since + 10 * DAY))
    found = per_person(serving, Times.of(since, since + 10 * DAY, BERLIN, frozenset()), since)
    drawn, mean = bars(found)
    widths = [sum(float(part.width[:-1]) for part in bar) for bar in drawn]
    assert [round(width, 1) for width in widths] == [100.0, 42.9]
    assert mean == "71.429%"
    assert bars([]) == ([], "")
