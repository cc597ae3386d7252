"""Layers, requests and answers below /api/v1/: what the pages can, programs can."""

from datetime import timedelta

import pytest
from django.test import Client

from schedules.models import CalendarFeed, HolidayCalendar, ImportedCalendar, Override, TimeOff
from tests import builders
from tests.schedules.rows import NOW, calendar, team, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _stands_still(frozen) -> None:
    """The clock, at NOW."""


def test_a_rotation_with_all_it_can_be_is_made_and_read_back(
    call, schedule, admin, ann, ben
) -> None:
    body = {
        "schedule": schedule.pk,
        "name": "Office",
        "unit": "month",
        "starts_on": "2026-01-31",
        "handoff_at": "09:00:00",
        "ends_on": "2027-01-31",
        "people_at_once": 1,
        "advance": "worked",
        "members": [ann.pk, None, {"user": ben.pk, "joins_on": "2026-06-01", "leaves_on": None}],
        "windows": [[540, 1020], [6840, 10560]],
    }
    status, made = call(admin, "post", "rotations/", body)
    assert status == 201, made
    assert {name: made[name] for name in body} == body
    status, again = call(admin, "get", f"rotations/{made['id']}/")
    assert again == made
    status, kept = call(admin, "patch", f"rotations/{made['id']}/", {"rank": 7})
    assert (status, kept["members"], kept["windows"]) == (200, body["members"], body["windows"])
    status, refused = call(
        admin, "patch", f"rotations/{made['id']}/", {"windows": [[5, 9], [7, 8]]}
    )
    assert (status, refused["error"][:20]) == (400, "Duty hours overlap: ")


def test_a_fixed_shift_repeats_and_names_people(call, schedule, admin, ann) -> None:
    body = {
        "schedule": schedule.pk,
        "name": "Saturday",
        "starts_on": "2026-01-10",
        "starts_time": "09:00:00",
        "ends_on": "2026-01-10",
        "ends_time": "17:00:00",
        "rule": "FREQ=WEEKLY",
        "people": [ann.pk],
    }
    status, made = call(admin, "post", "fixed-shifts/", body)
    assert (status, made["people"], made["rule"]) == (201, [ann.pk], "FREQ=WEEKLY")
    status, refused = call(
        admin, "patch", f"fixed-shifts/{made['id']}/", {"rule": "FREQ=YEARLY;UNTIL=30260101"}
    )
    assert (status, "2200" in refused["error"]) == (400, True)
    status, listed = call(ann, "get", f"fixed-shifts/?schedule={schedule.pk}")
    assert listed["count"] == 1
    assert call(ann, "get", "fixed-shifts/?schedule=x")[1]["count"] == 0


def test_the_address_of_an_imported_calendar_is_never_shown_again(call, schedule, admin) -> None:
    body = {"schedule": schedule.pk, "name": "Team", "url": "webcal://a.example/secret.ics"}
    status, made = call(admin, "post", "imported-calendars/", body)
    assert (status, "url" in made) == (201, False)
    assert ImportedCalendar.objects.get().url == "https://a.example/secret.ics"
    body["url"], body["name"] = "gopher://x", "Other"
    status, refused = call(admin, "post", "imported-calendars/", body)
    assert refused == {"error": "url: The address must begin with https:// or http://."}


def test_overrides_add_remove_and_change_one_layer(call, schedule, admin, ann, ben) -> None:
    rotation = turns(schedule, ann)
    body = {
        "schedule": schedule.pk,
        "kind": "add",
        "role": "primary",
        "user": ben.pk,
        "rotation": rotation.pk,
        "starts_at": (NOW + HOUR).isoformat(),
        "ends_at": (NOW + DAY).isoformat(),
    }
    assert call(admin, "post", "overrides/", body)[0] == 201
    status, refused = call(admin, "post", "overrides/", body | {"kind": "remove"})
    assert (status, refused["error"][:9]) == (400, "To replac")
    assert Override.objects.get().rotation == rotation


def test_time_off_is_asked_answered_and_taken_back(
    call, schedule, ann, ben, cleo, stranger
) -> None:
    turns(schedule, ann)
    body = {
        "user": ann.pk,
        "group": "payments",
        "covered_by": ben.pk,
        "starts_at": (NOW + DAY).isoformat(),
        "ends_at": (NOW + 2 * DAY).isoformat(),
    }
    status, made = call(ann, "post", "time-off/", body)
    assert (status, made["answer"]) == (201, "asked")
    path = f"time-off/{made['id']}/"
    assert call(cleo, "post", f"{path}answer/", {"accepted": True})[0] == 409
    assert call(stranger, "get", path)[0] == 404
    assert call(ben, "post", f"{path}answer/", {})[0] == 400
    assert call(ben, "post", f"{path}answer/", {"accepted": False})[1]["answer"] == "declined"
    assert call(ann, "delete", path)[0] == 204
    assert not TimeOff.objects.exists()


def test_a_swap_is_asked_taken_and_cancelled(call, schedule, ann, ben, cleo, stranger) -> None:
    builders.contact(cleo, "email")
    turns(schedule, ann)
    body = {
        "schedule": schedule.pk,
        "user": ann.pk,
        "starts_at": (NOW + DAY).isoformat(),
        "ends_at": (NOW + 2 * DAY).isoformat(),
    }
    status, made = call(ann, "post", "swaps/", body)
    assert (status, made["state"]) == (201, "open")
    path = f"swaps/{made['id']}/"
    assert call(stranger, "post", f"{path}take/")[0] == 404
    assert call(ben, "post", f"{path}decline/")[1]["state"] == "open"
    status, taken = call(cleo, "post", f"{path}take/")
    assert (status, taken["taken_by"]) == (200, cleo.pk)
    assert call(ben, "post", f"{path}take/")[0] == 409
    assert call(ann, "post", f"{path}cancel/")[1]["state"] == "cancelled"
    assert call(ann, "delete", path)[0] == 405


def test_a_temporary_schedule_comes_with_its_shifts(call, schedule, admin, ann, stranger) -> None:
    times = {"starts_at": "2026-01-08T12:00:00Z", "ends_at": "2026-01-09T12:00:00Z"}
    shift = {"user": ann.pk, "role": "primary", **times}
    body = {"schedule": schedule.pk, "name": "Move", "shifts": [shift], **times}
    status, made = call(admin, "post", "temporary-schedules/", body)
    assert (status, made["shifts"][0]["user"]) == (201, ann.pk)
    path = f"temporary-schedules/{made['id']}/"
    status, kept = call(admin, "patch", path, {"name": "Moved"})
    assert (kept["name"], len(kept["shifts"])) == ("Moved", 1)
    status, refused = call(admin, "post", "temporary-schedules/", body)
    assert (status, refused["error"][:30]) == (400, "There is a temporary schedule ")
    assert call(ann, "delete", path)[0] == 409
    assert call(stranger, "get", path)[0] == 404
    assert call(admin, "delete", path)[0] == 204


def test_a_feeds_address_is_told_once_and_taken_back_by_deleting(call, schedule, ann, ben) -> None:
    status, made = call(ann, "post", "calendar-feeds/", {"schedule": schedule.pk})
    assert status == 201
    path = made["url"].partition("/calendars/")[1] + made["url"].partition("/calendars/")[2]
    assert Client().get(path).status_code == 200
    assert call(ann, "get", "calendar-feeds/")[1]["results"][0]["url"] is None
    assert call(ben, "delete", f"calendar-feeds/{made['id']}/")[0] == 404
    assert call(ann, "delete", f"calendar-feeds/{made['id']}/")[0] == 204
    assert Client().get(path).status_code == 404
    assert CalendarFeed.objects.get().revoked_at == NOW


def test_a_feed_of_what_one_cannot_see_does_not_exist(call, schedule, stranger) -> None:
    assert call(stranger, "post", "calendar-feeds/", {"schedule": schedule.pk})[0] == 400
    assert not CalendarFeed.objects.exists()


def test_notices_are_set_by_editors_and_read_by_all(call, schedule, admin, ann, stranger) -> None:
    path = f"schedules/{schedule.pk}/notices/"
    assert call(ann, "get", path)[1]["starts"] is False
    assert call(ann, "put", path, {"starts": True})[0] == 409
    status, saved = call(admin, "put", path, {"starts": True, "ahead_seconds": 3600})
    assert (status, saved["starts"], saved["ends"]) == (200, True, False)
    assert call(ann, "get", path)[1] == saved
    assert call(stranger, "get", path)[0] == 404


def test_holiday_calendars_are_made_once(call, ann) -> None:
    body = {"country": "AT", "subdivision": "9"}
    first, second = (call(ann, "post", "holiday-calendars/", body) for _ in range(2))
    assert first == second
    assert (first[0], HolidayCalendar.objects.count()) == (201, 1)
    assert call(ann, "post", "holiday-calendars/", {"country": "XX"}) == (
        400,
        {"error": "XX is not a country we know holidays of."},
    )


# Answers


def test_who_is_on_call_over_all_groups(call, schedule, ann, ben, stranger, admin) -> None:
    turns(schedule, ann)
    team(stranger, name="Others", visibility="members")
    status, found = call(ann, "get", "on-call/")
    assert (status, found["count"]) == (200, 1)
    line = found["results"][0]
    assert (line["group"], line["primary"]) == ("payments", [{"id": ann.pk, "name": "Ann"}])
    assert call(admin, "get", "on-call/")[1]["count"] == 2
    for query, count in (
        (f"person={ann.pk}", 1),
        (f"person={ben.pk}&role=primary", 0),
        (f"person={ann.pk}&role=primary", 1),
        ("role=secondary", 1),
        ("at=2026-01-01T00:00:00Z", 1),
    ):
        assert call(ann, "get", f"on-call/?{query}")[1]["count"] == count, query
    for query, sentence in (
        ("person=x", "person: Name a person by their number."),
        ("role=boss", "role: Choose primary, secondary or manager."),
        ("at=soon", "at: Write an instant with its zone, such as 2026-03-29T09:00:00+02:00."),
    ):
        assert call(ann, "get", f"on-call/?{query}") == (400, {"error": sentence})


def test_the_shifts_of_one_person_over_the_groups_in_sight(call, schedule, ann, ben) -> None:
    turns(schedule, ann, ben)
    secret = team(ben, name="Secret", visibility="members")
    turns(calendar(secret), ben)
    _, mine = call(ann, "get", "on-call/shifts/")
    assert [(s["start"], s["group"]) for s in mine["shifts"]] == [
        ("2026-01-07T12:00:00+00:00", "payments"),
        ("2026-01-19T08:00:00+00:00", "payments"),
    ]
    _, theirs = call(ann, "get", f"on-call/shifts/?person={ben.pk}")
    assert {s["group"] for s in theirs["shifts"]} == {"payments"}
    assert {s["group"] for s in call(ben, "get", "on-call/shifts/")[1]["shifts"]} == {
        "payments",
        "secret",
    }
    assert call(ann, "get", "on-call/shifts/?since=2026-01-01T00:00Z&until=2029-01-01T00:00Z") == (
        400,
        {"error": "The window is at most 366 days."},
    )


def test_the_number_of_queries_does_not_grow(
    call, schedule, admin, ann, ben, django_assert_max_num_queries
) -> None:
    for number in range(8):
        turns(calendar(team(ann, name=f"Team {number}")), ann)
        turns(schedule, ann, ben)
    for path in ("on-call/", "on-call/shifts/", "rotations/", "fixed-shifts/", "swaps/"):
        with django_assert_max_num_queries(16):  # the token itself takes six
            assert call(ann, "get", path)[0] == 200


def test_everything_stands_in_the_schema(call, ann, client) -> None:
    schema = client.get("/api/schema/?format=json")
    if schema.status_code in (302, 401, 403):
        client.force_login(ann)
        schema = client.get("/api/schema/?format=json")
    paths = schema.json()["paths"]
    for name in (
        "on-call/", "on-call/shifts/", "fixed-shifts/", "imported-calendars/", "time-off/",
        "swaps/{id}/take/", "temporary-schedules/", "calendar-feeds/", "holiday-calendars/",
        "schedules/{id}/notices/", "time-off/{id}/answer/",
    ):  # fmt: skip
        assert f"/api/v1/{name}" in paths, name
