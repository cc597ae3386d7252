# ruff: noqa: DTZ001 - a wall time has no zone
"""The right person at every instant, against a second opinion that shares nothing with us."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.resolver import Duty, Plan, Source, on_call, turn_at, turn_start
from schedules.states import Fills, Role, Unit, Why
from tests.schedules import walk as oracle
from tests.schedules.cast import (
    ANN,
    BERLIN,
    BOB,
    CHANGES,
    CY,
    DEE,
    HANDOFFS,
    TURNS,
    override,
    people,
    rotation,
    utc,
)

# Hand-offs and the clocks


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize(("unit", "count"), TURNS)
def test_the_turn_is_right_in_every_quarter_of_an_hour_around_a_change_of_the_clocks(
    zone: str, day: datetime, unit: Unit, count: int
) -> None:
    every = [
        rotation(
            ANN, BOB, CY, id=number, zone=ZoneInfo(zone), unit=unit, count=count,
            starts=f"{day - timedelta(days=9):%Y-%m-%d} {handoff}",
        )
        for number, handoff in enumerate(HANDOFFS)
    ]  # fmt: skip
    since = (day - timedelta(days=2)).replace(tzinfo=UTC)
    for at, walks in oracle.walk(every, since, since + timedelta(days=5)):
        for one, walked in zip(every, walks, strict=True):
            assert turn_at(one, at) == walked.turn, (zone, one.starts, at)


def test_a_hand_off_keeps_its_hour_on_the_wall_and_the_day_lasts_23_or_25_hours() -> None:
    daily = rotation(ANN, BOB, unit=Unit.DAY, starts="2026-03-01 09:00")
    lengths = {
        f"{day}": turn_start(daily, day + 1) - turn_start(daily, day) for day in (26, 27, 28, 237)
    }
    assert lengths == {
        "26": timedelta(hours=24),
        "27": timedelta(hours=23),
        "28": timedelta(hours=24),
        "237": timedelta(hours=25),
    }


def test_at_the_hand_off_instant_the_next_person_is_on_call() -> None:
    plan = Plan((rotation(ANN, BOB),))
    assert people(plan, "2026-01-12 07:59:59.999999") == [ANN]
    assert people(plan, "2026-01-12 08:00") == [BOB]


def test_a_hand_off_in_the_missing_hour_happens_when_the_clocks_go_forward() -> None:
    plan = Plan((rotation(ANN, BOB, unit=Unit.DAY, starts="2026-03-28 02:30"),))
    assert people(plan, "2026-03-29 00:59:59") == [ANN]
    assert people(plan, "2026-03-29 01:00") == [BOB]


def test_a_hand_off_in_the_repeated_hour_happens_once_and_the_outgoing_person_stays_out() -> None:
    plan = Plan((rotation(ANN, BOB, unit=Unit.DAY, starts="2026-10-24 02:30"),))
    assert people(plan, "2026-10-25 00:29") == [ANN]
    assert people(plan, "2026-10-25 00:30") == [BOB]
    assert people(plan, "2026-10-25 01:15") == [BOB]  # the wall shows 02:15 again


def test_nobody_is_on_call_before_a_rotation_begins_and_somebody_for_ever_after() -> None:
    plan = Plan((rotation(ANN, BOB),))
    assert people(plan, "2026-01-05 07:59") == []
    assert people(plan, "2026-01-05 08:00") == [ANN]
    assert people(plan, "9999-12-30 08:00") != []


def test_a_look_up_costs_the_same_a_thousand_years_on() -> None:
    hourly = rotation(ANN, BOB, CY, unit=Unit.HOUR)
    hours = datetime(3026, 1, 5) - datetime(2026, 1, 5)
    assert turn_at(hourly, utc("3026-01-05 08:00")) == hours // timedelta(hours=1)


def test_the_zone_of_the_question_does_not_matter() -> None:
    plan = Plan((rotation(ANN, BOB),))
    at = datetime(2026, 1, 12, 9, tzinfo=BERLIN)
    assert people(plan, at) == people(plan, at.astimezone(ZoneInfo("Asia/Tokyo"))) == [BOB]


# Roles, ranks, gaps


def test_the_next_in_line_is_secondary() -> None:
    plan = Plan((rotation(ANN, BOB, CY, fills=Fills.BOTH),))
    for week in range(6):
        at = utc("2026-01-05 08:00") + timedelta(weeks=week)
        assert people(plan, at) == [[ANN, BOB, CY][week % 3]]
        assert people(plan, at, Role.SECONDARY) == [[BOB, CY, ANN][week % 3]]


def test_a_person_is_never_their_own_secondary() -> None:
    assert people(Plan((rotation(ANN, fills=Fills.BOTH),)), "2026-01-06", Role.SECONDARY) == []
    twice = Plan((rotation(ANN, ANN, BOB, fills=Fills.BOTH),))
    assert people(twice, "2026-01-06", Role.SECONDARY) == [BOB]


def test_an_empty_slot_belongs_to_nobody_and_its_secondary_still_stands_by() -> None:
    plan = Plan((rotation(None, BOB, None, fills=Fills.BOTH),))
    assert people(plan, "2026-01-06") == []
    assert people(plan, "2026-01-06", Role.SECONDARY) == [BOB]


def test_a_higher_rank_covers_a_lower_and_an_empty_one_hides_nothing() -> None:
    base = rotation(ANN, id=1)
    cover = rotation(None, BOB, id=2, rank=5)
    plan = Plan((base, cover, rotation(id=3, rank=9)))
    assert people(plan, "2026-01-06") == [ANN]
    assert people(plan, "2026-01-13") == [BOB]


def test_the_same_rank_is_on_call_together() -> None:
    assert people(Plan((rotation(ANN, id=1), rotation(BOB, id=2))), "2026-01-06") == [ANN, BOB]


def test_a_role_that_no_rotation_fills_stays_with_the_members() -> None:
    plan = Plan((rotation(ANN, BOB),), standing={Role.PRIMARY: (DEE,), Role.SECONDARY: (CY,)})
    assert on_call(plan, utc("2026-01-06")) == (
        Duty(ANN, Role.PRIMARY, Source(Why.ROTATION, 1, 0)),
        Duty(CY, Role.SECONDARY, Source(Why.MEMBER)),
    )


def test_where_nobody_is_ticked_the_next_who_is_not_primary_is_secondary() -> None:
    plan = Plan((rotation(ANN, BOB),), in_order=(ANN, BOB, CY))
    assert people(plan, "2026-01-06", Role.SECONDARY) == [BOB]
    assert people(plan, "2026-01-13", Role.SECONDARY) == [ANN]
    assert people(Plan(in_order=(ANN, BOB)), "2026-01-06") == [ANN]


def test_until_the_first_rotation_begins_the_members_stand_in() -> None:
    plan = Plan((rotation(ANN),), standing={Role.PRIMARY: (DEE,)})
    assert people(plan, "2026-01-01") == [DEE]


def test_a_gap_inside_a_rotation_is_not_filled_from_the_members() -> None:
    plan = Plan((rotation(None, ANN),), standing={Role.PRIMARY: (DEE,)})
    assert people(plan, "2026-01-06") == []


# Overrides


def test_an_override_of_the_role_puts_one_person_in() -> None:
    plan = Plan((rotation(ANN, BOB, fills=Fills.BOTH),), (override(1, DEE),))
    assert people(plan, "2026-01-06") == [DEE]
    assert people(plan, "2026-01-06", Role.SECONDARY) == [BOB]


def test_an_override_is_half_open() -> None:
    mine = override(1, DEE, start=utc("2026-01-06 10:00"), end=utc("2026-01-06 12:00"))
    plan = Plan((rotation(ANN),), (mine,))
    assert people(plan, "2026-01-06 09:59:59") == [ANN]
    assert people(plan, "2026-01-06 10:00") == people(plan, "2026-01-06 11:59:59") == [DEE]
    assert people(plan, "2026-01-06 12:00") == [ANN]


def test_an_override_of_a_person_counts_only_while_they_are_on_call() -> None:
    plan = Plan((rotation(ANN, BOB),), (override(1, DEE, replaces=ANN),))
    assert people(plan, "2026-01-06") == [DEE]
    assert people(plan, "2026-01-13") == [BOB]


def test_the_override_made_last_is_right() -> None:
    plan = Plan((rotation(ANN),), (override(2, CY), override(1, BOB)))
    assert people(plan, "2026-01-06") == [CY]


def test_overrides_chain_in_whatever_order_they_were_made() -> None:
    for first, second in ((1, 2), (2, 1)):
        covers = (override(first, BOB, replaces=ANN), override(second, CY, replaces=BOB))
        assert people(Plan((rotation(ANN),), covers), "2026-01-06") == [CY]


def test_a_circle_of_overrides_is_an_exchange_and_nobody_is_lost() -> None:
    circle = (override(1, BOB, replaces=ANN), override(2, ANN, replaces=BOB))
    plan = Plan((rotation(ANN, BOB),), circle)
    assert people(plan, "2026-01-06") == [BOB]
    assert people(plan, "2026-01-13") == [ANN]


def test_an_override_fills_a_gap() -> None:
    assert people(Plan((rotation(None),), (override(1, DEE),)), "2026-01-06") == [DEE]


def test_a_turn_of_no_length_or_a_start_with_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        rotation(ANN, count=0)
    with pytest.raises(ValueError, match="without a zone"):
        rotation(ANN, starts="2026-01-01 09:00+01:00")
