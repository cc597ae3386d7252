"""When maintenance is, by the clocks on the wall."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from integrations.windows import Plan, wrong

VIENNA = "Europe/Vienna"


def plan(every: str = "daily", **fields: object) -> Plan:
    values: dict[str, object] = {
        "zone": VIENNA,
        "first_on": date(2026, 3, 27),
        "begins_at": time(2, 30),
        "last_on": date(2026, 4, 10),
        "ends_at": time(4, 0),
        **fields,
    }
    return Plan(every, **values)  # type: ignore[arg-type]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def test_a_daily_window_keeps_its_wall_times_when_the_clocks_go_forward() -> None:
    spans = list(plan().spans(utc(2026, 3, 28), utc(2026, 3, 31)))
    assert spans == [
        (utc(2026, 3, 28, 1, 30), utc(2026, 3, 28, 3, 0)),
        (utc(2026, 3, 29, 1, 0), utc(2026, 3, 29, 2, 0)),  # 02:30 does not exist: it is 03:00
        (utc(2026, 3, 30, 0, 30), utc(2026, 3, 30, 2, 0)),
    ]


def test_an_hour_that_comes_twice_is_held_twice() -> None:
    autumn = plan(first_on=date(2026, 10, 24), last_on=date(2026, 10, 26))
    assert autumn.at(utc(2026, 10, 25, 0, 30)) == (
        utc(2026, 10, 25, 0, 30),
        utc(2026, 10, 25, 3, 0),
    )


def test_one_over_midnight_ends_the_next_morning() -> None:
    night = plan(begins_at=time(23), ends_at=time(5))
    assert night.at(utc(2026, 3, 28, 3)) == (utc(2026, 3, 27, 22), utc(2026, 3, 28, 4))
    assert night.at(utc(2026, 3, 28, 4)) is None


def test_a_weekly_window_takes_place_on_its_days_only() -> None:
    weekly = plan("weekly", weekdays=(0, 5))
    days = [start.date().isoformat() for start, _ in weekly.spans(utc(2026, 1, 1), utc(2027, 1, 1))]
    assert days == ["2026-03-28", "2026-03-30", "2026-04-04", "2026-04-06"]


def test_the_31st_is_the_last_day_of_a_shorter_month() -> None:
    monthly = plan("monthly", month_day=31, first_on=date(2026, 1, 1), last_on=date(2026, 6, 30))
    days = [
        start.date().isoformat() for start, _ in monthly.spans(utc(2026, 1, 1), utc(2027, 1, 1))
    ]
    assert days == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
    ]  # fmt: skip


def test_spans_that_touch_are_one_so_that_nobody_is_paged_between_them() -> None:
    always = plan(begins_at=time(0), ends_at=time(0), last_on=date(2026, 3, 30))
    found = always.at(utc(2026, 3, 28, 12))
    assert found is not None
    assert found[1] == utc(2026, 3, 30, 22)


def test_once_lasts_from_the_first_day_to_the_last() -> None:
    once = plan("once", last_on=date(2026, 3, 29))
    assert once.bounds == (utc(2026, 3, 27, 1, 30), utc(2026, 3, 29, 2, 0))
    assert once.next(utc(2026, 3, 1)) == once.bounds
    assert once.next(utc(2026, 3, 28)) is None


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"every": "once", "last_on": date(2026, 3, 27), "ends_at": time(2)}, "ends_at"),
        ({"every": "once", "last_on": date(2026, 4, 20)}, "last_on"),
        ({"last_on": date(2026, 3, 1)}, "ends_at"),
        ({"last_on": date(2027, 4, 10)}, "last_on"),
        ({"every": "weekly"}, "weekdays"),
        ({"every": "monthly", "month_day": 20}, "last_on"),
    ],
)
def test_a_window_without_a_sensible_end_is_refused(fields: dict[str, object], field: str) -> None:
    assert list(wrong(plan(**fields))) == [field]  # type: ignore[arg-type]


def test_every_span_ends_and_is_found_from_inside() -> None:
    night = plan(begins_at=time(22), ends_at=time(3), zone="America/St_Johns")
    for start, end in night.spans(utc(2026, 3, 1), utc(2026, 5, 1)):
        assert timedelta() < end - start <= timedelta(hours=25)
        assert night.at(start) == (start, end)
        assert night.at(end) is None
