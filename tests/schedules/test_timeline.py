"""The picture: places are shares of the time that passes, whatever the clocks do."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.timeline import Axis, Item, Range, days_of, fitting, stacked
from tests.schedules.cast import utc

BERLIN = ZoneInfo("Europe/Berlin")


def axis(wanted: Range, day: date, zone: str = "Europe/Berlin", now: str = "2026-01-07 12:00"):
    return Axis(days_of(wanted, day), ZoneInfo(zone), utc(now))


def item(start: str, end: str, text: str = "Ann", line: object = None) -> Item:
    return Item(utc(start), utc(end), text, "who-0", text, "then", "because", "#there", line)


@pytest.mark.parametrize(
    ("wanted", "first", "last", "earlier", "later"),
    [
        (Range.DAY, "2026-01-07", "2026-01-08", "2026-01-06", "2026-01-08"),
        (Range.WEEK, "2026-01-05", "2026-01-12", "2025-12-29", "2026-01-12"),
        (Range.FORTNIGHT, "2026-01-05", "2026-01-19", "2025-12-22", "2026-01-19"),
        (Range.MONTH, "2026-01-01", "2026-02-01", "2025-12-01", "2026-02-01"),
    ],
)
def test_a_range_is_whole_and_leads_to_its_neighbours(wanted, first, last, earlier, later) -> None:
    days = days_of(wanted, date(2026, 1, 7))
    found = (days.first, days.last, days.earlier, days.later)
    assert [day.isoformat() for day in found] == [first, last, earlier, later]
    assert days_of(wanted, days.later).earlier == days.first


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Asia/Kathmandu", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_wide_as_it_is_long(zone: str, day: date, hours: float) -> None:
    week = axis(Range.WEEK, day, zone)
    [start] = [t.x for t in week.ticks({}) if t.small.split()[0] == str(day.day)]
    whole = (week.until - week.since) / timedelta(hours=1)
    wide = 100 - float(start[:-1]) if day.weekday() == 6 else None
    assert wide is not None
    assert wide == pytest.approx(hours / whole * 100, abs=0.001)


def test_a_bar_begins_at_its_minute_and_ends_at_the_edge() -> None:
    [bar] = axis(Range.DAY, date(2026, 1, 7)).row("", [item("2026-01-07 08:17", "2026-01-09")]).bars
    assert bar.x == f"{(9 * 60 + 17) / 1440 * 100:.3f}%"  # 09:17 in Berlin
    assert bar.edge == "100.000%"
    assert bar.is_now
    assert bar.sentence == "Ann. then. because"


def test_what_runs_at_the_same_time_is_drawn_below_and_a_line_keeps_its_lane() -> None:
    items = [
        item("2026-01-05", "2026-01-07", "a", line=1),
        item("2026-01-05", "2026-01-06", "b", line=2),
        item("2026-01-06", "2026-01-08", "c", line=2),
        item("2026-01-07", "2026-01-08", "d", line=1),
    ]
    assert [[each.text for each in lane] for lane in stacked(items)] == [["a", "d"], ["b", "c"]]


def test_what_lies_outside_is_not_drawn() -> None:
    row = axis(Range.DAY, date(2026, 1, 7)).row(
        "", [item("2026-01-05", "2026-01-06 23:00"), item("2026-01-07 23:00", "2026-01-09")]
    )
    assert row.bars == ()


def test_the_present_is_marked_only_where_it_is_in_sight() -> None:
    assert axis(Range.DAY, date(2026, 1, 7)).now_at == f"{13 / 24 * 100:.3f}%"
    assert axis(Range.DAY, date(2026, 1, 8)).now_at == ""


def test_weekends_and_holidays_are_shaded_and_named() -> None:
    week = axis(Range.WEEK, date(2026, 1, 7))
    feast = {date(2026, 1, 6): "Epiphany"}
    assert [band.kind for band in week.bands(feast)] == ["holiday", "weekend", "weekend"]
    assert [tick.title for tick in week.ticks(feast)][:2] == ["", "Epiphany"]
    assert [tick.is_today for tick in week.ticks(feast)].index(True) == 2


def test_a_day_shows_its_hours() -> None:
    ticks = axis(Range.DAY, date(2026, 1, 7)).ticks({})
    assert [tick.text for tick in ticks][:3] == ["00:00", "03:00", "06:00"]


@pytest.mark.parametrize(
    ("pixels", "text"), [(5, ""), (30, "IF"), (70, "Ines Ferreira"), (300, "Ines Ferreira")]
)
def test_a_narrow_bar_says_as_much_as_fits(pixels: int, text: str) -> None:
    assert fitting("Ines Ferreira", pixels) == text
