"""Public holidays: known years ahead, looked over every night, the past left alone."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import ValidationError

from schedules import oncall, public_holidays
from schedules.models import Holiday, HolidayCalendar, PastDuty, Schedule
from tests.schedules.rows import NOW, turns


@pytest.fixture
def austria(db, frozen) -> HolidayCalendar:
    return public_holidays.calendar_of("at", now=NOW)


def test_a_calendar_is_filled_when_it_is_made_from_last_year_to_three_years_ahead(austria) -> None:
    assert austria.country == "AT"
    days = dict(austria.days.values_list("on", "name"))
    assert days[date(2026, 5, 1)] == "Labor Day"
    assert (min(days), max(days)) == (date(2025, 1, 1), date(2029, 12, 26))
    assert austria.filled_until == date(2030, 1, 1)


def test_asking_again_gives_the_same_one(austria) -> None:
    assert public_holidays.calendar_of("AT ", now=NOW) == austria


def test_parts_of_a_country_have_their_own(db, frozen) -> None:
    bavaria = public_holidays.calendar_of("DE", "BY", now=NOW)
    berlin = public_holidays.calendar_of("DE", "BE", now=NOW)
    epiphany = date(2026, 1, 6)
    assert bavaria.days.filter(on=epiphany).exists()
    assert not berlin.days.filter(on=epiphany).exists()


@pytest.mark.parametrize(
    ("country", "part", "sentence"),
    [
        ("XX", "", "XX is not a country we know holidays of."),
        ("", "", "This is not a country we know holidays of."),
        ("AT", "Mars", "AT has no part Mars; leave it empty or choose."),
    ],
)
def test_a_country_nobody_knows_is_refused(db, country, part, sentence) -> None:
    with pytest.raises(ValidationError) as refused:
        public_holidays.calendar_of(country, part, now=NOW)
    assert refused.value.messages == [sentence]
    assert not HolidayCalendar.objects.exists()


def test_every_country_on_the_list_can_be_filled(db, frozen) -> None:
    found = [
        public_holidays.calendar_of(c, now=NOW) for c in list(public_holidays.countries())[::25]
    ]
    assert all(calendar.days.count() > 5 for calendar in found)


def test_the_nightly_look_mends_days_to_come_and_leaves_the_past(austria) -> None:
    austria.days.filter(on=date(2026, 5, 1)).delete()
    Holiday.objects.create(calendar=austria, on=date(2026, 5, 2), name="Moved away")
    Holiday.objects.create(calendar=austria, on=date(2025, 5, 2), name="It was one")
    assert public_holidays.fill_all(NOW) == 1
    assert austria.days.filter(on=date(2026, 5, 1)).exists()
    assert not austria.days.filter(on=date(2026, 5, 2)).exists()
    assert austria.days.filter(on=date(2025, 5, 2)).exists()
    assert public_holidays.fill_all(NOW) == 0


def test_a_rotation_that_began_earlier_has_the_holidays_of_its_time(austria, schedule, ann) -> None:
    turns(schedule, ann, starts_on=date(2019, 1, 7), holidays=austria, on_holidays="off")
    public_holidays.fill_all(NOW)
    assert austria.days.order_by("on").first().on == date(2019, 1, 1)


def test_a_day_that_is_taken_off_the_list_changes_who_is_on_call_and_not_the_past(
    austria, schedule, ann, ben
) -> None:
    Schedule.objects.update(created_at=NOW - timedelta(days=1))
    turns(schedule, ann)
    turns(schedule, ben, rank=5, handoff_at=time(0), holidays=austria, on_holidays="off")
    Holiday.objects.create(calendar=austria, on=date(2026, 1, 8), name="Wrong")
    group = schedule.group_id
    tomorrow = NOW.replace(day=8)
    assert oncall.on_call([group], tomorrow)[group].primary == (ann.pk,)
    public_holidays.fill_all(NOW)
    assert oncall.on_call([group], tomorrow)[group].primary == (ben.pk,)
    assert PastDuty.objects.filter(user=ben, ends_at=NOW).exists()
