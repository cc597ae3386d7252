"""The traps others fell into, one promise each."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from schedules.recurrence import parse
from schedules.resolver import Away, Fixed, Imported, Plan, on_call, turn_at
from schedules.rota import segments, shifts
from schedules.states import Advance, Fills, Role, Unit, Why
from tests.schedules.cast import ANN, BERLIN, BOB, CY, DEE, override, people, rotation, utc

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEKDAYS = tuple((day * 1440 + 540, day * 1440 + 1020) for day in range(5))  # 9 to 17
SINCE, UNTIL = utc("2026-01-05 08:00"), utc("2026-03-30 07:00")  # twelve weeks


def hours(plan: Plan) -> Counter[int | None]:
    found: Counter[int | None] = Counter()
    for shift in shifts(plan, SINCE, UNTIL):
        if shift.role == Role.PRIMARY:
            found[shift.user] += round((shift.end - shift.start) / HOUR)
    return found


# Weekdays only


def test_a_daily_rotation_on_weekdays_starves_nobody_when_only_worked_turns_count() -> None:
    line = {"unit": Unit.DAY, "windows": WEEKDAYS, "starts": "2026-01-05 09:00"}
    seven = (1, 2, 3, 4, 5, 6, 7)
    starved = hours(Plan((rotation(*seven, **line),)))
    assert starved[6] == starved[7] == 0, "by the calendar Saturday's and Sunday's never serve"
    fair = hours(Plan((rotation(*seven, advance=Advance.WORKED, **line),)))
    del fair[None]
    assert set(fair) == set(seven)
    assert max(fair.values()) - min(fair.values()) <= 8


def test_worked_turns_skip_public_holidays_and_go_on_with_whoever_was_next() -> None:
    epiphany = frozenset({date(2026, 1, 6)})
    plan = Plan((
        rotation(
            ANN, BOB, CY, unit=Unit.DAY, advance=Advance.WORKED, starts="2026-01-05 00:00",
            windows=WEEKDAYS, holidays=epiphany, on_holidays="off",
        ),
    ))  # fmt: skip
    assert [people(plan, f"2026-01-{day:02} 12:00") for day in (5, 6, 7, 8, 9, 10, 12)] == [
        [ANN], [], [BOB], [CY], [ANN], [], [BOB],
    ]  # fmt: skip


def test_work_is_counted_without_walking_from_the_first_turn() -> None:
    old = rotation(
        ANN, BOB, CY, unit=Unit.HOUR, starts="2000-01-03 00:00", advance=Advance.WORKED,
        windows=WEEKDAYS,
    )  # fmt: skip
    serial = (datetime(2026, 1, 5) - datetime(2000, 1, 3)).days // 7 * 40  # noqa: DTZ001 - wall
    assert people(Plan((old,)), utc("2026-01-05 08:00")) == [(ANN, BOB, CY)[serial % 3]]


# Uneven turns


def test_four_days_and_three_days_are_two_lines_that_meet_without_a_gap() -> None:
    """Monday to Friday and Friday to Monday, each with its own order of people."""
    week = (0 * 1440 + 540, 4 * 1440 + 540)
    weekend = (4 * 1440 + 540, 7 * 1440 + 540)
    plan = Plan((
        rotation(ANN, BOB, id=1, windows=(week,)),
        rotation(CY, DEE, id=2, windows=(weekend,)),
    ))  # fmt: skip
    found = hours(plan)
    assert None not in found
    primary = [s for s in shifts(plan, SINCE, UNTIL) if s.role == Role.PRIMARY]
    assert [s.user for s in primary[:6]] == [ANN, CY, BOB, DEE, ANN, CY]
    assert [(s.end - s.start).days for s in primary[:4]] == [4, 3, 4, 3]


def test_every_other_week_belongs_to_nobody_and_hides_nothing() -> None:
    upper = rotation(ANN, None, BOB, None, id=1, rank=1)
    assert [people(Plan((upper,)), SINCE + n * 7 * DAY) for n in range(5)] == [
        [ANN], [], [BOB], [], [ANN],
    ]  # fmt: skip
    both = Plan((upper, rotation(DEE, id=2)))
    assert [people(both, SINCE + n * 7 * DAY) for n in range(4)] == [[ANN], [DEE], [BOB], [DEE]]


# The 31st


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("2026-01-31 09:00", ["01-31", "02-28", "03-31", "04-30", "05-31", "06-30", "07-31"]),
        ("2027-12-30 09:00", ["12-30", "01-30", "02-29", "03-30", "04-30", "05-30", "06-30"]),
        ("2028-02-29 09:00", ["02-29", "03-29", "04-29", "05-29", "06-29", "07-29", "08-29"]),
    ],
)
def test_a_month_that_begins_on_the_31st_comes_back_to_it(starts: str, expected: list[str]) -> None:
    monthly = rotation(1, 2, 3, 4, 5, 6, 7, unit=Unit.MONTH, starts=starts)
    begin = datetime.fromisoformat(starts).replace(tzinfo=BERLIN).astimezone(UTC)
    cuts = list(segments(Plan((monthly,)), begin, begin + 215 * DAY))
    assert [f"{cut.start.astimezone(BERLIN):%m-%d}" for cut in cuts[:7]] == expected
    assert {f"{cut.start.astimezone(BERLIN):%H:%M}" for cut in cuts[:7]} == {"09:00"}
    assert [cut.duties[0].user for cut in cuts[:7]] == [1, 2, 3, 4, 5, 6, 7]


def test_the_29th_of_february_comes_every_four_years() -> None:
    yearly = rotation(ANN, BOB, unit=Unit.MONTH, count=12, starts="2024-02-29 09:00")
    for year, day in ((2025, 28), (2027, 28), (2028, 29), (2100, 28), (2038, 28)):
        begin = datetime(year, 2, day, 8, tzinfo=UTC)
        assert turn_at(yearly, begin) == year - 2024
        assert turn_at(yearly, begin - timedelta(microseconds=1)) == year - 2025


# Odd zones


def test_lord_howe_moves_by_half_an_hour_and_nobody_is_missing() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    daily = rotation(ANN, BOB, zone=zone, unit=Unit.DAY, starts="2026-03-28 01:45")
    around = [
        shift
        for shift in shifts(Plan((daily,)), utc("2026-04-02"), utc("2026-04-07"))
        if shift.role == Role.PRIMARY
    ]
    assert [s.end - s.start for s in around][1:-1] == [
        24 * HOUR, 24 * HOUR, 24.5 * HOUR, 24 * HOUR,
    ]  # fmt: skip
    assert around[3].start == utc("2026-04-04 14:45"), "the first coming of 01:45"


def test_kathmandu_is_a_quarter_past() -> None:
    daily = rotation(
        ANN, BOB, zone=ZoneInfo("Asia/Kathmandu"), unit=Unit.DAY, starts="2026-01-05 09:00"
    )
    plan = Plan((daily,))
    assert people(plan, "2026-01-06 03:14") == [ANN]
    assert people(plan, "2026-01-06 03:15") == [BOB]


def test_casablanca_sets_its_clocks_back_for_ramadan_and_the_night_shift_stays_whole() -> None:
    zone = ZoneInfo("Africa/Casablanca")
    night = (1320, 1800)  # 22:00 to 06:00
    windows = tuple((a + day * 1440, b + day * 1440) for day in range(7) for a, b in [night])
    plan = Plan((
        rotation(ANN, id=1, zone=zone, windows=windows, starts="2026-01-05 22:00", rank=1),
        rotation(BOB, id=2, zone=zone, starts="2026-01-05 22:00"),
    ))  # fmt: skip
    for change in (utc("2026-02-15 02:00"), utc("2026-03-22 02:00")):
        night_of = [
            shift
            for shift in shifts(plan, change - DAY, change + DAY)
            if shift.role == Role.PRIMARY and shift.start <= change < shift.end
        ]
        assert [shift.user for shift in night_of] == [ANN]
        assert None not in [shift.user for shift in shifts(plan, change - DAY, change + DAY)][:1]


def by_decree(key: str, clocks: str) -> ZoneInfo:
    """Return the zone `key` as data that is older or newer would have it: with other clocks."""
    for folder in TZPATH:
        if (Path(folder) / clocks).is_file():
            with (Path(folder) / clocks).open("rb") as data:
                return ZoneInfo.from_file(data, key)
    with resources.files("tzdata").joinpath("zoneinfo", *clocks.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key)


def test_a_new_rule_for_a_zone_moves_future_shifts_with_the_wall_clock() -> None:
    """Shifts are rules: whoever reads newer zone data gets 09:00 by the newer clocks, no gap."""
    old, new = (by_decree("Europe/Berlin", clocks) for clocks in ("Etc/GMT-1", "Europe/Berlin"))
    assert (str(old), old.key) == (str(new), new.key), "the same name, other data"
    before, after = (
        Plan((rotation(ANN, BOB, zone=zone, unit=Unit.DAY, starts="2026-01-05 09:00"),))
        for zone in (old, new)
    )
    summer = utc("2026-07-01 07:30")
    assert people(before, summer) != people(after, summer)
    for plan, hour in ((before, 8), (after, 7), (before, 8)):
        cuts = [cut.start for cut in segments(plan, summer - DAY, summer + 3 * DAY)][1:]
        assert {cut.hour for cut in cuts} == {hour}
        assert None not in hours(plan)


# Away


def away(user: int, covered_by: int | None, number: int = 1, **fields: object) -> Away:
    plain = {"start": utc("2026-01-01"), "end": utc("2027-01-01"), "is_everywhere": True}
    return Away(number, user, covered_by, **(plain | fields))  # type: ignore[arg-type]


def test_a_coverer_who_is_away_too_is_covered_in_turn() -> None:
    line = (rotation(ANN),)
    chain = Plan(line, away=(away(ANN, BOB), away(BOB, CY, 2)))
    assert people(chain, SINCE) == [CY]
    [duty] = on_call(chain, SINCE)
    assert (duty.source.why, duty.source.id) == (Why.TIME_OFF, 2)


def test_two_who_cover_each_other_are_both_away_and_lower_ranks_take_over() -> None:
    circle = (away(ANN, BOB), away(BOB, ANN, 2))
    assert people(Plan((rotation(ANN),), away=circle), SINCE) == []
    below = Plan((rotation(ANN, rank=1), rotation(CY, id=2)), away=circle)
    assert people(below, SINCE) == [CY]


def test_an_override_counts_for_the_coverer_and_time_off_for_whoever_overrides() -> None:
    dentist = override(1, DEE, replaces=BOB)
    assert people(Plan((rotation(ANN),), (dentist,), away=(away(ANN, BOB),)), SINCE) == [DEE]
    assert people(Plan((rotation(ANN),), (override(1, BOB),), away=(away(BOB, CY),)), SINCE) == [CY]


def test_an_override_by_somebody_who_is_away_uncovered_is_not_in_force() -> None:
    plan = Plan((rotation(ANN),), (override(1, BOB),), away=(away(BOB, None),))
    assert people(plan, SINCE) == [ANN]


def test_an_override_and_a_cover_that_run_in_a_circle_leave_whoever_is_not_away() -> None:
    plan = Plan((rotation(ANN),), (override(1, BOB, replaces=ANN),), away=(away(BOB, ANN),))
    assert people(plan, SINCE) == [ANN]


def test_next_in_line_is_secondary_and_two_at_once_share_a_turn() -> None:
    plan = Plan((rotation(ANN, BOB, CY, DEE, fills=Fills.BOTH, people_at_once=2),))
    assert people(plan, SINCE) == [ANN, BOB]
    assert people(plan, SINCE, Role.SECONDARY) == [CY, DEE]
    assert people(plan, SINCE + 7 * DAY) == [CY, DEE]


# Lines that change


def test_whoever_joins_or_leaves_moves_nobody_else() -> None:
    joins = date(2026, 1, 19)
    line = rotation(
        ANN, DEE, BOB, CY, unit=Unit.DAY,
        dated=((None, None), (joins, None), (None, None), (None, date(2026, 1, 22))),
    )  # fmt: skip
    found = [people(Plan((line,)), SINCE + n * DAY)[0] for n in range(21)]
    assert found[:14] == [ANN, BOB, CY] * 4 + [ANN, BOB]
    assert found[14:] == [CY, ANN, DEE, BOB, ANN, DEE, BOB]


# Imported calendars


def test_an_all_day_event_lasts_a_day_of_the_calendars_own_zone() -> None:
    """The engine is given instants; a day in Auckland is not a day in Berlin, nor in UTC."""
    auckland = ZoneInfo("Pacific/Auckland")
    start = datetime(2026, 1, 7, tzinfo=auckland).astimezone(UTC)
    feed = Imported(1, Role.PRIMARY, 1, ((start, start + DAY, BOB),))
    plan = Plan((rotation(ANN),), imported=(feed,))
    assert people(plan, "2026-01-06 10:59") == [ANN]
    assert people(plan, "2026-01-06 11:00") == [BOB]
    assert people(plan, "2026-01-07 10:59") == [BOB]
    assert people(plan, "2026-01-07 11:00") == [ANN]


def test_a_fixed_shift_meets_the_next_one_across_the_repeated_hour() -> None:
    def daily(number: int, user: int, starts: str, ends: str) -> Fixed:
        first, last = datetime.fromisoformat(starts), datetime.fromisoformat(ends)
        return Fixed(number, BERLIN, first, last, (user,), rule=parse("FREQ=DAILY", first.date()))

    night = daily(1, ANN, "2026-10-01 14:30", "2026-10-02 02:30")
    day = daily(2, BOB, "2026-10-01 02:30", "2026-10-01 14:30")
    plan = Plan(fixed=(night, day))
    assert people(plan, "2026-10-25 00:29") == [ANN]
    assert people(plan, "2026-10-25 00:30") == [ANN, BOB], "02:30 comes twice: an overlap"
    assert people(plan, "2026-10-25 01:29") == [ANN, BOB]
    assert people(plan, "2026-10-25 01:30") == [BOB]
