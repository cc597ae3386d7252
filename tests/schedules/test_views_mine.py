# ruff: noqa: RUF001 - what stands on the page
"""My own pages: shifts, requests, calendar feeds; hand-off notices; the board."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from schedules.models import CalendarFeed, NoticeSettings, SwapRequest, TimeOff
from tests import builders
from tests.schedules.pages import plain, read, send
from tests.schedules.rows import NOW, calendar, join, person, team, turns

pytestmark = pytest.mark.usefixtures("frozen")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


# My shifts


def test_my_shifts_over_all_groups_are_listed_with_a_button_each(schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    turns(calendar(team(ann, name="Other")), ann, fills="secondary")
    text = read(ann, "my-shifts")
    assert "Now Primary in Payments until Mon 12 Jan, 08:00" in text
    assert "Secondary in Other" in text
    assert "Primary in Payments Mon 19 Jan, 08:00 – Mon 26 Jan, 08:00" in text
    assert text.count("I need cover") > 3


def test_who_has_no_shift_or_no_group_reads_why(group, ann) -> None:
    assert "No shift of yours in sight" in read(ann, "my-shifts")
    assert "You are in no group" in read(person("Nils"), "my-shifts")


def test_my_shifts_cost_the_same_however_many(
    schedule, ann, ben, cleo, django_assert_max_num_queries
) -> None:
    turns(schedule, ann, ben)
    for number in range(8):
        turns(calendar(team(ann, ben, name=f"Team {number}")), ann, ben, unit="day")
        at = NOW + (number + 1) * DAY
        TimeOff.objects.create(user=ben, covered_by=ann, starts_at=at, ends_at=at + HOUR)
        SwapRequest.objects.create(schedule=schedule, user=ben, starts_at=at, ends_at=at + HOUR)
    client = Client()
    client.force_login(ann)
    with django_assert_max_num_queries(16):
        client.get(reverse("schedules:my-shifts"))


def test_the_piece_is_empty_where_nothing_waits(group, ann) -> None:
    assert read(ann, "waiting").strip() == ""
    assert "wait" not in read(ann, "me")


def test_a_stakeholder_is_not_asked_to_take_shifts(schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    SwapRequest.objects.create(
        schedule=schedule, user=ann, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY
    )
    assert "1 request waits for you" in read(ben, "me")
    User.objects.filter(pk=ben.pk).update(roles=["stakeholder"])
    ben.refresh_from_db()
    assert "waits for you" not in read(ben, "me")


# Calendar feeds


def test_a_feed_is_made_shown_once_and_revoked(schedule, ann, stranger) -> None:
    assert "No feed yet" in read(ann, "calendars")
    status, text = send(ann, "calendars", what="mine")
    assert (status, "Copy the address now; it is not shown again." in text) == (200, True)
    address = next(word for word in text.split() if word.endswith(".ics"))
    assert Client().get("/" + address.split("/", 3)[3]).status_code == 200
    again = read(ann, "calendars")
    assert address not in again
    feed = CalendarFeed.objects.get()
    assert feed.prefix in again
    assert send(stranger, "revoke-calendar", feed.pk)[0] == 404
    assert "Revoked." in send(ann, "revoke-calendar", feed.pk)[1]
    assert Client().get("/" + address.split("/", 3)[3]).status_code == 404


def test_only_what_i_may_see_can_be_fed(schedule, group, ann, stranger) -> None:
    for what in (f"schedule:{schedule.pk}", f"group:{group.pk}", "all", "schedule:x"):
        status, text = send(stranger, "calendars", what=what)
        assert (status, "Select a valid choice." in text) == (422, True)
    assert send(ann, "calendars", what=f"group:{group.pk}")[0] == 200
    assert send(ann, "calendars", what=f"schedule:{schedule.pk}")[0] == 200
    assert CalendarFeed.objects.count() == 2


def test_the_page_with_the_secret_is_kept_nowhere(ann) -> None:
    client = Client()
    client.force_login(ann)
    response = client.post(reverse("schedules:calendars"), {"what": "mine"})
    assert "no-store" in response["Cache-Control"]


# Hand-off notices


def test_an_editor_says_what_is_told_of_handoffs(schedule, group, ann, ben) -> None:
    group.members.filter(user=ann).update(can_edit=True)
    said = {"next": "on", "starts": "on", "ahead_seconds": "2 h", "to_group": "on"}
    status, text = send(ann, "notices", schedule.pk, **said)
    assert (status, "The hand-off notices are saved." in text) == (302, True)
    kept = NoticeSettings.objects.get()
    assert (kept.next, kept.starts, kept.ends, kept.ahead_seconds) == (True, True, False, 7200)
    status, text = send(ann, "notices", schedule.pk, **said | {"ahead_seconds": "soon"})
    assert status == 422
    assert "Only those who may edit Payments change this." in read(ben, "notices", schedule.pk)
    assert send(ben, "notices", schedule.pk, ends="on", ahead_seconds="1 h")[0] == 422
    kept.refresh_from_db()
    assert kept.ends is False


# The board


def test_a_gap_is_marked_and_a_role_nobody_fills_is_not(schedule, ann, ben) -> None:
    schedule.group.members.exclude(user=ann).delete()
    turns(schedule, ann)
    text = read(ann, "on-call")
    assert "Secondary Not filled" in text
    assert "with a gap" not in text
    join(schedule.group, ben)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    text = read(ben, "on-call")
    assert "Primary Nobody" in text
    assert "1 group with a gap" in text


def test_colleagues_see_how_somebody_is_reached_and_others_do_not(ann, ben, stranger, admin):
    group = team(ann, ben, name="Open", visibility="everyone")
    turns(calendar(group), ann)
    assert "Cannot be paged" in read(ben, "on-call")
    builders.contact(ann, "sms", address="+14155550123")
    for user in (ben, admin):
        text = read(user, "on-call")
        assert "Text message" in text
        assert "Write to Ann" in text
        assert "0123" not in text
    text = read(stranger, "on-call")
    assert "Ann" in text
    assert "Text message" not in text
    client = Client()
    client.force_login(stranger)
    assert ann.email.encode() not in client.get(reverse("schedules:on-call")).content


def test_a_person_can_be_looked_for(ann, ben, cleo) -> None:
    for number in range(10):
        team(ann, name=f"Team {number:02}")
    join(team(ann, name="Cellar"), cleo)
    text = read(ann, "on-call", query="?q=cle")
    assert "Cellar" in text
    assert "Team 03" not in text


def test_the_board_is_paged_in_order_and_shows_each_group_once(ann, ben, monkeypatch) -> None:
    monkeypatch.setattr("schedules.views_board.PAGE_SIZE", 3)
    for number in range(8):
        team(ann if number % 2 else ben, name=f"Team {number}", visibility="everyone")
    client = Client()
    client.force_login(ann)
    seen, query = [], ""
    for _ in range(5):
        response = client.get(reverse("schedules:on-call") + query)
        seen += [row.group.name for row in response.context["rows"]]
        if not response.context["next"]:
            break
        query = f"?after={response.context['next']}"
    assert seen == [f"Team {n}" for n in (1, 3, 5, 7, 0, 2, 4, 6)]
    for nonsense in ("x", "1-x", "1-999999", "-", "9" * 60):
        assert "Team 1" in plain(
            client.get(reverse("schedules:on-call") + f"?after={nonsense}").content
        )


def test_the_board_costs_the_same_with_hints(ann, ben, django_assert_max_num_queries) -> None:
    for number in range(15):
        group = team(ann, ben, name=f"Team {number}")
        turns(calendar(group), ann, ben)
        group.members.filter(user=ben).update(is_manager=True)
    client = Client()
    client.force_login(ann)
    with django_assert_max_num_queries(11):
        client.get(reverse("schedules:on-call"))
