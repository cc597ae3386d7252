# ruff: noqa: DTZ001 - a wall time has no zone
"""A wall time that is missing, or comes twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.walltime import first_instant, last_instant

CASES = [
    # zone, wall, first instant, last instant (UTC)
    ("Europe/Berlin", "2026-07-01 09:00", "2026-07-01 07:00", "2026-07-01 07:00"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00", "2026-03-29 01:00"),
    ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30", "2026-10-25 01:30"),
    ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00", "2026-10-25 02:00"),
    ("America/New_York", "2026-03-08 02:15", "2026-03-08 07:00", "2026-03-08 07:00"),
    ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30", "2026-11-01 06:30"),
    ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:30", "2026-10-03 15:30"),
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", "2026-04-04 15:15"),
    ("Asia/Kathmandu", "2026-05-01 09:00", "2026-05-01 03:15", "2026-05-01 03:15"),
    ("Asia/Kathmandu", "1986-01-01 00:10", "1985-12-31 18:30", "1985-12-31 18:30"),
    ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 03:00", "2018-11-04 03:00"),
    ("America/Sao_Paulo", "2018-02-17 23:30", "2018-02-18 01:30", "2018-02-18 02:30"),
    ("Africa/Casablanca", "2026-02-15 02:30", "2026-02-15 01:30", "2026-02-15 02:30"),
    ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00", "2011-12-30 10:00"),
]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "wall", "first", "last"), CASES)
def test_a_wall_time_has_a_first_and_a_last_instant(
    zone: str, wall: str, first: str, last: str
) -> None:
    assert first_instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == utc(first)
    assert last_instant(datetime.fromisoformat(wall), ZoneInfo(zone)) == utc(last)


ZONES = sorted({case[0] for case in CASES})


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    wall=st.datetimes(datetime(1980, 1, 1), datetime(2045, 1, 1)),
    later=st.timedeltas(timedelta(0), timedelta(days=2)),
)
def test_later_on_the_wall_is_never_earlier_in_time(
    zone: str, wall: datetime, later: timedelta
) -> None:
    tz = ZoneInfo(zone)
    assert first_instant(wall, tz) <= first_instant(wall + later, tz)
    assert first_instant(wall, tz) <= last_instant(wall, tz)


@settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    at=st.datetimes(datetime(1980, 1, 1), datetime(2045, 1, 1)).map(
        lambda at: at.replace(tzinfo=UTC)
    ),
)
def test_every_instant_comes_back_from_its_wall_time(zone: str, at: datetime) -> None:
    tz = ZoneInfo(zone)
    local = at.astimezone(tz)
    back = last_instant if local.fold else first_instant
    assert back(local.replace(tzinfo=None), tz) == at
