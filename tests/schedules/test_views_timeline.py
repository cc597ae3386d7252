# ruff: noqa: RUF001 - what stands on the page
"""The page of a schedule: the final line, the layers under it, the changes over them, and why."""

import re
from datetime import date, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from schedules import actions, timeline
from schedules.models import (
    FixedShift,
    FixedShiftPerson,
    Holiday,
    HolidayCalendar,
    Schedule,
    TemporarySchedule,
    TimeOff,
)
from tests.schedules.rows import NOW, cover, turns

pytestmark = pytest.mark.usefixtures("frozen")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def page(client: Client, schedule: Schedule, ann: User):
    """The HTML of the schedule's page as Ann reads it."""

    def read(query: str = "", user: User = ann) -> str:
        client.force_login(user)
        response = client.get(reverse("schedules:detail", args=[schedule.pk]) + query)
        assert response.status_code == 200
        return response.content.decode()

    return read


def bars(html: str) -> list[str]:
    """What every bar says to a screen reader, and so to everybody who reaches it."""
    return [
        found.replace("&quot;", '"')
        for found in re.findall(r'<a href="[^"]*" aria-label="([^"]*)"><svg', html)
    ]


def row_titles(html: str) -> list[str]:
    return re.findall(r'class="tl-title">([^<]*)<', html)


def fixed(schedule: Schedule, *people: User, **fields: object) -> FixedShift:
    plain = {
        "name": "Release",
        "rank": 5,
        "starts_on": date(2026, 1, 8),
        "starts_time": time(10),
        "ends_on": date(2026, 1, 8),
        "ends_time": time(16),
    }
    shift = FixedShift.objects.create(schedule=schedule, **(plain | fields))
    for position, user in enumerate(people):
        FixedShiftPerson.objects.create(shift=shift, user=user, position=position)
    return shift


def test_every_bar_says_who_when_and_why(page, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    cover(schedule, ben, reason="dentist")
    said = bars(page())
    assert "Ann, Primary. Mon 5 Jan, 09:00 – Wed 7 Jan, 12:00. Rotation “Weekly 1”" in said
    assert "Ben, Primary. Wed 7 Jan, 12:00 – 14:00. Override: dentist" in said
    assert (
        "Ben instead of whoever it would be, Primary. Wed 7 Jan, 12:00 – 14:00. Override: dentist"
        in said
    )


def test_layers_stand_under_the_final_line_the_highest_rank_first(
    page, schedule, ann, ben, cleo
) -> None:
    turns(schedule, ann, ben)
    fixed(schedule, cleo)
    html = page()
    assert row_titles(html) == ["Primary", "Secondary", "Release", "Weekly 1"]
    assert "Cleo, Primary. Thu 8 Jan, 10:00 – 16:00. Fixed shift “Release” by itself" in bars(html)
    assert "Ann, Primary. Mon 5 Jan, 09:00 – Mon 12 Jan, 09:00. Rotation “Weekly 1” by itself" in (
        bars(html)
    )


def test_gaps_are_drawn_and_said(page, schedule, ann) -> None:
    turns(schedule, ann)
    fixed(schedule, is_nobody=True)
    html = page()
    assert "Nobody, Primary. Thu 8 Jan, 10:00 – 16:00. A gap" in bars(html)
    assert 'class="bar is-gap"' in html
    assert 'fill="url(#hatch)"' in html


def test_changes_stand_below(page, schedule, ann, ben, cleo) -> None:
    turns(schedule, ann, ben)
    away = {"user": ann, "covered_by": cleo, "starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY}
    TimeOff.objects.create(**away)
    TemporarySchedule.objects.create(
        schedule=schedule, name="Migration", starts_at=NOW + 3 * DAY, ends_at=NOW + 4 * DAY
    )
    html = page()
    assert row_titles(html)[-2:] == ["Temporary schedules", "Time off"]
    said = bars(html)
    assert "Ann is away. Thu 8 Jan, 13:00 – Fri 9 Jan, 13:00. Cleo covers" in said
    assert any("Temporary schedule “Migration”" in each for each in said)
    assert "Cleo, Primary. Thu 8 Jan, 13:00 – Fri 9 Jan, 13:00. Covers time off" in said


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("?range=day", "Wednesday 7 January 2026"),
        ("?range=week", "5 Jan – 11 Jan 2026"),
        ("?range=two-weeks", "5 Jan – 18 Jan 2026"),
        ("?range=month", "1 Jan – 31 Jan 2026"),
        ("?range=century", "5 Jan – 18 Jan 2026"),
        ("?range=day&from=2026-03-29", "Sunday 29 March 2026"),
        ("?range=month&from=2026-02-11", "1 Feb – 28 Feb 2026"),
    ],
)
def test_a_day_a_week_two_weeks_and_a_month_can_be_seen(page, query, heading) -> None:
    assert heading in page(query)


def test_one_can_go_on_and_back_and_keeps_range_and_zone(page, ann) -> None:
    User.objects.filter(pk=ann.pk).update(time_zone="America/New_York")
    html = page("?range=week&zone=mine&from=2026-01-07").replace("&amp;", "&")
    assert 'href="?range=week&from=2025-12-29&zone=mine"' in html
    assert 'href="?range=week&from=2026-01-12&zone=mine"' in html
    assert 'href="?range=week&zone=mine"' in html  # today
    assert 'href="?range=month&zone=mine"' in html
    assert 'href="?range=week&from=2026-01-05"' in html  # the schedule's own zone


def test_the_present_is_a_line_where_it_is_in_sight(page, schedule, ann) -> None:
    turns(schedule, ann)
    assert 'class="tl-now"' in page()
    assert 'class="tl-now"' not in page("?from=2026-03-02")


def test_public_holidays_are_a_hint_on_the_picture(page, schedule, ann) -> None:
    turns(schedule, ann)
    calendar = HolidayCalendar.objects.create(country="DE")
    Holiday.objects.create(calendar=calendar, on=date(2026, 1, 6), name="Epiphany")
    Schedule.objects.update(holidays=calendar)
    html = page()
    assert "<title>Epiphany</title>" in html
    assert "Epiphany</span>" in html  # in the list by day, too


def test_a_list_by_day_says_the_same(page, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    cover(schedule, ben, reason="dentist")
    html = page("?range=week")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[html.index('class="by-day"') :]))
    assert "2 days before today" in text
    assert "Wed 7 Jan Today" in text
    assert "12:00–14:00 Ben Primary Override: dentist" in text
    assert "from 14:00 Ann Primary Rotation “Weekly 1”" in text
    assert "all day Ann Primary Rotation “Weekly 1”" in text


def test_a_bar_leads_to_its_line_of_the_list(page, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    html = page()
    [href] = re.findall(r'href="#(shift-\d+)" aria-label="Ben, Primary. Mon 12 Jan', html)
    assert f'id="{href}"' in html


def test_a_crowded_row_offers_no_hundreds_of_stops_to_the_keyboard(
    page, schedule, ann, ben
) -> None:
    turns(schedule, ann, ben, unit="hour", starts_on=date(2026, 1, 1))
    html = page("?range=month")
    assert html.count('<svg class="bar') > timeline.MOST_BARS
    assert len(bars(html)) < 10


def test_nothing_on_the_page_is_styled_or_scripted_inline(page, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    cover(schedule, ben)
    html = page()
    assert not re.findall(r"\sstyle=|\son\w+=|<style", html)


def test_names_cannot_break_out_of_the_picture(page, schedule, ann) -> None:
    User.objects.filter(pk=ann.pk).update(name='"><script>x</script>')
    turns(schedule, ann)
    assert "<script>x" not in page()


def test_what_it_costs_does_not_grow(
    client, schedule, ann, ben, cleo, django_assert_max_num_queries
) -> None:
    client.force_login(ann)
    url = reverse("schedules:detail", args=[schedule.pk])
    for number in range(4):
        turns(schedule, ann, ben, cleo, rank=number)
        fixed(schedule, cleo, ben, name=f"Fixed {number}")
        start = NOW + number * DAY
        cover(schedule, ben, starts_at=start + HOUR, ends_at=start + 2 * HOUR)
        TimeOff.objects.create(user=ann, starts_at=start, ends_at=start + HOUR)
    for query in ("?range=day", "?range=month"):
        with django_assert_max_num_queries(18):
            client.get(url + query)


def test_an_edit_that_waits_says_since_when_it_counts(page, schedule, ann, ben) -> None:
    rotation = turns(schedule, ann, ben)
    actions.save_rotation(rotation, [ben, ann], actor=None, now=NOW)
    assert "Takes effect <time" in page()
