# ruff: noqa: RUF001 - what stands on the page
"""The list of changes, the quick forms, overrides: looked at before they are saved."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from schedules import changes_list
from schedules.models import Override, SwapRequest, TemporarySchedule, TimeOff
from schedules.states import Answer, SwapState
from tests import builders
from tests.schedules.pages import plain, read, send
from tests.schedules.rows import NOW, cover, join, person, team, turns

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


def form(user: User | None, /, **changes: object) -> dict[str, object]:
    plain = {"kind": "replace", "role": "primary", "user": user and user.pk, "layer": "schedule"}
    times = {"starts_at": "2026-01-08T09:00", "ends_at": "2026-01-09T09:00"}
    return plain | {"replaces": "", "reason": ""} | times | changes


# The list


def test_everything_that_touches_a_schedule_is_listed_by_when_it_is(rota, ann, ben, cleo) -> None:
    schedule = rota.schedule
    cover(schedule, ben, reason="dentist")
    cover(schedule, cleo, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    cover(schedule, cleo, starts_at=NOW - 2 * DAY, ends_at=NOW - DAY)
    TimeOff.objects.create(user=ann, covered_by=ben, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    TemporarySchedule.objects.create(
        schedule=schedule, name="Launch", starts_at=NOW + 5 * DAY, ends_at=NOW + 6 * DAY
    )
    SwapRequest.objects.create(
        schedule=schedule, user=ann, starts_at=NOW + 3 * DAY, ends_at=NOW + 4 * DAY
    )
    text = read(ann, "changes", schedule.pk)
    assert "Ben is Primary Wed 7 Jan, 12:00 – 14:00 Override · dentist" in text
    assert "Cleo" not in text.split("New change")[1].split("Take over now")[0]
    text = read(ann, "changes", schedule.pk, query="?when=planned")
    assert "Cleo is Primary" in text
    assert "Ann is away" in text
    assert "Ben covers, not answered yet" in text
    assert "Launch" in text
    assert "Nobody is on call in it" in text
    assert "Ann asks everybody for cover" in text
    assert "Open: Ann stays on call" in text
    assert "Cleo is Primary" in read(ann, "changes", schedule.pk, query="?when=past")


def test_time_off_of_somebody_in_several_groups_is_there_once(rota, ann) -> None:
    for number in range(3):
        team(ann, name=f"Side {number}")
    span = {"starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY}
    TimeOff.objects.create(user=ann, group=rota.schedule.group, **span)
    TimeOff.objects.create(user=ann, **span)
    page = changes_list.page(rota.schedule, "planned", NOW)
    assert len(page.items) == len({item.thing.pk for item in page.items}) == 2


def test_a_request_that_is_closed_is_past_whenever_it_was_for(rota, ann) -> None:
    SwapRequest.objects.create(
        schedule=rota.schedule,
        user=ann,
        starts_at=NOW + 3 * DAY,
        ends_at=NOW + 4 * DAY,
        state=SwapState.CANCELLED,
        decided_at=NOW - HOUR,
    )
    assert "Nothing is planned" in read(ann, "changes", rota.schedule.pk, query="?when=planned")
    assert "Taken back" in read(ann, "changes", rota.schedule.pk, query="?when=past")


@pytest.mark.parametrize("when", ["current", "planned", "past"])
@pytest.mark.parametrize("size", [1, 3, 4])
def test_paging_shows_each_change_once_and_in_order(
    rota, ann, ben, when, size, monkeypatch
) -> None:
    monkeypatch.setattr(changes_list, "SIZE", size)
    begin = NOW + {"current": -DAY, "planned": DAY, "past": -9 * DAY}[when]
    for number in range(5):  # several begin, and end, at the same instant
        span = {"starts_at": begin + (number // 2) * HOUR}
        span["ends_at"] = span["starts_at"] + 2 * DAY
        cover(rota.schedule, ben, **span)
        SwapRequest.objects.create(
            schedule=rota.schedule,
            user=ann,
            taken_by=ben,
            decided_at=NOW,
            state=SwapState.TAKEN,
            **span,
        )
    TimeOff.objects.create(user=ann, starts_at=begin, ends_at=begin + 2 * DAY)
    seen, after = [], ""
    for _ in range(20):
        page = changes_list.page(rota.schedule, when, NOW, after=after)
        seen += page.items
        if page.next is None:
            break
        after = page.next
    assert len({(item.kind, item.thing.pk) for item in seen}) == len(seen) == 11
    keys = [item.key for item in seen]
    assert keys == sorted(keys, reverse=when == "past")


def test_a_page_marker_of_somebody_elses_starts_at_the_first_page(rota, ann) -> None:
    client = Client()
    client.force_login(ann)
    path = reverse("schedules:changes", args=[rota.schedule.pk])
    for nonsense in ("x", "1-9-1", "zz-0-1", "f" * 80):
        response = client.get(f"{path}?when=past&after={nonsense}")
        assert (response.status_code, response["Location"]) == (302, f"{path}?when=past")
    assert client.get(f"{path}?when=never").status_code == 404


def test_the_list_costs_the_same_however_much_there_is(
    rota, ann, ben, django_assert_max_num_queries
) -> None:
    client = Client()
    client.force_login(ann)
    for number in range(12):
        at = NOW + (number + 1) * DAY
        cover(rota.schedule, ben, starts_at=at, ends_at=at + HOUR, replaces=ann)
        TimeOff.objects.create(user=ann, covered_by=ben, starts_at=at, ends_at=at + HOUR)
        SwapRequest.objects.create(
            schedule=rota.schedule, user=ann, starts_at=at, ends_at=at + HOUR
        )
    with django_assert_max_num_queries(24):
        client.get(reverse("schedules:changes", args=[rota.schedule.pk]) + "?when=planned")
    with django_assert_max_num_queries(24):
        client.get(reverse("schedules:changes", args=[rota.schedule.pk]))


def test_empty_lists_and_drafts_say_so(schedule, ann) -> None:
    assert "No change is in force" in read(ann, "changes", schedule.pk)
    assert "Nothing is over yet" in read(ann, "changes", schedule.pk, query="?when=past")
    schedule.is_active = False
    schedule.save()
    assert "A draft puts nobody on call" in read(ann, "changes", schedule.pk)


def test_a_stranger_finds_none_of_these_pages(rota, stranger, ann) -> None:
    schedule = rota.schedule
    override = cover(schedule, ann)
    temporary = TemporarySchedule.objects.create(
        schedule=schedule, name="X", starts_at=NOW + DAY, ends_at=NOW + 2 * DAY
    )
    for name in ("changes", "add-override", "add-temporary", "ask-swap", "notices"):
        read(stranger, name, schedule.pk, status=404)
    read(stranger, "change-override", schedule.pk, override.pk, status=404)
    read(stranger, "change-temporary", schedule.pk, temporary.pk, status=404)
    for name, args in (
        ("take-over", []),
        ("cover-me", []),
        ("need-cover", []),
        ("end-override", [override.pk]),
        ("end-temporary", [temporary.pk]),
    ):
        assert send(stranger, name, schedule.pk, *args)[0] == 404
    assert Override.objects.get().ends_at > NOW


# Take over now, cover me


def test_taking_over_now_puts_me_on_call_at_once(rota, ann, cleo) -> None:
    assert "Primary, for Ann" in read(cleo, "changes", rota.schedule.pk)
    said = {"over-post": f"primary:{ann.pk}", "over-span": "7200"}
    status, text = send(cleo, "take-over", rota.schedule.pk, **said)
    assert (status, "You are on call from now on." in text) == (302, True)
    override = Override.objects.get()
    assert (override.user, override.replaces) == (cleo, ann)
    assert (override.starts_at, override.ends_at) == (NOW, NOW + 2 * HOUR)


def test_taking_over_lasts_to_the_next_handoff_where_asked(rota, ann, cleo) -> None:
    said = {"over-post": f"primary:{ann.pk}", "over-span": "handoff"}
    send(cleo, "take-over", rota.schedule.pk, **said)
    assert Override.objects.get().ends_at.isoformat() == "2026-01-12T08:00:00+00:00"


def test_where_no_handoff_is_in_sight_a_length_is_asked_for(schedule, ann, cleo) -> None:
    turns(schedule, ann)
    said = {"over-post": f"primary:{ann.pk}", "over-span": "handoff"}
    status, text = send(cleo, "take-over", schedule.pk, **said)
    assert (status, "No hand-off is in sight; choose how long." in text) == (422, True)


def test_what_is_mine_already_cannot_be_taken_over(rota, ann, ben) -> None:
    assert "Primary, for Ann" not in read(ann, "changes", rota.schedule.pk)
    said = {"over-post": f"primary:{ben.pk}", "over-span": "7200"}
    status, text = send(ann, "take-over", rota.schedule.pk, **said)
    assert (status, "That has changed meanwhile; look again." in text) == (422, True)


def test_cover_is_asked_of_everybody_or_agreed_with_one(rota, ann, ben, cleo) -> None:
    page = read(ben, "changes", rota.schedule.pk)
    assert "Primary: Mon 12 Jan, 09:00 to Mon 19 Jan, 09:00" in page
    shift = {"cover-shift": "primary.20260112T080000Z", "cover-note": "Holiday"}
    status, text = send(ben, "cover-me", rota.schedule.pk, **shift, **{"cover-who": ""})
    assert (status, "Until it is taken you stay on call." in text) == (302, True)
    asked = SwapRequest.objects.get()
    assert (asked.user, asked.offered_to, asked.note) == (ben, None, "Holiday")
    agreed = shift | {"cover-who": cleo.pk, "cover-agreed": "on"}
    send(ben, "cover-me", rota.schedule.pk, **agreed)
    override = Override.objects.get()
    assert (override.user, override.replaces, override.role) == (cleo, ben, "primary")


def test_a_running_shift_needs_somebody_who_has_agreed(rota, ann, cleo) -> None:
    now = {"cover-shift": "primary.now", "cover-who": cleo.pk}
    status, text = send(ann, "cover-me", rota.schedule.pk, **now)
    assert (status, "This shift has begun: name somebody who has agreed." in text) == (422, True)
    send(ann, "cover-me", rota.schedule.pk, **now, **{"cover-agreed": "on"})
    assert Override.objects.get().starts_at == NOW


def test_one_tap_asks_everybody_for_a_shift(rota, ann, ben) -> None:
    status, text = send(ben, "need-cover", rota.schedule.pk, shift="primary.20260112T080000Z")
    assert (status, "Asked everybody in the group." in text) == (302, True)
    assert "Cover is asked for" in text
    assert SwapRequest.objects.get().ends_at.isoformat() == "2026-01-19T08:00:00+00:00"
    status, text = send(ben, "need-cover", rota.schedule.pk, shift="primary.20260112T080000Z")
    assert "There is an open request for this time already." in text
    assert (
        "That shift is not yours any more."
        in send(ann, "need-cover", rota.schedule.pk, shift="primary.20260112T080000Z")[1]
    )


def test_one_tap_on_a_running_shift_leads_to_the_form(rota, ann) -> None:
    client = Client()
    client.force_login(ann)
    path = reverse("schedules:need-cover", args=[rota.schedule.pk])
    response = client.post(path, {"shift": "primary.now"})
    assert response["Location"].endswith("changes/?shift=primary.now#cover")
    assert not SwapRequest.objects.exists()


# Overrides


def test_a_preview_says_who_is_on_call_before_and_after_and_saves_nothing(rota, ann, cleo) -> None:
    said = form(cleo, preview="1")
    status, text = send(cleo, "add-override", rota.schedule.pk, **said)
    assert status == 200
    assert "Not saved yet" in text
    assert "Primary · Thu 8 Jan, 09:00 – Fri 9 Jan, 09:00 Before: Ann After: Cleo" in text
    assert not Override.objects.exists()
    status, text = send(cleo, "add-override", rota.schedule.pk, **form(cleo))
    assert (status, "Saved: Cleo as Primary." in text) == (302, True)


def test_a_preview_marks_the_gap_a_removal_makes(rota, ann, editor) -> None:
    said = form(None, kind="remove", replaces=ann.pk, preview="1")
    status, text = send(editor, "add-override", rota.schedule.pk, **said)
    assert (status, "Before: Ann After: nobody" in text) == (200, True)


def test_a_preview_says_when_nothing_would_change(rota, ann) -> None:
    status, text = send(ann, "add-override", rota.schedule.pk, **form(ann, preview="1"))
    assert (status, "Nobody’s shifts would change" in text) == (200, True)


def test_an_override_may_add_and_may_be_of_one_layer(rota, ann, cleo, editor) -> None:
    layer = f"rotation:{rota.pk}"
    send(editor, "add-override", rota.schedule.pk, **form(cleo, kind="add", layer=layer))
    made = Override.objects.get()
    assert (made.kind, made.rotation, made.replaces) == ("add", rota, None)
    page = read(editor, "change-override", rota.schedule.pk, made.pk)
    assert "Only “Weekly 1”" in page
    send(editor, "change-override", rota.schedule.pk, made.pk, **form(cleo, kind="add"))
    made.refresh_from_db()
    assert made.rotation is None


def test_of_an_override_that_runs_only_the_end_moves(rota, ann, cleo) -> None:
    override = cover(rota.schedule, cleo)
    said = form(ann, starts_at="2026-01-08T09:00", ends_at="2026-01-07T18:00", reason="longer")
    status, _ = send(cleo, "change-override", rota.schedule.pk, override.pk, **said)
    assert status == 302
    override.refresh_from_db()
    assert (override.user, override.starts_at) == (cleo, NOW - HOUR)
    assert override.ends_at.isoformat() == "2026-01-07T17:00:00+00:00"


def test_an_override_is_taken_back(rota, cleo) -> None:
    override = cover(rota.schedule, cleo, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY)
    _, text = send(cleo, "end-override", rota.schedule.pk, override.pk)
    assert "The override is taken back." in text
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_at": "2026-01-08T08:00"}, "The end must be after the start."),
        ({"starts_at": "2026-01-01T09:00", "ends_at": "2026-01-02T09:00"}, "This time has passed"),
        ({"starts_at": "soon"}, "Write a date and a time such as 2026-03-29 09:00."),
        ({"ends_at": "9999-12-31T23:59"}, "This must lie between 2000 and 2199."),
        ({"user": ""}, "Say who is on call."),
        ({"user": "1000000000"}, "Choose a member of the group."),
        ({"replaces": "x"}, "Choose a member of the group."),
        ({"kind": "remove"}, "Say who is not on call."),
        ({"kind": "whatever"}, "Select a valid choice."),
        ({"layer": "rotation:999999"}, "Select a valid choice."),
        ({"reason": "x" * 300}, "Ensure this value has at most 200 characters"),
    ],
)
def test_a_senseless_override_is_refused_in_one_sentence(rota, editor, changes, sentence) -> None:
    said = form(editor) | changes
    for extra in ({}, {"preview": "1"}):
        status, text = send(editor, "add-override", rota.schedule.pk, **(said | extra))
        assert status == 422
        assert text.count(sentence) == 1
    assert not Override.objects.exists()


def test_nobody_stands_in_who_is_away_then(rota, ann, ben, cleo) -> None:
    TimeOff.objects.create(user=ben, starts_at=NOW + DAY, ends_at=NOW + 3 * DAY)
    said = form(ben, replaces=ann.pk)
    status, text = send(ann, "add-override", rota.schedule.pk, **said)
    assert status == 422
    assert text.count("Ben is away then, and nobody covers for them; choose somebody else.") == 1
    TimeOff.objects.update(covered_by=cleo)
    assert send(ann, "add-override", rota.schedule.pk, **said)[0] == 302
    TimeOff.objects.update(answer=Answer.DECLINED)
    said |= {"starts_at": "2026-01-09T09:00", "ends_at": "2026-01-09T10:00"}
    assert send(ann, "add-override", rota.schedule.pk, **said)[0] == 302


def test_a_member_moves_nobody_else_and_removes_nobody(rota, ann, ben, cleo) -> None:
    status, text = send(ben, "add-override", rota.schedule.pk, **form(cleo, replaces=ann.pk))
    assert status == 422
    assert text.count("You can take a shift over or give away your own") == 1
    status, text = send(
        ben, "add-override", rota.schedule.pk, **form(None, kind="remove", replaces=ben.pk)
    )
    assert (status, "Select a valid choice." in text) == (422, True)
    override = cover(rota.schedule, cleo)
    assert "End now" not in read(ben, "changes", rota.schedule.pk)
    send(ben, "end-override", rota.schedule.pk, override.pk)
    override.refresh_from_db()
    assert override.ends_at > NOW


def test_a_stakeholder_reads_and_is_told_who_may_change(rota, group) -> None:
    watcher = person("Wanda", roles=["stakeholder"])
    join(group, watcher)
    text = read(watcher, "changes", rota.schedule.pk)
    assert "Members of Payments can take shifts over" in text
    assert "New change" not in text
    text = read(watcher, "add-override", rota.schedule.pk)
    assert "Only members change who is on call" in text


def test_what_people_write_is_shown_as_they_wrote_it(rota, cleo) -> None:
    cover(rota.schedule, cleo, reason="<script>alert(1)</script>")
    client = Client()
    client.force_login(cleo)
    page = client.get(reverse("schedules:changes", args=[rota.schedule.pk])).content
    assert b"<script>alert(1)" not in page
    assert "alert(1)" in plain(page)
