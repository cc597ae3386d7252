"""Final shifts for display: joined where they belong together, cut at midnight for a list."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.grid import by_day, joined
from schedules.resolver import Plan
from schedules.rota import shifts
from schedules.states import Role, Unit
from tests.schedules.cast import ANN, BERLIN, BOB, rotation, utc

DAY = timedelta(days=1)


def test_back_to_back_turns_of_one_person_are_shown_as_one() -> None:
    plan = Plan((rotation(ANN, ANN, BOB),))
    found = shifts(plan, utc("2026-01-05 08:00"), utc("2026-02-02 08:00"))
    shown = [(s.user, (s.end - s.start).days) for s in joined(found) if s.role == Role.PRIMARY]
    assert shown == [(ANN, 14), (BOB, 7), (ANN, 7)]


def test_a_day_lists_the_part_of_every_shift_that_falls_on_it() -> None:
    plan = Plan((rotation(ANN, BOB, unit=Unit.DAY),))
    found = [
        s for s in shifts(plan, utc("2026-01-05"), utc("2026-01-10")) if s.role == Role.PRIMARY
    ]
    days = by_day(found, date(2026, 1, 6), date(2026, 1, 9), BERLIN, utc("2026-01-07 12:00"))
    assert [(day.on.day, day.is_over, day.is_today) for day in days] == [
        (6, True, False),
        (7, False, True),
        (8, False, False),
    ]
    parts = [(part.shift.user, part.start, part.end) for part in days[1].parts]
    assert parts == [(BOB, None, utc("2026-01-07 08:00")), (ANN, utc("2026-01-07 08:00"), None)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo"])
def test_every_minute_of_a_shift_is_on_some_day(zone: str) -> None:
    plan = Plan((rotation(ANN),))
    found = joined(shifts(plan, utc("2026-03-01"), utc("2026-04-30")))
    days = by_day(found, date(2026, 3, 10), date(2026, 4, 10), ZoneInfo(zone), utc("2026-01-07"))
    assert len(days) == 31
    assert all(len(day.parts) == len(found) for day in days)
