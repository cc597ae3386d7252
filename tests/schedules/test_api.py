"""/api/v1/: who is on call, final shifts, and the calendar's own rows, in sight only."""

import pytest
from django.test import Client

from accounts.models import User
from schedules.models import Override, Rotation, Schedule
from tests.schedules.rows import NOW, calendar, cover, team, turns

pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def api(client: Client):
    """Call the API as somebody: `api(ann).get(...)`."""

    def as_person(user) -> Client:
        client.force_login(user)
        return client

    return as_person


def send(client: Client, method: str, path: str, body: dict):
    call = getattr(client, method)
    return call(f"/api/v1/{path}", body, content_type="application/json")


# On call


def test_on_call_says_who_why_and_until_when(api, group, schedule, ann, ben, cleo) -> None:
    turns(schedule, ann, ben)
    group.members.filter(user=ben).update(is_secondary=True)
    group.members.filter(user=cleo).update(is_manager=True)
    answer = api(ben).get("/api/v1/groups/payments/on-call/").json()
    assert answer == {
        "group": "payments",
        "at": "2026-01-07T12:00:00+00:00",
        "primary": [
            {
                "id": ann.pk,
                "name": "Ann",
                "source": "Rotation “Weekly 1”",
                "until": "2026-01-12T08:00:00+00:00",
            }
        ],
        "secondary": [
            {"id": ben.pk, "name": "Ben", "source": "Members in their order", "until": None}
        ],
        "manager": [
            {"id": cleo.pk, "name": "Cleo", "source": "Members in their order", "until": None}
        ],
        "source": "Schedule “Rota”: Rotation “Weekly 1”; Members in their order",
        "has_schedule": True,
        "schedule": schedule.pk,
        "next_handoff": "2026-01-12T08:00:00+00:00",
    }


@pytest.mark.parametrize(
    "at", ["2026-01-12T08:00:00Z", "2026-01-12T09:00:00%2B01:00", "2026-01-12T09:00:00+01:00"]
)
def test_on_call_at_another_instant(api, schedule, ann, ben, at) -> None:
    turns(schedule, ann, ben)
    answer = api(ann).get(f"/api/v1/groups/payments/on-call/?at={at}").json()
    assert [person["name"] for person in answer["primary"]] == ["Ben"]


@pytest.mark.parametrize("at", ["noon", "2026-01-12", "2026-01-12T09:00", "2026-13-01T00:00Z"])
def test_an_instant_without_a_zone_is_refused_in_one_sentence(api, group, ann, at) -> None:
    response = api(ann).get(f"/api/v1/groups/payments/on-call/?at={at}")
    assert response.status_code == 400
    assert response.json() == {
        "error": "at: Write an instant with its zone, such as 2026-03-29T09:00:00+02:00."
    }


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_at_the_end_of_time_is_refused(api, group, ann, at) -> None:
    response = api(ann).get(f"/api/v1/groups/payments/on-call/?at={at}")
    assert response.json() == {"error": "at: This must lie between 2001 and 2199."}


def test_a_stranger_learns_nothing_of_a_closed_group(api, group, schedule, ann, stranger) -> None:
    rotation, override = turns(schedule, ann), cover(schedule, ann)
    mallory = api(stranger)
    for path in (
        "groups/payments/on-call/",
        f"schedules/{schedule.pk}/",
        f"schedules/{schedule.pk}/shifts/",
        f"rotations/{rotation.pk}/",
        f"overrides/{override.pk}/",
    ):
        assert mallory.get(f"/api/v1/{path}").status_code == 404
        assert send(mallory, "patch", path, {"name": "mine"}).status_code in {404, 405}
        assert mallory.delete(f"/api/v1/{path}").status_code in {404, 405}
    for path in ("schedules", "rotations", "overrides"):
        assert mallory.get(f"/api/v1/{path}/").json()["results"] == []
    answer = send(mallory, "post", "schedules/", {"group": "payments", "name": "Mine"})
    assert answer.status_code == 400
    assert "does not exist" in answer.json()["error"]


def test_without_signing_in_there_is_nothing(client, schedule) -> None:
    for path in ("groups/payments/on-call/", "schedules/", f"schedules/{schedule.pk}/shifts/"):
        assert client.get(f"/api/v1/{path}").status_code in {401, 403}


# Shifts


def test_the_final_shifts_of_a_window(api, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    query = "since=2026-01-10T00:00:00Z&until=2026-01-14T00:00:00Z"
    body = api(ann).get(f"/api/v1/schedules/{schedule.pk}/shifts/?{query}").json()
    assert [shift for shift in body["shifts"] if shift["role"] == "primary"] == [
        {
            "person": {"id": ann.pk, "name": "Ann"},
            "role": "primary",
            "start": "2026-01-10T00:00:00+00:00",
            "end": "2026-01-12T08:00:00+00:00",
            "source": "Rotation “Weekly 1”",
        },
        {
            "person": {"id": ben.pk, "name": "Ben"},
            "role": "primary",
            "start": "2026-01-12T08:00:00+00:00",
            "end": "2026-01-14T00:00:00+00:00",
            "source": "Rotation “Weekly 1”",
        },
    ]


def test_a_gap_is_a_shift_of_nobody(api, schedule, ann) -> None:
    turns(schedule, ann)
    User.objects.filter(pk=ann.pk).update(roles=["stakeholder"])
    body = api(ann).get(f"/api/v1/schedules/{schedule.pk}/shifts/").json()
    assert body["shifts"][0]["person"] is None
    assert body["shifts"][0]["source"] == "Nobody is on call"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (
            "since=2026-01-02T00:00Z&until=2026-01-01T00:00Z",
            "until: The end must be after the start.",
        ),
        (
            "since=2026-01-01T00:00Z&until=2026-01-01T00:00Z",
            "until: The end must be after the start.",
        ),
        ("since=2026-01-01T00:00Z&until=2027-06-01T00:00Z", "The window is at most 366 days."),
        (
            "since=yesterday",
            "since: Write an instant with its zone, such as 2026-03-29T09:00:00+02:00.",
        ),
    ],
)
def test_a_senseless_window_is_refused_in_one_sentence(api, schedule, ann, query, sentence) -> None:
    response = api(ann).get(f"/api/v1/schedules/{schedule.pk}/shifts/?{query}")
    assert (response.status_code, response.json()) == (400, {"error": sentence})


# Rows


def test_a_whole_calendar_is_made_by_the_api(api, group, ann, ben, cleo) -> None:
    group.members.filter(user=ann).update(can_edit=True)
    client = api(ann)
    made = send(
        client,
        "post",
        "schedules/",
        {"group": "payments", "name": "New", "time_zone": "Asia/Kathmandu"},
    )
    assert made.status_code == 201, made.json()
    schedule = made.json()["id"]
    rotation = {
        "schedule": schedule,
        "name": "Daily",
        "unit": "day",
        "count": 1,
        "starts_on": "2026-01-05",
        "handoff_at": "09:00",
        "fills": "both",
        "members": [ben.pk, ann.pk],
    }
    made = send(client, "post", "rotations/", rotation)
    assert made.status_code == 201, made.json()
    assert made.json()["members"] == [ben.pk, ann.pk]
    changed = send(client, "patch", f"rotations/{made.json()['id']}/", {"members": [cleo.pk]})
    assert (changed.status_code, changed.json()["members"]) == (200, [cleo.pk])
    named = send(client, "patch", f"rotations/{made.json()['id']}/", {"name": "Every day"})
    assert (named.json()["name"], named.json()["members"]) == ("Every day", [cleo.pk])
    override = {
        "schedule": schedule,
        "role": "primary",
        "user": ben.pk,
        "starts_at": "2026-01-08T09:00:00Z",
        "ends_at": "2026-01-09T09:00:00Z",
    }
    made = send(client, "post", "overrides/", override)
    assert (made.status_code, made.json()["created_by"]) == (201, ann.pk)
    assert client.delete(f"/api/v1/overrides/{made.json()['id']}/").status_code == 204
    assert client.delete(f"/api/v1/schedules/{schedule}/").status_code == 204
    assert not Rotation.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("schedules/", {"name": "X"}, 400, "group: This field is required."),
        (
            "schedules/",
            {"group": "payments", "name": "X", "time_zone": "Mars"},
            400,
            "Mars is not a time zone",
        ),
        ("schedules/", {"group": "payments", "name": "X"}, 400, "switch that one off first"),
        ("rotations/", {"count": 0}, 400, "greater than or equal to 1"),
        ("rotations/", {"count": "many"}, 400, "A valid integer is required"),
        ("rotations/", {"unit": "year"}, 400, "is not a valid choice"),
        ("rotations/", {"starts_on": "1999-01-01"}, 400, "between 2000 and 2199"),
        ("rotations/", {"handoff_at": "25:00"}, 400, "Time has wrong format"),
        ("rotations/", {"members": [10**9]}, 400, "object does not exist"),
        ("rotations/", {"members": None}, 400, "may not be null"),
        (
            "overrides/",
            {"ends_at": "2026-01-08T01:00:00Z"},
            400,
            "The end must be after the start.",
        ),
        ("overrides/", {"ends_at": "2026-01-01T01:00:00Z"}, 400, "This time has passed"),
        ("overrides/", {"ends_at": "9999-12-31T23:59:59Z"}, 400, "between 2000 and 2199"),
        ("overrides/", {"ends_at": "soon"}, 400, "Datetime has wrong format"),
        ("overrides/", {"role": "manager"}, 400, "is not a valid choice"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_and_saves_nothing(
    api, schedule, admin, ann, path, body, status, sentence
) -> None:
    whole = {
        "schedules/": {},
        "rotations/": {
            "schedule": schedule.pk,
            "name": "Daily",
            "unit": "day",
            "starts_on": "2026-01-05",
            "handoff_at": "09:00",
            "members": [ann.pk],
        },
        "overrides/": {
            "schedule": schedule.pk,
            "role": "primary",
            "user": ann.pk,
            "starts_at": "2026-01-08T09:00:00Z",
            "ends_at": "2026-01-09T09:00:00Z",
        },
    }[path]
    response = send(api(admin), "post", path, whole | body)
    assert response.status_code == status, response.content
    assert sentence in response.json()["error"]
    assert (Schedule.objects.count(), Rotation.objects.count(), Override.objects.count()) == (
        1,
        0,
        0,
    )


def test_an_ordinary_member_reads_all_and_changes_only_their_own_shifts(
    api, schedule, ann, ben, cleo
) -> None:
    rotation = turns(schedule, ann)
    client = api(ben)
    refused = send(client, "patch", f"rotations/{rotation.pk}/", {"members": [ben.pk]})
    assert refused.status_code == 409
    assert refused.json() == {"error": "Only those who may edit Payments can change its schedules."}
    assert client.delete(f"/api/v1/schedules/{schedule.pk}/").status_code == 409
    override = {
        "schedule": schedule.pk,
        "role": "primary",
        "starts_at": NOW.isoformat(),
        "ends_at": "2026-01-08T00:00Z",
    }
    assert send(client, "post", "overrides/", override | {"user": cleo.pk}).status_code == 409
    assert send(client, "post", "overrides/", override | {"user": ben.pk}).status_code == 201


def test_a_schedule_cannot_be_moved_into_a_group_that_is_not_mine(api, schedule, ann, ben) -> None:
    schedule.group.members.filter(user=ann).update(can_edit=True)
    other = team(ann, ben, name="Other")
    refused = send(api(ann), "patch", f"schedules/{schedule.pk}/", {"group": "other"})
    assert refused.status_code == 409
    foreign = calendar(other)
    moved = turns(schedule, ann)
    assert (
        send(api(ann), "patch", f"rotations/{moved.pk}/", {"schedule": foreign.pk}).status_code
        == 409
    )
    assert (
        send(
            api(ann), "patch", f"rotations/{turns(foreign, ben).pk}/", {"schedule": schedule.pk}
        ).status_code
        == 400
    )


def test_the_number_of_queries_does_not_grow_with_the_rows(
    api, group, schedule, ann, ben, django_assert_max_num_queries
) -> None:
    client = api(ann)
    for _ in range(12):
        turns(schedule, ann, ben)
        cover(schedule, ben)
    for path in (
        "schedules/",
        "rotations/",
        "overrides/",
        "groups/payments/on-call/",
        f"schedules/{schedule.pk}/shifts/",
    ):
        with django_assert_max_num_queries(8):
            assert client.get(f"/api/v1/{path}").status_code == 200
