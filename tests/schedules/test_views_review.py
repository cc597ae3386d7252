"""Warnings, quality and hours as pages: who may look, what they say, what they cost."""

import csv
from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.models import ContactMethod, User
from schedules import past
from schedules.models import Holiday, HolidayCalendar, Schedule
from tests.schedules.rows import NOW, cover, join, person, turns

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("frozen")


def page(client, user: User, name: str, schedule: Schedule, **query: str):
    client.force_login(user)
    return client.get(reverse(f"schedules:{name}", args=[schedule.pk]), query)


def reach(*people: User, kind: str = "sms") -> None:
    for n, user in enumerate(people):
        address = f"+43660100{user.pk:04}{n}" if kind == "sms" else user.email
        ContactMethod.objects.create(user=user, kind=kind, address=address, verified_at=NOW)


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_the_warnings_say_what_is_wrong_and_the_score_what_would_help(
    client, schedule, ann, ben
) -> None:
    turns(schedule, ann, ben, None)
    reach(ann)
    shown = text_of(page(client, ann, "warnings", schedule))
    assert "Nobody is Primary from Mon 19 Jan, 09:00 until Mon 26 Jan, 09:00." in shown
    assert "Ben is on call now and has no verified contact method: no page can" in shown
    assert "Ann is on call now" not in shown
    assert "Put a Primary on call in the" in shown
    assert "of 100" in shown


def test_when_nothing_is_wrong_the_page_says_so(client, schedule, ann, ben) -> None:
    turns(schedule, ann, ben, fills="both")
    reach(ann, ben)
    shown = text_of(page(client, ann, "warnings", schedule))
    assert "Nothing is wrong" in shown
    assert '<span class="quality-value">100</span>' in shown


def test_the_card_of_the_schedules_page_is_a_piece_of_the_same(client, schedule, ann) -> None:
    turns(schedule, ann, fills="both")
    shown = text_of(page(client, ann, "warnings-card", schedule))
    assert "<html" not in shown
    assert "Ann is the only one on call in the next 12 weeks: nobody takes over." in shown


def test_somebody_who_cannot_be_on_call_is_named_with_the_layer(client, schedule, ann, ben) -> None:
    turns(schedule, ann, ben, fills="both")
    User.objects.filter(pk=ben.pk).update(is_active=False)
    shown = text_of(page(client, ann, "warnings", schedule))
    assert "Ben has a place in “Weekly 1” but cannot be on call" in shown


def test_hours_count_the_record_of_the_past_and_the_rules_to_come(
    client, schedule, ann, ben, cleo
) -> None:
    turns(schedule, ann, ben)
    past.settle([schedule.group_id], NOW - 2 * DAY)
    cover(schedule, cleo, starts_at=NOW - DAY, ends_at=NOW)
    past.settle([schedule.group_id], NOW)
    schedule.overrides.all().delete()
    query = {"from": "2026-01-05", "until": "2026-01-25", "role": "primary", "format": "csv"}
    rows = list(
        csv.reader(page(client, ann, "hours", schedule, **query).content.decode().splitlines())
    )
    assert rows[0][:7] == [
        "Person", "Shifts", "Nights", "Weekends", "Public holidays", "Total", "So far",
    ]  # fmt: skip
    found = {row[0]: row[5:7] for row in rows[1:]}
    assert found["Cleo"] == ["24.00", "24.00"], "the override was deleted, what was stays"
    assert found["Ben"] == ["168.00", "0.00"]
    assert found["Ann"] == [f"{168 - 24 + 159:.2f}", f"{52 - 24:.2f}"]


def test_public_holidays_of_the_schedule_are_counted(client, schedule, ann) -> None:
    turns(schedule, ann)
    austria = HolidayCalendar.objects.create(country="XX")
    Holiday.objects.create(calendar=austria, on=date(2026, 1, 6), name="Epiphany")
    Schedule.objects.update(holidays=austria)
    query = {"from": "2026-01-06", "until": "2026-01-07", "format": "csv"}
    rows = page(client, ann, "hours", schedule, **query).content.decode().splitlines()
    assert rows[1].startswith("Ann,1,16.00,0.00,24.00,48.00,")


def test_the_plot_and_the_table_say_the_same_without_inline_style(
    client, schedule, ann, ben
) -> None:
    turns(schedule, ann, ben)
    response = page(client, ann, "hours", schedule)
    shown = text_of(response)
    assert response.status_code == 200
    assert shown.count('<rect class="part-weekend" x=') == 2
    assert 'style="' not in shown
    assert "1,0" in shown  # hours, with their thousands


def test_a_name_cannot_become_a_formula_in_a_spreadsheet(client, group, schedule) -> None:
    rogue = person("=HYPERLINK(1)")
    join(group, rogue)
    turns(schedule, rogue)
    response = page(client, rogue, "hours", schedule, format="csv")
    assert response["Content-Disposition"].startswith('attachment; filename="hours-payments-rota-')
    assert response.content.decode().splitlines()[1].startswith("'=HYPERLINK(1),")


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("2026-01-31", "2026-01-01", "The last day must not be before the first."),
        ("2026-01-01", "2027-01-02", "At most 366 days can be shown at once."),
        ("yesterday", "2026-01-02", "Write both days such as 2026-03-29."),
        ("1999-01-01", "1999-01-02", "Days lie between 2000 and 2199."),
        ("2026-01-01", "", "Write both days such as 2026-03-29."),
    ],
)
def test_senseless_days_are_refused_in_one_sentence(
    client, schedule, ann, since: str, until: str, sentence: str
) -> None:
    turns(schedule, ann)
    response = page(client, ann, "hours", schedule, **{"from": since, "until": until})
    assert response.status_code == 422
    assert sentence in text_of(response)


def test_ones_own_clocks_can_be_asked_for(client, schedule, ann) -> None:
    turns(schedule, ann)
    User.objects.filter(pk=ann.pk).update(time_zone="Asia/Kathmandu")
    ann.refresh_from_db()
    assert "Times on the clocks of Europe/Berlin" in text_of(page(client, ann, "hours", schedule))
    mine = text_of(page(client, ann, "hours", schedule, zone="mine"))
    assert "Times on the clocks of Asia/Kathmandu" in mine


@pytest.mark.parametrize("name", ["warnings", "warnings-card", "hours"])
def test_strangers_find_nothing_and_costs_do_not_grow(
    client, group, schedule, ann, ben, stranger, name, django_assert_max_num_queries
) -> None:
    turns(schedule, ann)
    assert page(client, stranger, name, schedule).status_code == 404
    with django_assert_max_num_queries(20) as few:
        page(client, ann, name, schedule)
    for n in range(5):
        other = person(f"More {n}")
        join(group, other)
        turns(schedule, ann, ben, other)
        cover(schedule, other)
    with django_assert_max_num_queries(len(few)):
        page(client, ann, name, schedule)
