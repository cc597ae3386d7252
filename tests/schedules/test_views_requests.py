# ruff: noqa: RUF001 - what stands on the page
"""Temporary schedules, time off, swaps: the pages, what they refuse, and who may."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from schedules import oncall
from schedules.models import SwapRequest, TemporarySchedule, TimeOff
from schedules.states import Answer, SwapState
from tests import builders
from tests.schedules.pages import read, send
from tests.schedules.rows import NOW, calendar, team, turns

pytestmark = pytest.mark.usefixtures("frozen")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def rota(schedule, ann, ben, cleo):
    for user in (ann, ben, cleo):
        builders.contact(user, "email")
    return turns(schedule, ann, ben)


@pytest.fixture
def editor(group, cleo) -> User:
    group.members.filter(user=cleo).update(can_edit=True)
    return cleo


def primary(rota, at) -> tuple[int, ...]:
    group = rota.schedule.group_id
    return oncall.on_call([group], at)[group].primary


# Temporary schedules


def temporary(*shifts: dict[str, object], **changes: object) -> dict[str, object]:
    said = {"name": "Launch", "starts_at": "2026-01-08T09:00", "ends_at": "2026-01-09T09:00"}
    lines = {"shifts-TOTAL_FORMS": 3, "shifts-INITIAL_FORMS": 0}
    for number in range(3):
        shift = shifts[number] if number < len(shifts) else {}
        plain = {"user": "", "role": "primary", "starts_at": "", "ends_at": ""} | shift
        lines |= {f"shifts-{number}-{name}": value for name, value in plain.items()}
    return said | lines | changes


def test_a_temporary_schedule_is_looked_at_and_saved(rota, ann, ben, editor) -> None:
    early = {"user": ben.pk, "ends_at": "2026-01-08T20:00"}
    late = {"user": editor.pk, "starts_at": "2026-01-08T20:00"}
    said = temporary(early, late)
    status, text = send(editor, "add-temporary", rota.schedule.pk, **said, preview="1")
    assert status == 200
    assert "Thu 8 Jan, 09:00 – 20:00 Before: Ann After: Ben" in text
    assert "Thu 8 Jan, 20:00 – Fri 9 Jan, 09:00 Before: Ann After: Cleo" in text
    assert not TemporarySchedule.objects.exists()
    status, text = send(editor, "add-temporary", rota.schedule.pk, **said)
    assert (status, "Saved: Launch." in text) == (302, True)
    made = TemporarySchedule.objects.get()
    assert made.shifts.count() == 2
    assert primary(rota, NOW + DAY) == (ben.pk,)
    page = read(editor, "change-temporary", rota.schedule.pk, made.pk)
    assert "Change Launch" in page
    send(editor, "end-temporary", rota.schedule.pk, made.pk)
    assert primary(rota, NOW + DAY) == (ann.pk,)


def test_a_temporary_schedule_is_changed_with_its_shifts(rota, ben, editor) -> None:
    send(editor, "add-temporary", rota.schedule.pk, **temporary({"user": ben.pk}))
    made = TemporarySchedule.objects.get()
    said = temporary({"user": editor.pk}, name="Renamed") | {"shifts-INITIAL_FORMS": 1}
    send(editor, "change-temporary", rota.schedule.pk, made.pk, **said)
    made.refresh_from_db()
    assert (made.name, [shift.user for shift in made.shifts.all()]) == ("Renamed", [editor])


def test_a_temporary_schedule_with_a_hole_says_so_before_it_is_saved(rota, editor) -> None:
    _, text = send(editor, "add-temporary", rota.schedule.pk, **temporary(), preview="1")
    assert "Before: Ann After: nobody" in text


def test_more_lines_are_there_on_demand(rota, editor) -> None:
    said = temporary({"user": editor.pk}, more="1")
    status, text = send(editor, "add-temporary", rota.schedule.pk, **said)
    assert (status, text.count("Shift 8 "), text.count("Shift 9 ")) == (200, 1, 0)
    for nonsense in ("", "x", "99999", "-1"):
        said["shifts-TOTAL_FORMS"] = nonsense
        assert send(editor, "add-temporary", rota.schedule.pk, **said)[0] in (200, 422)
    assert not TemporarySchedule.objects.exists()


@pytest.mark.parametrize(
    ("shift", "changes", "sentence"),
    [
        ({}, {"ends_at": "2026-01-08T09:00"}, "The end must be after the start."),
        ({}, {"starts_at": "2025-01-08T09:00", "ends_at": "2025-01-09T09:00"}, "has passed"),
        ({}, {"name": ""}, "This field is required."),
        ({"user": 1000000000}, {}, "Choose a member of the group."),
        ({"starts_at": "2026-01-08T12:00", "ends_at": "2026-01-08T11:00"}, {}, "after the start."),
        ({"starts_at": "2026-02-08T12:00", "ends_at": "2026-02-08T13:00"}, {}, "must lie within"),
        ({"starts_at": "tomorrow"}, {}, "Write a date and a time such as"),
    ],
)
def test_a_senseless_temporary_schedule_is_refused_in_one_sentence(
    rota, editor, shift, changes, sentence
) -> None:
    said = temporary({"user": editor.pk} | shift, **changes)
    status, text = send(editor, "add-temporary", rota.schedule.pk, **said)
    assert (status, text.count(sentence)) == (422, 1)
    assert not TemporarySchedule.objects.exists()


def test_two_temporary_schedules_at_a_time_are_refused(rota, ben, editor) -> None:
    send(editor, "add-temporary", rota.schedule.pk, **temporary({"user": ben.pk}))
    status, text = send(editor, "add-temporary", rota.schedule.pk, **temporary({"user": editor.pk}))
    assert (status, text.count("There is a temporary schedule for this time already")) == (422, 1)


def test_only_editors_make_temporary_schedules(rota, ann) -> None:
    assert "Only editors make temporary schedules" in read(ann, "add-temporary", rota.schedule.pk)
    status, _ = send(ann, "add-temporary", rota.schedule.pk, **temporary({"user": ann.pk}))
    assert status == 422
    assert not TemporarySchedule.objects.exists()


# Time off


def away(user: User, cover: User | None, /, **changes: object) -> dict[str, object]:
    times = {"starts_at": "2026-01-08T09:00", "ends_at": "2026-01-09T09:00"}
    people = {"user": user.pk, "covered_by": cover.pk if cover else "", "group": ""}
    return people | times | {"reason": ""} | changes


def test_time_off_is_entered_and_the_coverer_answers_from_their_page(rota, ann, cleo) -> None:
    status, text = send(ann, "add-time-off", **away(ann, cleo, reason="Skiing"))
    assert (status, "Saved. Cleo covers, unless they decline." in text) == (302, True)
    off = TimeOff.objects.get()
    waiting = read(cleo, "my-shifts")
    assert "Waiting for your answer 1 Cover for Ann" in waiting
    assert "Waiting for your answer" in read(cleo, "waiting")
    status, text = send(cleo, "answer-time-off", off.pk, accepted="yes")
    assert "You cover for Ann." in text
    assert "I cover for Ann" in text
    status, text = send(cleo, "answer-time-off", off.pk, accepted="no", schedule=rota.schedule.pk)
    assert "Declined; Ann has the shifts again." in text
    assert "Changes to Rota" in text
    assert primary(rota, NOW + DAY) == (ann.pk,)


def test_time_off_is_looked_at_in_each_group_before_it_is_saved(rota, ann, ben, cleo) -> None:
    turns(calendar(team(ann, cleo, name="Other")), ann)
    status, text = send(ann, "add-time-off", **away(ann, cleo, preview="1"))
    assert status == 200
    for group in ("Payments", "Other"):
        assert f"What would change in {group} Not saved yet" in text
    assert text.count("Before: Ann After: Cleo") == 2
    status, text = send(ann, "add-time-off", **away(ann, None, preview="1"))
    assert text.count("Before: Ann After: nobody") == 2
    status, text = send(cleo, "add-time-off", **away(cleo, ann, preview="1"))
    assert "Nobody’s shifts would change" in text
    assert not TimeOff.objects.exists()


def test_nobody_else_answers(rota, ann, ben, cleo, stranger) -> None:
    send(ann, "add-time-off", **away(ann, cleo))
    off = TimeOff.objects.get()
    assert (
        "Only whoever is to cover can answer."
        in send(ben, "answer-time-off", off.pk, accepted="no")[1]
    )
    for name in ("answer-time-off", "end-time-off", "time-off"):
        assert send(stranger, name, off.pk, accepted="no")[0] == 404
    read(stranger, "time-off", off.pk, status=404)
    off.refresh_from_db()
    assert off.answer == Answer.ASKED


def test_time_off_for_one_group_leaves_the_others(rota, group, ann, ben, cleo) -> None:
    other = turns(calendar(team(ann, ben, name="Other")), ann)
    send(ann, "add-time-off", **away(ann, cleo, group=group.pk))
    assert primary(rota, NOW + DAY) == (cleo.pk,)
    assert primary(other, NOW + DAY) == (ann.pk,)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_at": "2026-01-08T08:00"}, "The end must be after the start."),
        ({"starts_at": "2026-01-01T09:00", "ends_at": "2026-01-02T09:00"}, "This time has passed"),
        ({"group": "1000000000"}, "Choose one of your groups."),
        ({"user": "1000000000"}, "Choose yourself, or a member of a group you may edit."),
        ({"covered_by": "1000000000"}, "Choose a member of the group."),
        ({"reason": "x" * 300}, "Ensure this value has at most 200 characters"),
    ],
)
def test_senseless_time_off_is_refused_in_one_sentence(rota, ann, cleo, changes, sentence) -> None:
    status, text = send(ann, "add-time-off", **away(ann, cleo, **changes))
    assert (status, text.count(sentence)) == (422, 1)
    assert not TimeOff.objects.exists()


def test_whoever_cannot_cover_is_refused_at_the_field(rota, ann, ben, cleo, stranger) -> None:
    def refused(cover: User) -> str:
        client = Client()
        client.force_login(ann)
        response = client.post(reverse("schedules:add-time-off"), away(ann, cover))
        assert response.status_code == 422
        return response.context["form"].errors["covered_by"][0]

    assert refused(ann) == "Nobody can cover for themselves."
    assert refused(stranger) == "Choose a member of the group."
    TimeOff.objects.create(user=ben, starts_at=NOW, ends_at=NOW + 3 * DAY)
    sentence = "Ben is away then, and nobody covers for them; choose somebody else."
    assert refused(ben) == sentence
    TimeOff.objects.create(user=cleo, covered_by=ann, starts_at=NOW, ends_at=NOW + 3 * DAY)
    assert refused(cleo).startswith("Cleo is away then, too, and is covered by Ann in the end")
    team(ann, stranger, name="Elsewhere")
    assert refused(stranger) == "Mallory is not a member of Payments; add them to the group first."
    assert TimeOff.objects.count() == 2


def test_two_at_a_time_are_refused_at_the_start(rota, ann, cleo) -> None:
    send(ann, "add-time-off", **away(ann, cleo))
    status, text = send(ann, "add-time-off", **away(ann, cleo))
    assert (status, text.count("There is time off for this time already")) == (422, 1)


def test_time_off_is_changed_and_taken_back(rota, ann, cleo) -> None:
    send(ann, "add-time-off", **away(ann, cleo))
    off = TimeOff.objects.get()
    assert "Save the time off" in read(ann, "time-off", off.pk)
    assert "Save the time off" not in read(cleo, "time-off", off.pk)
    send(ann, "time-off", off.pk, **away(ann, None))
    off.refresh_from_db()
    assert off.covered_by is None
    assert "The time off is taken back." in send(ann, "end-time-off", off.pk)[1]
    assert not TimeOff.objects.exists()


# Swaps


def asking(user: User, /, **changes: object) -> dict[str, object]:
    times = {"starts_at": "2026-01-08T09:00", "ends_at": "2026-01-09T09:00"}
    back = {"return_starts_at": "", "return_ends_at": "", "offered_to": "", "note": ""}
    return {"user": user.pk} | times | back | changes


def test_a_swap_is_asked_seen_and_taken(rota, ann, ben) -> None:
    back = {"return_starts_at": "2026-01-13T09:00", "return_ends_at": "2026-01-14T09:00"}
    said = asking(ann, offered_to=ben.pk, note="Concert", **back)
    status, text = send(ann, "ask-swap", rota.schedule.pk, **said)
    assert (status, "Asked. Until it is taken nothing changes." in text) == (302, True)
    swap = SwapRequest.objects.get()
    text = read(ben, "swap", swap.pk)
    assert "Ann asks Ben for a swap" in text
    assert "Primary: Thu 8 Jan, 08:00 – Fri 9 Jan, 08:00" in text  # the reader's clocks are UTC
    assert "In return Tue 13 Jan, 08:00" in text
    assert read(ben, "my-shifts").count("Ann asks you in Payments") == 1
    assert "Yours now. Thank you." in send(ben, "take-swap", swap.pk)[1]
    assert primary(rota, NOW + DAY) == (ben.pk,)
    assert "Taken by Ben" in read(ann, "my-shifts")
    assert "The request is taken back." in send(ann, "cancel-swap", swap.pk)[1]
    assert primary(rota, NOW + DAY) == (ann.pk,)


def test_what_i_declined_no_longer_waits_for_me(rota, ann, ben, cleo) -> None:
    send(ann, "ask-swap", rota.schedule.pk, **asking(ann))
    swap = SwapRequest.objects.get()
    assert "Ann asks everybody in Payments" in read(ben, "my-shifts")
    send(ben, "decline-swap", swap.pk)
    assert "Ann asks everybody" not in read(ben, "my-shifts")
    assert "I take it" not in read(ben, "swap", swap.pk)
    assert "I take it" in read(cleo, "swap", swap.pk)
    assert "Declined by Ben" in read(ann, "swap", swap.pk)


def test_a_request_is_nobody_elses_business(rota, ann, ben, stranger) -> None:
    send(ann, "ask-swap", rota.schedule.pk, **asking(ann, offered_to=ben.pk))
    swap = SwapRequest.objects.get()
    read(stranger, "swap", swap.pk, status=404)
    for name in ("take-swap", "decline-swap", "cancel-swap"):
        assert send(stranger, name, swap.pk)[0] == 404
    swap.refresh_from_db()
    assert swap.state == SwapState.OPEN


def test_two_who_press_at_once_are_told_who_has_it(rota, ann, ben, cleo) -> None:
    send(ann, "ask-swap", rota.schedule.pk, **asking(ann))
    swap = SwapRequest.objects.get()
    send(ben, "take-swap", swap.pk)
    assert "Ben has taken it over already." in send(cleo, "take-swap", swap.pk)[1]


def test_whoever_is_away_then_takes_nothing_over(rota, ann, ben) -> None:
    send(ann, "ask-swap", rota.schedule.pk, **asking(ann))
    TimeOff.objects.create(user=ben, starts_at=NOW, ends_at=NOW + 9 * DAY)
    swap = SwapRequest.objects.get()
    assert "Ben is away then, and nobody covers" in send(ben, "take-swap", swap.pk)[1]
    assert primary(rota, NOW + DAY) == (ann.pk,)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"ends_at": "2026-01-08T08:00"}, "ends_at", "The end must be after the start."),
        ({"starts_at": "2026-01-07T10:00"}, "starts_at", "A request must begin in the future"),
        ({"ends_at": "2028-01-08T08:00"}, "ends_at", "A request is for a year at most."),
        ({"return_ends_at": "2026-01-13T09:00"}, "return_starts_at", "Say from when to when"),
        (
            {"return_starts_at": "2026-01-13T09:00", "return_ends_at": "2026-01-12T09:00"},
            "return_ends_at",
            "The end must be after the start.",
        ),
        ({"offered_to": "1000000000"}, "offered_to", "Choose a member of the group."),
        ({"user": "1000000000"}, "user", "Choose a member of the group."),
        (
            {"starts_at": "2026-01-13T09:00", "ends_at": "2026-01-14T09:00"},
            "starts_at",
            "Ann has no shift in that time.",
        ),
    ],
)
def test_a_senseless_request_is_refused_at_its_field(rota, ann, changes, field, sentence) -> None:
    client = Client()
    client.force_login(ann)
    path = reverse("schedules:ask-swap", args=[rota.schedule.pk])
    response = client.post(path, asking(ann, **changes))
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(sentence)
    assert not SwapRequest.objects.exists()


def test_an_editor_asks_for_somebody_else_and_a_member_does_not(rota, ann, ben, editor) -> None:
    assert send(ben, "ask-swap", rota.schedule.pk, **asking(ann))[0] == 422
    assert send(editor, "ask-swap", rota.schedule.pk, **asking(ann))[0] == 302
    assert SwapRequest.objects.get().created_by == editor


def test_a_draft_has_nothing_to_cover(schedule, ann) -> None:
    schedule.is_active = False
    schedule.save()
    assert "This schedule is a draft" in read(ann, "ask-swap", schedule.pk)


@pytest.mark.parametrize("half", ["return_starts_at", "return_ends_at"])
def test_the_database_refuses_half_of_a_return(rota, ann, half) -> None:
    span = {"starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY, half: NOW + 9 * DAY}
    with pytest.raises(IntegrityError, match="swap_return_ends_after_start"), transaction.atomic():
        SwapRequest.objects.create(schedule=rota.schedule, user=ann, **span)
