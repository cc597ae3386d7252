"""The score says whether somebody is always on call and whether the load is shared."""

from datetime import date

import pytest

from schedules.findings_words import Names, advice
from schedules.quality import YEAR, Quality, quality
from schedules.resolver import Plan
from schedules.rota import shifts
from schedules.states import Advance, Fills, Role, Unit
from tests.schedules.cast import ANN, BERLIN, BOB, CY, override, rotation, utc

NOW = utc("2026-01-05 08:00")
WEEKDAYS = tuple((day * 1440 + 540, day * 1440 + 1020) for day in range(5))
NAMES = Names(BERLIN, BERLIN, NOW, {ANN: "Ann", BOB: "Bob", CY: "Cy"})


def judged(plan: Plan) -> Quality:
    return quality(plan, shifts(plan, NOW, NOW + YEAR), NOW, NOW + YEAR)


@pytest.mark.parametrize("people", [1, 2, 3, 5, 7, 11])
@pytest.mark.parametrize("unit", [Unit.DAY, Unit.WEEK, Unit.MONTH])
def test_a_plain_rotation_is_perfect_however_many_share_it(people: int, unit: Unit) -> None:
    line = rotation(*range(1, people + 1), unit=unit, starts="2026-01-05 09:00")
    found = judged(Plan((line,)))
    assert (found.score, found.covered_percent, found.balance_percent) == (100, 100, 100)
    assert advice(found, NAMES) == []


def test_hours_without_anybody_cost_coverage_and_advice_says_how_many() -> None:
    office = Plan((rotation(ANN, BOB, windows=WEEKDAYS, starts="2026-01-05 09:00"),))
    found = judged(office)
    assert found.covered_percent == 23
    assert found.score == 61
    assert advice(found, NAMES) == [
        "Put a Primary on call in the 6,656 hours without one: 39 points more."
    ]


def test_somebody_who_starves_costs_balance_and_is_named() -> None:
    line = {"unit": Unit.DAY, "windows": WEEKDAYS, "starts": "2026-01-05 09:00"}
    starved = Plan((rotation(1, 2, 3, 4, 5, 6, 7, **line),))
    names = Names(BERLIN, BERLIN, NOW, {n: f"P{n}" for n in range(1, 8)})
    found = judged(starved)
    assert found.loads[-1].hours.total_seconds() == 0
    assert round(found.balance, 2) == 0.52
    assert any("P7 no turn at all" in line for line in advice(found, names))
    fair = judged(Plan((rotation(1, 2, 3, 4, 5, 6, 7, advance=Advance.WORKED, **line),)))
    assert fair.balance == 1


def test_a_year_of_covering_for_somebody_shows_as_too_much() -> None:
    plan = Plan(
        (rotation(ANN, BOB, CY, starts="2026-01-05 09:00"),),
        (override(1, ANN, replaces=BOB),),
    )
    found = judged(plan)
    most = found.loads[0]
    assert (most.user, most.is_much) == (ANN, True)
    assert advice(found, NAMES)[0].startswith("Share the load: Ann has 102 % more than the mean")


def test_whoever_joins_halfway_is_measured_by_their_half() -> None:
    dated = ((None, None), (None, None), (date(2026, 7, 6), None))
    found = judged(Plan((rotation(ANN, BOB, CY, dated=dated, starts="2026-01-05 09:00"),)))
    assert {load.user for load in found.loads} == {ANN, BOB, CY}
    assert found.balance > 0.8


def test_whoever_leaves_in_a_few_weeks_is_not_compared() -> None:
    dated = ((None, None), (None, None), (None, date(2026, 1, 20)))
    found = judged(Plan((rotation(ANN, BOB, CY, dated=dated, starts="2026-01-05 09:00"),)))
    assert {load.user for load in found.loads} == {ANN, BOB}
    assert found.score == 100


def test_a_schedule_that_fills_secondary_alone_is_judged_by_it() -> None:
    found = judged(Plan((rotation(ANN, BOB, fills=Fills.SECONDARY, starts="2026-01-05 09:00"),)))
    assert (found.role, found.score) == (Role.SECONDARY, 100)
