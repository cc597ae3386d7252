"""Everything that may leave an alert unanswered is found, and said in a sentence."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.findings import Facts, Finding, Kind, Level, find, turned
from schedules.findings_words import Names, sentence
from schedules.quality import YEAR
from schedules.recurrence import parse
from schedules.resolver import Fixed, Imported, Plan
from schedules.rota import shifts
from schedules.states import Fills, Role, Unit, Why
from tests.schedules.cast import ANN, BERLIN, BOB, CY, rotation, utc

NOW = utc("2026-01-07 12:00")
DAY = timedelta(days=1)
REACHED = Facts(reached_by={who: frozenset({"sms", "email"}) for who in (ANN, BOB, CY)})
WEEKDAYS = tuple((day * 1440 + 540, day * 1440 + 1020) for day in range(5))


def found(plan: Plan, facts: Facts = REACHED, now: datetime = NOW) -> list[Finding]:
    return find(plan, shifts(plan, now, now + YEAR), facts, BERLIN, now)


def said(plan: Plan, facts: Facts = REACHED, now: datetime = NOW) -> list[str]:
    layers = {
        layer.key: f"L{layer.key[1]}" for layer in (*plan.rotations, *plan.fixed, *plan.imported)
    }
    names = Names(BERLIN, BERLIN, now, {ANN: "Ann", BOB: "Bob", CY: "Cy"}, layers)
    return [sentence(each, names) for each in found(plan, facts, now)]


def pair(**fields: object) -> Plan:
    return Plan((rotation(ANN, BOB, fills=Fills.BOTH, **fields),))


def test_nothing_is_wrong_with_two_people_who_take_turns() -> None:
    assert said(pair()) == []


def test_gaps_are_told_each_with_its_end_and_how_many_more() -> None:
    office = Plan((rotation(ANN, BOB, windows=WEEKDAYS),), standing={Role.SECONDARY: (CY,)})
    gap = found(office)[0]
    assert (gap.kind, gap.level, gap.role, gap.count) == (Kind.GAP, Level.DANGER, Role.PRIMARY, 0)
    assert said(office)[0] == (
        "Nobody is Primary from Wed 7 Jan, 17:00 until Thu 8 Jan, 09:00. "
        "Alerts go to the next level at once."
    )
    assert sum("Nobody is Primary" in line for line in said(office)) == 3
    assert any("And 19 more gaps in the next 30 days." in line for line in said(office))


def test_a_gap_that_never_ends_is_told_once() -> None:
    nobody = Plan((rotation(None, fills=Fills.BOTH),))
    assert said(nobody)[:2] == [
        "Nobody is Primary now or in the next 30 days. Alerts go to the next level at once.",
        "Nobody is Secondary now or in the next 30 days. Alerts go to the next level at once.",
    ]


def test_a_hole_made_on_purpose_is_noted_and_alarms_nobody() -> None:
    first = datetime.fromisoformat("2026-01-10 09:00")
    hole = Fixed(9, BERLIN, first, first + DAY, (), rank=5, is_nobody=True)
    plan = Plan(pair().rotations, fixed=(hole,))
    assert [(each.kind, each.level) for each in found(plan)] == [(Kind.GAP, Level.INFO)]
    [line] = said(plan)
    assert line == (
        "Nobody is Primary from Sat 10 Jan, 09:00 until Sun 11 Jan, 09:00, on purpose. "
        "Alerts go to the next level at once."
    )


def test_layers_that_name_nobody_are_told() -> None:
    first = datetime.fromisoformat("2026-01-01 00:00")
    empty = Fixed(7, BERLIN, first, first + DAY, (), rule=parse("FREQ=WEEKLY", first.date()))
    past = Fixed(
        8, BERLIN, first, first + DAY, (ANN,), rule=parse("FREQ=WEEKLY;COUNT=1", first.date())
    )
    plan = Plan((*pair().rotations, rotation(id=5), rotation(None, id=6)), fixed=(empty, past))
    lines = said(plan)
    assert "“L5” puts nobody on call: it names no person." in lines
    assert "“L6” puts nobody on call: it names no person." in lines
    assert "“L7” puts nobody on call: it names no person." in lines
    assert "“L8” is not in force at any time in the coming year." in lines


def test_people_nobody_can_reach_are_told_with_when_they_are_on_call() -> None:
    facts = Facts(reached_by={BOB: frozenset({"email"})})
    assert said(pair(), facts) == [
        "Ann is on call now and has no verified contact method: no page can arrive.",
        "Bob is on call now and can be reached by e-mail alone, which wakes nobody.",
    ]
    later = Plan((rotation(ANN, BOB, fills=Fills.PRIMARY),), standing={Role.SECONDARY: (CY,)})
    known = Facts(reached_by={ANN: frozenset({"sms"}), CY: frozenset({"sms"})})
    assert said(later, known) == [
        "Bob is on call Mon 12 Jan, 09:00 and has no verified contact method: no page can arrive."
    ]


def test_somebody_without_a_turn_in_twelve_weeks_is_told() -> None:
    daily = {"unit": Unit.DAY, "starts": "2026-01-05 09:00"}
    starved = Plan((
        rotation(ANN, ANN, ANN, ANN, ANN, BOB, CY, windows=WEEKDAYS, **daily),
        rotation(ANN, id=2, rank=0, fills=Fills.SECONDARY),
    ))  # fmt: skip
    lines = said(starved)
    assert (
        "Bob takes turns but never gets one in the coming year. "
        "Where duty hours leave turns out, let the turn pass on only after work." in lines
    )
    assert "Ann is the only one on call in the next 12 weeks: nobody takes over." in lines
    slow = Plan((rotation(ANN, BOB, CY, unit=Unit.MONTH, count=2, fills=Fills.BOTH),))
    long = [line for line in said(slow) if "12 weeks" in line]
    assert long == []  # next in line is Secondary
    alone = Plan((rotation(ANN, BOB, CY, unit=Unit.MONTH, count=2),))
    assert "Cy has no turn in the next 12 weeks; the next begins Tue 5 May, 09:00." in said(alone)


def test_whoever_joins_later_or_leaves_is_not_called_starved() -> None:
    dated = ((None, None), (None, None), (date(2026, 3, 30), None))
    line = rotation(ANN, BOB, CY, fills=Fills.PRIMARY, dated=dated)
    assert not any("Cy" in text for text in said(Plan((line,))))


def test_calendars_that_cannot_be_read_and_names_nobody_knows_are_told() -> None:
    key = (Why.IMPORT, 4)
    event = (NOW - DAY, NOW + 400 * DAY, ANN)
    plan = Plan(pair().rotations, imported=(Imported(4, Role.PRIMARY, 1, (event,)),))
    facts = Facts(
        reached_by=REACHED.reached_by, unread=((key, "It answered 404."),),
        unknown=((key, ("zoe", "Max M.")),), absent=(((Why.ROTATION, 1), CY),),
    )  # fmt: skip
    lines = said(plan, facts)
    assert "The calendar “L4” cannot be read; its last good copy counts. It answered 404." in lines
    assert "The calendar “L4” names people nobody knows here: zoe, Max M.." in lines
    assert "Cy has a place in “L1” but cannot be on call: that turn is nobody's." in lines


def test_a_draft_and_a_schedule_without_layers_say_so() -> None:
    facts = Facts(is_active=False)
    nobody = Plan((rotation(None, fills=Fills.BOTH),))
    assert Level.DANGER in {each.level for each in found(nobody)}
    assert Level.DANGER not in {each.level for each in found(nobody, facts)}
    assert said(Plan(), facts)[-1] == "A draft: it decides nothing. This is what it would do."
    assert "No layers yet: the members are on call in their order." in said(Plan(), facts)


FORWARD = "On Sun 29 Mar the clocks go forward by 1 h, to 03:00. "
BACK = "On Sun 25 Oct the clocks go back by 1 h, to 02:00. "
LEFT_OUT = "Primary is handed over at 03:00 CEST: one set in the time left out happens then."
TWICE = "Primary is handed over at 02:30 CEST: at a time that comes twice it is the first."
UNTOUCHED = "No hand-off is touched: each keeps its time on the clock."


@pytest.mark.parametrize(
    ("now", "handoff", "sentence"),
    [
        ("2026-03-20 12:00", "02:30", FORWARD + LEFT_OUT),
        ("2026-10-20 12:00", "02:30", BACK + TWICE),
        ("2026-10-20 12:00", "09:00", BACK + UNTOUCHED),
    ],
)
def test_a_change_of_the_clocks_is_told_and_whether_a_hand_off_meets_it(
    now: str, handoff: str, sentence: str
) -> None:
    plan = pair(unit=Unit.DAY, starts=f"2026-01-05 {handoff}")
    assert said(plan, now=utc(now)) == [sentence]
    assert said(plan, now=utc("2026-03-10 12:00")) == []  # more than 14 days before


def test_the_moment_the_clocks_change_is_known_to_the_second() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert list(turned(lord_howe, utc("2026-03-28 12:34"), utc("2026-04-11"))) == [
        (utc("2026-04-04 15:00"), timedelta(minutes=-30))
    ]
    assert list(turned(ZoneInfo("Asia/Kathmandu"), NOW, NOW + YEAR)) == []
    casablanca = [at for at, _ in turned(ZoneInfo("Africa/Casablanca"), NOW, NOW + YEAR)]
    assert casablanca == [utc("2026-02-15 02:00"), utc("2026-03-22 02:00")]
