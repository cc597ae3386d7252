"""The calendar as a table: every week is whole, whatever the clocks do."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.grid import joined, midnight, weeks
from schedules.resolver import Plan
from schedules.rota import shifts
from schedules.states import Role, Unit
from tests.schedules.cast import ANN, BERLIN, BOB, CY, override, rotation, utc

WEEK = timedelta(weeks=1)


def drawn(plan: Plan, first: date, zone: ZoneInfo = BERLIN):
    since, until = midnight(first, zone), midnight(first + WEEK, zone)
    return weeks(shifts(plan, since, until), first, 1, zone, utc("2026-01-07 12:00"))[0]


@pytest.mark.parametrize(
    ("zone", "first", "slots"),
    [
        ("Europe/Berlin", date(2026, 1, 5), [48] * 7),
        ("Europe/Berlin", date(2026, 3, 23), [48] * 6 + [46]),
        ("Europe/Berlin", date(2026, 10, 19), [48] * 6 + [50]),
        ("Australia/Lord_Howe", date(2026, 4, 1), [48] * 4 + [49] + [48] * 2),
        ("America/Sao_Paulo", date(2018, 10, 29), [48] * 6 + [46]),
    ],
)
def test_days_are_as_wide_as_they_are_long(zone: str, first: date, slots: list[int]) -> None:
    week = drawn(Plan((rotation(ANN, BOB, unit=Unit.DAY),)), first, ZoneInfo(zone))
    assert [day.slots for day in week.days] == slots
    for lane in week.lanes:
        assert sum(cell.slots for cell in lane.cells) == sum(slots)


def test_cells_show_shifts_gaps_and_the_present() -> None:
    week = drawn(Plan((rotation(ANN, None, unit=Unit.DAY),)), date(2026, 1, 5))
    lane = next(lane for lane in week.lanes if lane.role == Role.PRIMARY)
    assert [cell.slots for cell in lane.cells] == [18, 48, 48, 48, 48, 48, 48, 30]
    names = [cell.shift.user if cell.shift else "?" for cell in lane.cells]
    assert names == [None, ANN, None, ANN, None, ANN, None, ANN]
    assert [cell.is_now for cell in lane.cells].index(True) == 3
    assert [day.is_today for day in week.days].index(True) == 2


def test_people_on_call_together_lie_below_each_other() -> None:
    week = drawn(
        Plan((rotation(ANN, id=1), rotation(BOB, CY, id=2, unit=Unit.DAY))), date(2026, 1, 12)
    )
    primaries = [lane for lane in week.lanes if lane.role == Role.PRIMARY]
    assert [len(lane.cells) for lane in primaries] == [2, 8]


def test_a_shift_shorter_than_the_table_can_show_leaves_the_week_whole() -> None:
    short = override(1, BOB, start=utc("2026-01-06 10:03"), end=utc("2026-01-06 10:05"))
    week = drawn(Plan((rotation(ANN),), (short,)), date(2026, 1, 5))
    assert {sum(cell.slots for cell in lane.cells) for lane in week.lanes} == {7 * 48}


def test_back_to_back_turns_of_one_person_are_shown_as_one() -> None:
    plan = Plan((rotation(ANN, ANN, BOB),))
    found = shifts(plan, utc("2026-01-05 08:00"), utc("2026-02-02 08:00"))
    shown = [(s.user, (s.end - s.start).days) for s in joined(found) if s.role == Role.PRIMARY]
    assert shown == [(ANN, 14), (BOB, 7), (ANN, 7)]
