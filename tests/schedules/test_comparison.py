"""Two plans side by side: exactly where they differ, and nowhere else. Pure."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schedules import comparison, resolver
from schedules.resolver import Plan
from schedules.states import Role, Unit
from tests.schedules.cast import ANN, BOB, CY, override, rotation, utc

SINCE, UNTIL = utc("2026-01-05 08:00"), utc("2026-02-02 08:00")
BEFORE = Plan((rotation(ANN, BOB),))


def differences(after: Plan, most: int = 100):
    return comparison.differences(BEFORE, after, SINCE, UNTIL, most=most)


def test_equal_plans_differ_nowhere() -> None:
    assert differences(Plan((rotation(ANN, BOB),))) == ([], False)


def test_one_override_is_one_difference_although_a_turn_ends_in_it() -> None:
    over = override(1, CY, start=utc("2026-01-10"), end=utc("2026-01-14"))
    found, more = differences(Plan((rotation(ANN, BOB),), (over,)))
    assert [(d.start, d.end, d.before, d.after) for d in found] == [
        (utc("2026-01-10"), utc("2026-01-12 08:00"), (ANN,), (CY,)),
        (utc("2026-01-12 08:00"), utc("2026-01-14"), (BOB,), (CY,)),
    ]
    assert not more


def test_a_removal_is_marked_as_a_gap() -> None:
    over = override(1, None, ANN, kind="remove", start=utc("2026-01-06"), end=utc("2026-01-07"))
    found, _ = differences(Plan((rotation(ANN, BOB),), (over,)))
    assert [(d.is_gap, d.after) for d in found] == [(True, ())]


def test_no_more_than_asked_for_are_returned_the_first_ones() -> None:
    daily = Plan((rotation(ANN, BOB, CY, unit=Unit.DAY),))
    every, more = differences(daily)
    assert not more
    found, more = differences(daily, most=5)
    assert (found, more) == (every[:5], True)


@given(st.integers(0, 28 * 24 * 4 - 1), st.integers(1, 2000), st.integers(1, 400))
def test_at_every_instant_it_says_what_the_resolver_says(at: int, start: int, span: int) -> None:
    begins = SINCE + timedelta(minutes=15 * start)
    ends = begins + timedelta(minutes=15 * span)
    after = Plan((rotation(ANN, BOB),), (override(1, CY, ANN, start=begins, end=ends),))
    instant = SINCE + timedelta(minutes=15 * at)
    found, _ = differences(after)
    here = [d for d in found if d.start <= instant < d.end and d.role == Role.PRIMARY]
    was, will = (
        tuple(duty.user for duty in resolver.on_call(plan, instant)) for plan in (BEFORE, after)
    )
    assert [(d.before, d.after) for d in here] == ([(was, will)] if was != will else [])
