"""The console: calendars are made, previewed and refused in one sentence."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, User
from schedules.models import Override, Rotation, Schedule
from tests.schedules.rows import calendar, cover, team, turns

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def console(client: Client, admin: User) -> Client:
    client.force_login(admin)
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"admin:schedules_{name}", args=args)


def rotation_form(schedule: Schedule, *people: User, **fields: object) -> dict[str, object]:
    form: dict[str, object] = {
        "schedule": schedule.pk,
        "name": "Weekly",
        "fills": "both",
        "rank": 0,
        "count": 1,
        "unit": "week",
        "starts_on": "2026-01-05",
        "handoff_at": "09:00",
        "members-TOTAL_FORMS": len(people),
        "members-INITIAL_FORMS": 0,
    }
    for number, user in enumerate(people):
        form |= {f"members-{number}-user": user.pk, f"members-{number}-position": number}
    return form | fields


def override_form(schedule: Schedule, user: User, **fields: object) -> dict[str, object]:
    form = {
        "schedule": schedule.pk,
        "role": "primary",
        "user": user.pk,
        "replaces": "",
        "reason": "",
    }
    form |= {"starts_at_0": "2026-01-08", "starts_at_1": "09:00"}
    form |= {"ends_at_0": "2026-01-09", "ends_at_1": "09:00"}
    return form | fields


def test_a_schedule_and_its_rotation_are_made(console, group, ann, ben) -> None:
    form = {
        "group": group.pk,
        "name": "Rota",
        "time_zone": "Europe/Berlin",
        "is_active": "on",
        "rotations-TOTAL_FORMS": 0,
        "rotations-INITIAL_FORMS": 0,
    }
    assert console.post(url("schedule_add"), form).status_code == 302
    schedule = Schedule.objects.get()
    assert console.post(url("rotation_add"), rotation_form(schedule, ben, ann)).status_code == 302
    assert Rotation.objects.get().people == [ben, ann]
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"added", "changed"}


def test_rotations_can_be_added_on_the_schedules_page(console, schedule) -> None:
    form = {
        "name": "Rota",
        "time_zone": "Asia/Kathmandu",
        "is_active": "on",
        "rotations-TOTAL_FORMS": 1,
        "rotations-INITIAL_FORMS": 0,
        "rotations-0-name": "Daily",
        "rotations-0-unit": "day",
        "rotations-0-count": 1,
        "rotations-0-starts_on": "2026-01-05",
        "rotations-0-handoff_at": "09:00",
        "rotations-0-fills": "primary",
        "rotations-0-rank": 0,
    }
    response = console.post(url("schedule_change", schedule.pk), form)
    assert response.status_code == 302
    schedule.refresh_from_db()
    assert (schedule.time_zone, schedule.rotations.get().name) == ("Asia/Kathmandu", "Daily")


def test_the_line_is_reordered(console, schedule, ann, ben) -> None:
    line = turns(schedule, ann, ben)
    first, second = line.members.all()
    form = rotation_form(schedule, ann, ben) | {
        "members-INITIAL_FORMS": 2,
        "members-0-id": first.pk,
        "members-0-rotation": line.pk,
        "members-0-position": 5,
        "members-1-id": second.pk,
        "members-1-rotation": line.pk,
        "members-1-position": 1,
    }
    assert console.post(url("rotation_change", line.pk), form).status_code == 302
    assert Rotation.objects.get().people == [ben, ann]


def test_the_preview_says_who_is_on_call_in_the_next_two_weeks(console, schedule, ann, ben) -> None:
    line = turns(schedule, ann, ben)
    for page in (url("schedule_change", schedule.pk), url("rotation_change", line.pk)):
        text = console.get(page).content.decode()
        assert "Mon 12 Jan, 09:00" in text
        assert "Rotation “Weekly 1”" in text
        assert text.index("Ann</td>") < text.index("Ben</td>")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"count": 0}, "A turn lasts at least 1 hour, day, week or month."),
        ({"count": ""}, "This field is required."),
        ({"unit": "year"}, "Select a valid choice."),
        ({"starts_on": "1990-01-01"}, "The first hand-off must be between 2000 and 2199."),
        ({"starts_on": "soon"}, "Enter a valid date."),
        ({"handoff_at": "25:00"}, "Enter a valid time."),
        ({"rank": 101}, "A rank is between 0 and 100."),
    ],
)
def test_a_senseless_rotation_is_refused(console, schedule, ann, fields, sentence) -> None:
    response = console.post(url("rotation_add"), rotation_form(schedule, ann, **fields))
    assert sentence in response.content.decode()
    assert not Rotation.objects.exists()


def test_strangers_and_stakeholders_are_refused_beside_their_name(
    console, schedule, ann, ben, stranger
) -> None:
    User.objects.filter(pk=ben.pk).update(roles=["stakeholder"])
    for person, sentence in (
        (stranger, "Mallory is not a member of Payments; add them to the group first."),
        (ben, "Ben is a Stakeholder and is never on call"),
    ):
        response = console.post(url("rotation_add"), rotation_form(schedule, ann, person))
        assert sentence in response.content.decode()
        assert not Rotation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"time_zone": "Mars"}, "Mars is not a time zone; write it like Europe/Vienna."),
        ({"name": ""}, "This field is required."),
        ({"is_active": "on"}, "This group has an active schedule already"),
        ({"group": ""}, "This field is required."),
    ],
)
def test_a_senseless_schedule_is_refused(console, schedule, fields, sentence) -> None:
    form = {
        "group": schedule.group_id,
        "name": "Another",
        "time_zone": "UTC",
        "rotations-TOTAL_FORMS": 0,
        "rotations-INITIAL_FORMS": 0,
    }
    assert sentence in console.post(url("schedule_add"), form | fields).content.decode()
    assert Schedule.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_at_0": "2026-01-07"}, "The end must be after the start."),
        ({"ends_at_1": "later"}, "Enter a valid time."),
        ({"role": "manager"}, "Select a valid choice."),
    ],
)
def test_a_senseless_override_is_refused(console, schedule, ann, fields, sentence) -> None:
    response = console.post(url("override_add"), override_form(schedule, ann, **fields))
    assert sentence in response.content.decode()
    assert not Override.objects.exists()


def test_what_an_action_refuses_is_said_on_the_page(console, schedule, ann, stranger) -> None:
    past = {"starts_at_0": "2026-01-01", "ends_at_0": "2026-01-02"}
    response = console.post(url("override_add"), override_form(schedule, ann, **past), follow=True)
    assert "This time has passed" in response.content.decode()
    response = console.post(url("override_add"), override_form(schedule, stranger), follow=True)
    assert "Mallory is not a member of Payments" in response.content.decode()
    assert not Override.objects.exists()


def test_an_override_is_made_and_taken_back(console, schedule, ann, admin) -> None:
    assert console.post(url("override_add"), override_form(schedule, ann)).status_code == 302
    override = Override.objects.get()
    assert override.created_by == admin
    console.post(url("override_delete", override.pk), {"post": "yes"})
    assert not Override.objects.exists()
    over = cover(schedule, ann, ends_at="2026-01-07T11:30Z")
    page = console.post(url("override_delete", over.pk), {"post": "yes"}, follow=True)
    assert "what happened stays as it was" in page.content.decode()
    assert Override.objects.exists()


def test_lists_cost_the_same_however_many_rows(
    console, ann, ben, django_assert_max_num_queries
) -> None:
    for number in range(15):
        schedule = calendar(team(ann, ben, name=f"Team {number}"))
        turns(schedule, ann, ben)
        cover(schedule, ben)
    for name in ("schedule", "rotation", "override"):
        with django_assert_max_num_queries(14):
            assert console.get(url(f"{name}_changelist")).status_code == 200
        assert console.get(url(f"{name}_changelist") + "?q=team").status_code == 200
        assert console.get(url(f"{name}_add")).status_code == 200
    page = console.get(url("schedule_changelist")).content.decode()
    assert "Team 7" in page
    assert "Ben" in page


def test_basic_people_have_no_console(client, schedule, ann) -> None:
    client.force_login(ann)
    assert client.get(url("schedule_changelist")).status_code == 302
