"""Retry-After: seconds or a date, never longer than anybody may ask for."""

from datetime import UTC, datetime

import pytest

from alertops import waits
from tests.conftest import Clock

AT = "Mon, 02 Mar 2026 03:04:05 GMT"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("9" * 400, waits.LONGEST),
        ("Mon, 02 Mar 2026 03:05:35 GMT", 90),
        ("Monday, 02-Mar-26 03:05:35 GMT", 90),
        ("Mon Mar  2 03:05:35 2026", 90),
        ("Mon, 02 Mar 2026 04:05:35 +0100", 90),
        ("Mon, 02 Mar 2026 03:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", waits.LONGEST),
    ],
)
def test_both_ways_of_asking_are_understood(said: str, seconds: float) -> None:
    assert waits.asked(said, AT) == seconds


@pytest.mark.parametrize(
    "said",
    ["", "soon", "-5", "1.5", "٣", "Mon, 99 Mar 2026 99:99:99 GMT", "1e9", "Mon", ",", "\x00",
     "Mon, 02 Mar 99999999999 03:05:35 GMT"],
)  # fmt: skip
def test_what_cannot_be_understood_asks_for_nothing(said: str) -> None:
    assert waits.asked(said, AT) is None


@pytest.mark.parametrize("date", ["", "half past three"])
def test_a_date_without_the_other_side_s_clock_is_measured_by_ours(date: str, clock: Clock) -> None:
    clock.set(datetime(2026, 3, 2, 3, 4, 35, tzinfo=UTC))
    assert waits.asked("Mon, 02 Mar 2026 03:05:35 GMT", date) == 60
