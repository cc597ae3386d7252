"""Duty hours as people write them, and back."""

from datetime import time

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from schedules.duty_windows import Hours, hours_of, in_words, windows_of
from schedules.lines_saved import checked_windows
from schedules.shift_templates import TEMPLATES

DAY = 24 * 60


@pytest.mark.parametrize(
    ("hours", "windows"),
    [
        (Hours("0", time(9), time(17)), [(540, 1020)]),
        (Hours("weekend", time(0), time(0)), [(5 * DAY, 6 * DAY), (6 * DAY, 7 * DAY)]),
        (Hours("6", time(22), time(6)), [(6 * DAY + 1320, 7 * DAY + 360)]),
        (Hours("4", time(18), time(8), "0"), [(6840, 10560)]),
        (Hours("2", time(8), time(20), "3"), [(2 * DAY + 480, 3 * DAY + 1200)]),
    ],
)
def test_hours_are_minutes_of_the_week(hours: Hours, windows: list[tuple[int, int]]) -> None:
    assert windows_of(hours) == windows


@pytest.mark.parametrize(
    ("hours", "sentence"),
    [
        (Hours("daily", time(9), time(17), "3"), "Only hours that begin on one day"),
        (Hours("3", time(9), time(9), "3"), "must end after they begin"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(hours: Hours, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        windows_of(hours)


def test_the_same_hours_on_many_days_are_one_line() -> None:
    windows = windows_of(Hours("weekdays", time(9), time(17)))
    windows += windows_of(Hours("5", time(10), time(14)))
    assert hours_of(windows) == [
        Hours("weekdays", time(9), time(17)),
        Hours("5", time(10), time(14)),
    ]
    assert in_words(windows) == "Mon–Fri 09:00–17:00; Sat 10:00–14:00"  # noqa: RUF001


@given(
    st.lists(
        st.tuples(st.integers(0, 7 * DAY - 1), st.integers(1, 7 * DAY - 1)),
        unique_by=lambda w: w[0],
    )
)
def test_what_is_written_says_the_same_as_what_is_kept(found: list[tuple[int, int]]) -> None:
    windows = [(start, start + length) for start, length in found]
    again = [window for hours in hours_of(windows) for window in windows_of(hours)]
    assert sorted(again) == sorted(windows)


@pytest.mark.parametrize("key", TEMPLATES)
def test_the_hours_of_a_template_do_not_overlap(key: str) -> None:
    windows = [w for hours in TEMPLATES[key].hours for w in windows_of(hours)]
    assert checked_windows(windows) == sorted(windows)


def test_business_hours_and_after_hours_leave_no_gap_together() -> None:
    """09:00 to 17:00 on weekdays; after hours are all the rest."""
    business = [w for h in TEMPLATES["business-hours"].hours for w in windows_of(h)]
    after = [w for h in TEMPLATES["after-hours"].hours for w in windows_of(h)]
    assert sum(end - start for start, end in business + after) == 7 * DAY
    assert checked_windows(business + after)


def test_the_three_thirds_of_the_sun_make_a_day() -> None:
    thirds = [TEMPLATES[f"follow-the-sun-{n}"].hours for n in (1, 2, 3)]
    windows = [w for hours in thirds for h in hours for w in windows_of(h)]
    assert sum(end - start for start, end in windows) == 7 * DAY
    assert checked_windows(windows)
