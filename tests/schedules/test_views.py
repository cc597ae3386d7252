# ruff: noqa: RUF001 - what stands on the page
"""The pages: who is on call, a schedule and its overrides; strangers see nothing of it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from groups.models import Group
from schedules.models import Override, Schedule
from tests.schedules.rows import NOW, calendar, cover, join, team, turns

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def see(client: Client):
    """Read a page as somebody: `see(ann, "schedules:on-call")`, as plain text."""

    def read(user: User, name: str, *args: object, query: str = "") -> str:
        client.force_login(user)
        response = client.get(reverse(name, args=args) + query)
        assert response.status_code == 200, response.status_code
        return plain(response.content)

    return read


def plain(content: bytes) -> str:
    text = re.sub(r"<[^>]+>", " ", content.decode())
    return re.sub(r"\s+", " ", text)


def fields(user: User, **changes: str) -> dict[str, object]:
    form = {"kind": "replace", "role": "primary", "user": user.pk, "replaces": "", "reason": ""}
    form |= {"layer": "schedule"}
    return form | {"starts_at": "2026-01-08T09:00", "ends_at": "2026-01-09T09:00"} | changes


def post(client: Client, user: User, schedule: Schedule, form: dict[str, object]):
    client.force_login(user)
    return client.post(reverse("schedules:add-override", args=[schedule.pk]), form)


# The board


def test_the_board_says_who_is_on_call_until_when_and_who_is_next(
    see, schedule, ann, ben, cleo
) -> None:
    turns(schedule, ann, ben)
    schedule.group.members.filter(user=cleo).update(is_manager=True)
    text = see(ann, "schedules:on-call")
    assert "Payments Rota My group" in text
    assert (
        "A Ann Cannot be paged Write to Ann Rotation “Weekly 1” until Mon 12 Jan, 08:00 , then"
        in (text.replace("08:00,", "08:00 ,"))
    )
    assert "Cleo" in text


def test_times_are_in_the_readers_zone(see, client, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    User.objects.filter(pk=ann.pk).update(time_zone="Asia/Kathmandu")
    ann.refresh_from_db()
    assert "Mon 12 Jan, 13:45" in see(ann, "schedules:on-call")


def test_the_board_shows_only_groups_i_may_see_mine_first(see, group, ann, stranger) -> None:
    team(stranger, name="Aardvarks")
    assert "Payments" not in see(stranger, "schedules:on-call")
    text = see(ann, "schedules:on-call")
    assert text.index("Payments") < text.index("Aardvarks")


def test_the_board_can_be_searched(see, ann) -> None:
    for number in range(12):
        team(ann, name=f"Team {number:02}")
    assert "Team 07" in see(ann, "schedules:on-call", query="?q=07")
    assert "Team 08" not in see(ann, "schedules:on-call", query="?q=07")
    assert "No group of this name" in see(ann, "schedules:on-call", query="?q=nothing")


def test_empty_pages_say_what_to_do(see, stranger, admin) -> None:
    assert "No group yet" in see(stranger, "schedules:on-call")
    assert "Whoever may edit a group makes its schedules" in see(stranger, "schedules:list")
    team(stranger)
    assert "Make the first schedule" in see(admin, "schedules:list")


def test_a_group_with_nobody_says_so(see, ann) -> None:
    join(team(name="Empty"), ann)
    Group.objects.get().members.all().delete()
    assert (
        "Empty No schedule: members in their order Page Empty Primary Nobody "
        "Secondary Not filled Manager None"
    ) in see(ann, "schedules:on-call")


def test_pages_cost_the_same_however_many_rows(
    client, ann, ben, django_assert_max_num_queries
) -> None:
    client.force_login(ann)
    for number in range(10):
        schedule = calendar(team(ann, ben, name=f"Team {number}"))
        for _ in range(number % 3 + 1):
            turns(schedule, ann, ben)
            cover(schedule, ben, starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=2))
    for name in ("on-call", "list", "me"):
        with django_assert_max_num_queries(9):
            client.get(reverse(f"schedules:{name}"))
    with django_assert_max_num_queries(16):
        client.get(reverse("schedules:detail", args=[schedule.pk]))


def test_the_start_page_says_whether_i_am_on_call(see, schedule, ann, ben, stranger) -> None:
    turns(schedule, ann, ben)
    assert "You are on call Primary in Payments until Mon 12 Jan, 08:00" in see(ann, "schedules:me")
    schedule.group.members.filter(user=ann).update(is_secondary=True)
    text = see(ben, "schedules:me")
    assert "You are not on call Next: Primary in Payments Mon 12 Jan, 08:00" in text
    assert "No shift of yours is planned" in see(stranger, "schedules:me")


# One schedule


def test_a_schedule_shows_two_weeks_with_the_reason_of_every_shift(see, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    cover(schedule, ben, reason="dentist")
    text = see(ann, "schedules:detail", schedule.pk)
    assert "5 Jan – 18 Jan 2026" in text
    assert "Ben Primary Now Wed 7 Jan, 12:00 – 14:00 Override: dentist" in text
    assert "Ann Primary Mon 5 Jan, 09:00 – Wed 7 Jan, 12:00" not in text  # over already
    assert "Every week, Mondays at 09:00" in text
    assert "Ben Primary Mon 12 Jan, 09:00 – Mon 19 Jan, 09:00 Rotation “Weekly 1”" in text


def test_another_day_and_my_own_zone_can_be_asked_for(see, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    User.objects.filter(pk=ann.pk).update(time_zone="America/New_York")
    ann.refresh_from_db()
    text = see(ann, "schedules:detail", schedule.pk, query="?from=2026-03-23&zone=mine")
    assert "Times on the clocks of America/New_York" in text
    assert "Mon 23 Mar, 04:00" in text  # 09:00 in Berlin, where the clocks have not changed yet
    assert "Mon 30 Mar, 03:00" in text
    for nonsense in ("yesterday", "0001-01-01", "9999-12-31", "2026-02-31"):
        assert "5 Jan – 18 Jan" in see(
            ann, "schedules:detail", schedule.pk, query=f"?from={nonsense}"
        )


def test_a_schedule_warns_of_what_is_wrong(see, schedule, ann, ben) -> None:
    assert "No layer yet" in see(ann, "schedules:detail", schedule.pk)
    turns(schedule, ann, ben)
    User.objects.filter(pk=ben.pk).update(is_active=False)
    Schedule.objects.update(is_active=False)
    text = see(ann, "schedules:detail", schedule.pk)
    assert "A draft." in text
    assert "Nobody is Primary from Mon 12 Jan, 09:00 until Mon 19 Jan, 09:00" in text
    assert "Ben has a place in Weekly 1 but is no active member of Payments" in text


def test_a_stranger_gets_a_404_everywhere(client, group, schedule, ann, stranger) -> None:
    override = cover(schedule, ann)
    client.force_login(stranger)
    for name, args in (("detail", [schedule.pk]), ("group", ["payments"])):
        assert client.get(reverse(f"schedules:{name}", args=args)).status_code == 404
    for name, args in (
        ("add-override", [schedule.pk]),
        ("end-override", [schedule.pk, override.pk]),
    ):
        assert client.post(reverse(f"schedules:{name}", args=args), fields(ann)).status_code == 404
    assert "Rota" not in client.get(reverse("schedules:list")).content.decode()


def test_pages_ask_to_sign_in_and_writes_are_posts(client, schedule, ann) -> None:
    for name, args in (("on-call", []), ("list", []), ("detail", [schedule.pk])):
        assert client.get(reverse(f"schedules:{name}", args=args)).status_code == 302
    client.force_login(ann)
    assert client.get(reverse("schedules:end-override", args=[schedule.pk, 1])).status_code == 405


def test_a_groups_page_shows_who_is_on_call_and_its_schedules(see, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    text = see(ann, "schedules:group", "payments")
    assert "Ann Rotation “Weekly 1”" in text
    assert "Rota Europe/Berlin Active" in text


# Overrides


def test_a_member_takes_a_shift_over(client, schedule, ann, ben) -> None:
    turns(schedule, ann)
    response = post(client, ben, schedule, fields(ben, reason="swap"))
    assert response.status_code == 302
    override = Override.objects.get()
    assert override.starts_at.isoformat() == "2026-01-08T08:00:00+00:00"  # 09:00 in Berlin
    page = client.get(response["Location"]).content
    assert "Saved: Ben as Primary" in plain(page)
    page = client.get(reverse("schedules:detail", args=[schedule.pk])).content
    assert "Take back" in plain(page)
    client.post(reverse("schedules:end-override", args=[schedule.pk, override.pk]))
    assert not Override.objects.exists()


def test_a_time_that_comes_twice_makes_an_overlap_and_never_a_gap(client, schedule, ben) -> None:
    twice = {"starts_at": "2026-10-25T02:30", "ends_at": "2026-10-25T02:30"}
    assert post(client, ben, schedule, fields(ben, **twice)).status_code == 302
    override = Override.objects.get()
    assert override.ends_at - override.starts_at == timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_at": "2026-01-08T08:00"}, "The end must be after the start."),
        ({"starts_at": "2026-01-01T09:00", "ends_at": "2026-01-02T09:00"}, "This time has passed"),
        ({"starts_at": "soon"}, "Write a date and a time such as 2026-03-29 09:00."),
        ({"starts_at": "2026-01-08"}, "Write a date and a time such as 2026-03-29 09:00."),
        ({"starts_at": "2026-01-08T09:00+01:00"}, "Write a date and a time such as"),
        ({"ends_at": "9999-12-31T23:59"}, "This must lie between 2000 and 2199."),
        ({"ends_at": ""}, "This field is required."),
        ({"role": "manager"}, "Select a valid choice."),
        ({"user": "1000000000"}, "Choose a member of the group."),
        ({"user": "x"}, "Choose a member of the group."),
        ({"replaces": "1000000000"}, "Choose a member of the group."),
        ({"reason": "x" * 300}, "Ensure this value has at most 200 characters"),
    ],
)
def test_a_senseless_override_is_refused_in_one_sentence(
    client, schedule, ben, changes, sentence
) -> None:
    response = post(client, ben, schedule, fields(ben) | changes)
    assert response.status_code == 422
    assert plain(response.content).count(sentence) == 1
    assert not Override.objects.exists()


def test_what_is_not_mine_to_change_is_refused_in_the_form(
    client, schedule, ann, ben, cleo
) -> None:
    response = post(client, ben, schedule, fields(cleo, replaces=str(ann.pk)))
    assert response.status_code == 422
    assert "You can take a shift over or give away your own" in plain(response.content)
    override = cover(schedule, cleo)
    client.post(reverse("schedules:end-override", args=[schedule.pk, override.pk]))
    override.refresh_from_db()
    assert override.ends_at > NOW


def test_a_stakeholder_may_look_but_is_offered_no_form(see, group, schedule, ann, ben) -> None:
    User.objects.filter(pk=ben.pk).update(roles=["stakeholder"])
    ben.refresh_from_db()
    assert "Put somebody else on call" in see(ann, "schedules:detail", schedule.pk)
    assert "Put somebody else on call" not in see(ben, "schedules:detail", schedule.pk)
