"""Warnings, hours and previews by the API: the pages' figures, and nothing saved."""

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from schedules.models import (
    FixedShift,
    Override,
    PastDuty,
    Rotation,
    Schedule,
    Settled,
    ShiftChange,
    TimeOff,
)
from tests.schedules.rows import NOW, calendar, cover, team, turns

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _stands_still(frozen) -> None:
    """The clock, at NOW."""


def everything() -> list[object]:
    """All that a change could leave behind."""
    kinds = (Schedule, Rotation, FixedShift, Override, TimeOff, Settled, PastDuty, ShiftChange)
    return [list(kind.objects.order_by("pk").values()) for kind in kinds]


def moved(body: dict) -> dict[str, tuple[list[str], list[str]]]:
    def days(spans: list[dict]) -> list[str]:
        return [f"{s['role']} {s['start'][5:10]}–{s['end'][5:10]}" for s in spans]  # noqa: RUF001

    return {p["person"]["name"]: (days(p["gained"]), days(p["lost"])) for p in body["people"]}


def test_a_change_of_the_line_says_who_gains_and_who_loses_and_saves_nothing(
    call, schedule, admin, ann, ben, cleo
) -> None:
    line = turns(schedule, ann, ben)
    was = everything()
    proposal = {
        "what": "rotations",
        "id": line.pk,
        "change": {"members": [ann.pk, cleo.pk]},
        "until": (NOW + 21 * DAY).isoformat(),
    }
    status, body = call(admin, "post", f"schedules/{schedule.pk}/preview/", proposal)
    assert status == 200, body
    assert moved(body) == {
        "Ben": ([], ["primary 01-12–01-19", "primary 01-26–01-28"]),  # noqa: RUF001
        "Cleo": (["primary 01-12–01-19", "primary 01-26–01-28"], []),  # noqa: RUF001
    }
    assert (body["gaps_opened"], body["gaps_closed"]) == ([], [])
    assert everything() == was


def test_every_kind_of_change_can_be_tried(call, schedule, admin, ann, ben, cleo) -> None:
    line, override = turns(schedule, ann, ben), cover(schedule, cleo, ends_at=NOW + 5 * HOUR)
    was = everything()
    at, end = NOW.isoformat(), (NOW + DAY).isoformat()
    shift = {
        "name": "Saturday", "starts_on": "2026-01-10", "starts_time": "09:00",
        "ends_on": "2026-01-10", "ends_time": "17:00", "people": [cleo.pk], "rank": 5,
    }  # fmt: skip
    for proposal, people in (
        ({"what": "fixed-shifts", "change": shift}, {"Ann", "Cleo"}),
        ({"what": "overrides", "id": override.pk, "remove": True}, {"Ann", "Cleo"}),
        (
            {"what": "overrides", "change": {"user": ben.pk, "starts_at": at, "ends_at": end}},
            {"Ann", "Ben", "Cleo"},
        ),
        (
            {"what": "time-off", "change": {"user": ann.pk, "starts_at": at, "ends_at": end}},
            {"Ann"},
        ),
        ({"what": "rotations", "id": line.pk, "remove": True}, {"Ann", "Ben"}),
        ({"what": "schedules", "id": schedule.pk, "change": {"time_zone": "Asia/Tokyo"}}, None),
        (
            {
                "what": "temporary-schedules",
                "change": {
                    "name": "Party", "starts_at": at, "ends_at": end,
                    "shifts": [
                        {"user": cleo.pk, "role": "primary", "starts_at": at, "ends_at": end}
                    ],
                },
            },
            {"Ann", "Cleo"},
        ),
    ):  # fmt: skip
        status, body = call(admin, "post", f"schedules/{schedule.pk}/preview/", proposal)
        assert status == 200, (proposal, body)
        found = {person["person"]["name"] for person in body["people"]}
        assert found == people if people else found, proposal
        assert everything() == was, proposal


def test_gaps_that_open_and_close_are_told(call, schedule, admin, ann, ben) -> None:
    turns(schedule, ann, None)
    until = (NOW + 14 * DAY).isoformat()
    fill = {
        "what": "fixed-shifts", "until": until,
        "change": {
            "name": "Rest", "starts_on": "2026-01-12", "starts_time": "09:00",
            "ends_on": "2026-01-19", "ends_time": "09:00", "people": [ben.pk],
        },
    }  # fmt: skip
    status, body = call(admin, "post", f"schedules/{schedule.pk}/preview/", fill)
    gap = {
        "role": "primary", "start": "2026-01-12T08:00:00+00:00", "end": "2026-01-19T08:00:00+00:00",
    }  # fmt: skip
    assert (status, body["gaps_closed"], body["gaps_opened"]) == (200, [gap], [])
    hole = {
        "what": "fixed-shifts", "until": until,
        "change": {
            "name": "Hole", "starts_on": "2026-01-08", "starts_time": "09:00", "rank": 9,
            "ends_on": "2026-01-08", "ends_time": "12:00", "is_nobody": True, "people": [],
        },
    }  # fmt: skip
    status, body = call(admin, "post", f"schedules/{schedule.pk}/preview/", hole)
    assert (status, len(body["gaps_opened"]), body["gaps_closed"]) == (200, 1, [])


@pytest.mark.parametrize(
    ("proposal", "status", "sentence"),
    [
        ({"what": "people"}, 400, "valid choice"),
        ({"what": "rotations", "remove": True}, 400, "Say what is to be removed."),
        ({"what": "rotations", "change": {"name": "X", "count": 0}}, 400, ""),
        ({"what": "rotations", "id": 999999999, "change": {}}, 404, ""),
        (
            {"what": "schedules", "id": 0, "change": {}, "until": "2026-01-01T00:00:00Z"},
            400,
            "The end must be after the start, and ahead.",
        ),
        (
            {"what": "schedules", "id": 0, "change": {}, "until": "2028-01-01T00:00:00Z"},
            400,
            "The window is at most 366 days.",
        ),
        (
            {"what": "schedules", "id": 0, "change": {}, "since": "9999-01-01T00:00:00Z"},
            400,
            "This must lie between 2001 and 2199.",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    call, schedule, admin, proposal: dict, status: int, sentence: str
) -> None:
    if proposal.get("id") == 0:
        proposal = proposal | {"id": schedule.pk}
    was = everything()
    code, body = call(admin, "post", f"schedules/{schedule.pk}/preview/", proposal)
    assert (code, sentence in body["error"]) == (status, True), body
    assert everything() == was


def test_only_who_may_make_a_change_may_try_it(call, schedule, admin, ann, ben, stranger) -> None:
    line = turns(schedule, ann, ben)
    path = f"schedules/{schedule.pk}/preview/"
    proposal = {"what": "rotations", "id": line.pk, "remove": True}
    status, body = call(ann, "post", path, proposal)
    assert (status, "Only those who may edit" in body["error"]) == (409, True)
    assert call(stranger, "post", path, proposal)[0] == 404
    other = calendar(team(ann, name="Elsewhere"))
    status, _ = call(admin, "post", f"schedules/{other.pk}/preview/", proposal)
    assert status == 404, "a layer of another schedule"
    assert Rotation.objects.count() == 1


def test_the_warnings_and_the_score_can_be_read(call, schedule, ann, ben, stranger) -> None:
    turns(schedule, ann, ben, None)
    status, body = call(ann, "get", f"schedules/{schedule.pk}/warnings/")
    assert status == 200
    gap = body["warnings"][0] | {"text": ""}
    assert gap["kind"] in ("gap", "unreachable")
    kinds = {each["kind"] for each in body["warnings"]}
    assert {"gap", "unreachable"} <= kinds
    assert body["quality"]["role"] == "primary"
    assert 0 < body["quality"]["coverage"] < 1
    assert body["quality"]["score"] == int(50 * (body["quality"]["coverage"] + 1))
    assert {each["person"]["name"] for each in body["quality"]["people"]} == {"Ann", "Ben"}
    assert call(stranger, "get", f"schedules/{schedule.pk}/warnings/")[0] == 404


def test_a_schedule_without_layers_has_no_score(call, schedule, ann) -> None:
    _, body = call(ann, "get", f"schedules/{schedule.pk}/warnings/")
    assert body["quality"] is None
    assert "no_layers" in {each["kind"] for each in body["warnings"]}


def test_hours_can_be_read_for_any_stretch(call, schedule, ann, ben, stranger) -> None:
    turns(schedule, ann, ben)
    path = f"schedules/{schedule.pk}/hours/?since=2026-01-05T08:00:00Z&until=2026-01-19T08:00:00Z"
    status, body = call(ann, "get", f"{path}&role=primary")
    assert status == 200
    found = {each["person"]["name"]: each for each in body["people"]}
    assert found["Ann"]["total"] == found["Ben"]["total"] == 168
    assert found["Ann"]["so_far"] == 52
    assert (found["Ben"]["nights"], found["Ben"]["weekends"]) == (56, 48)
    assert call(ann, "get", f"{path}&zone=Asia/Tokyo")[1]["time_zone"] == "Asia/Tokyo"
    for query, sentence in (
        ("&zone=Mars/Olympus", "Name a zone such as Europe/Vienna."),
        ("&role=king", "Choose primary or secondary."),
    ):
        status, body = call(ann, "get", path + query)
        assert (status, sentence in body["error"]) == (400, True)
    assert call(stranger, "get", path)[0] == 404


def test_a_shift_that_repeats_has_a_limit(call, schedule, admin, ann) -> None:
    body = {
        "schedule": schedule.pk, "name": "Long", "starts_on": "2026-01-10",
        "starts_time": "09:00:00", "ends_on": "2026-05-10", "ends_time": "17:00:00",
        "people": [ann.pk],
    }  # fmt: skip
    status, refused = call(admin, "post", "fixed-shifts/", body | {"rule": "FREQ=YEARLY"})
    assert (status, refused["error"]) == (
        400, "ends_on: A shift that repeats lasts at most 100 days.",
    )  # fmt: skip
    assert not FixedShift.objects.exists()
    assert call(admin, "post", "fixed-shifts/", body)[0] == 201
    assert datetime.combine(FixedShift.objects.get().ends_on, datetime.min.time())


def test_a_person_of_whom_nothing_is_known_does_not_break_a_preview(
    call, schedule, admin, ann
) -> None:
    line = turns(schedule, ann)
    User.objects.filter(pk=ann.pk).update(name="")
    proposal = {"what": "rotations", "id": line.pk, "remove": True}
    status, body = call(admin, "post", f"schedules/{schedule.pk}/preview/", proposal)
    assert (status, body["people"][0]["person"]) == (200, {"id": ann.pk, "name": ""})
