"""Stretches of time: no gap, no overlap, final shifts with their reason, the next hand-off."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.resolver import Plan, Source, turn_at, turn_start
from schedules.rota import Shift, next_handoff, next_shift, segments, shifts
from schedules.states import Role, Unit, Why
from tests.schedules.cast import (
    ANN,
    BOB,
    CHANGES,
    CY,
    DEE,
    HANDOFFS,
    TURNS,
    override,
    rotation,
    utc,
)


@pytest.mark.parametrize(("zone", "day"), CHANGES)
@pytest.mark.parametrize("handoff", HANDOFFS)
def test_one_turn_ends_where_the_next_begins(zone: str, day: datetime, handoff: str) -> None:
    for unit, count in TURNS:
        one = rotation(
            ANN, BOB, zone=ZoneInfo(zone), unit=unit, count=count,
            starts=f"{day - timedelta(days=9):%Y-%m-%d} {handoff}",
        )  # fmt: skip
        at = until = (day - timedelta(days=2)).replace(tzinfo=UTC)
        until += timedelta(days=5)
        found = list(segments(Plan((one,)), at, until))
        for segment in found:
            assert segment.start == at < segment.end
            assert len(segment.people(Role.PRIMARY)) == 1
            turn = turn_at(one, segment.start)
            assert turn is not None
            assert turn_at(one, segment.end - timedelta(microseconds=1)) == turn
            assert turn_start(one, turn) <= segment.start < segment.end <= turn_start(one, turn + 1)
            at = segment.end
        assert at == until


def test_the_final_shifts_of_a_range_say_who_when_and_why() -> None:
    mine = override(7, DEE, start=utc("2026-01-07 08:00"), end=utc("2026-01-08 08:00"))
    plan = Plan((rotation(ANN, BOB),), (mine,))
    primary = [s for s in shifts(plan, utc("2026-01-04"), utc("2026-01-14")) if s.role == "primary"]
    week, turn0 = Role.PRIMARY, Source(Why.ROTATION, 1, 0)
    assert primary == [
        Shift(None, week, utc("2026-01-04"), utc("2026-01-05 08:00"), None),
        Shift(ANN, week, utc("2026-01-05 08:00"), utc("2026-01-07 08:00"), turn0),
        Shift(DEE, week, utc("2026-01-07 08:00"), utc("2026-01-08 08:00"), Source(Why.OVERRIDE, 7)),
        Shift(ANN, week, utc("2026-01-08 08:00"), utc("2026-01-12 08:00"), turn0),
        Shift(BOB, week, utc("2026-01-12 08:00"), utc("2026-01-14"), Source(Why.ROTATION, 1, 1)),
    ]


def test_a_hidden_rotation_does_not_cut_the_shift_that_hides_it() -> None:
    hidden = rotation(BOB, CY, id=2, unit=Unit.DAY)
    plan = Plan((rotation(ANN, rank=1), hidden))
    found = shifts(plan, utc("2026-01-05 08:00"), utc("2026-01-12 08:00"))
    assert [s.user for s in found if s.role == Role.PRIMARY] == [ANN]


def test_the_next_hand_off_is_when_the_people_change_not_when_a_turn_ends() -> None:
    plan = Plan((rotation(ANN, ANN, BOB),))
    change = next_handoff(plan, utc("2026-01-06"), within=timedelta(days=60))
    assert change is not None
    assert change.start == utc("2026-01-19 08:00")
    assert change.people(Role.PRIMARY) == (BOB,)
    assert next_handoff(Plan((rotation(ANN),)), utc("2026-01-06"), within=timedelta(days=9)) is None


def test_my_next_shift_is_the_one_i_am_in_or_the_next_to_come_back_to_back_turns_joined() -> None:
    plan = Plan((rotation(ANN, BOB, BOB),))
    mine = next_shift(plan, BOB, utc("2026-01-06"), within=timedelta(days=60))
    assert mine is not None
    assert (mine.start, mine.end) == (utc("2026-01-12 08:00"), utc("2026-01-26 08:00"))
    during = next_shift(plan, BOB, utc("2026-01-20"), within=timedelta(days=60))
    assert during is not None
    assert during.start == utc("2026-01-20")
    assert next_shift(plan, DEE, utc("2026-01-06"), within=timedelta(days=60)) is None
