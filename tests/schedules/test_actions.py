"""Changing a calendar: who may, what is refused, and that the past stays as it was."""

from datetime import time, timedelta

import pytest
from django.core.exceptions import ValidationError

from accounts.errors import NotAllowed
from accounts.models import AuditEntry, User
from schedules import actions
from schedules.models import Override, Rotation, Schedule
from tests.schedules.rows import NOW, cover, turns

HOUR = timedelta(hours=1)


def planned(schedule: Schedule, user: User, **fields) -> Override:
    plain = {"role": "primary", "starts_at": NOW + HOUR, "ends_at": NOW + 3 * HOUR}
    return Override(schedule=schedule, user=user, **(plain | fields))


def weekly(schedule: Schedule, **fields) -> Rotation:
    plain = {"name": "Weekly", "starts_on": NOW.date(), "handoff_at": time(9)}
    return Rotation(schedule=schedule, **(plain | fields))


@pytest.fixture
def editor(group, ann) -> User:
    group.members.filter(user=ann).update(can_edit=True)
    return ann


# Rotations


def test_an_editor_adds_a_rotation_with_people_in_order(schedule, editor, ben, cleo) -> None:
    saved = actions.save_rotation(weekly(schedule), [cleo, ben], actor=editor, now=NOW)
    assert saved.people == [cleo, ben]
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.subject_name) == (editor, "added", "Weekly")
    assert entry.data == {"members": [cleo.pk, ben.pk]}


def test_the_line_is_replaced_as_a_whole_or_left_alone(schedule, editor, ben, cleo) -> None:
    rotation = turns(schedule, ben, cleo)
    actions.save_rotation(rotation, None, actor=editor, now=NOW)
    assert Rotation.objects.get().people == [ben, cleo]
    actions.save_rotation(rotation, [cleo], actor=editor, now=NOW)
    assert Rotation.objects.get().people == [cleo]


def test_an_ordinary_member_cannot_edit_a_rotation(schedule, ben) -> None:
    with pytest.raises(NotAllowed, match="Only those who may edit Payments"):
        actions.save_rotation(weekly(schedule), [ben], actor=ben, now=NOW)
    with pytest.raises(NotAllowed):
        actions.remove(schedule, actor=ben, now=NOW)
    with pytest.raises(NotAllowed):
        actions.save_schedule(schedule, actor=ben, now=NOW)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"count": 0}, "A turn lasts at least 1 hour, day, week or month."),
        ({"count": 5000}, "A turn lasts at most 1000 units."),
        ({"unit": "year"}, "Value 'year' is not a valid choice."),
        ({"rank": 200}, "A rank is between 0 and 100."),
        ({"starts_on": "1990-01-01"}, "The first hand-off must be between 2000 and 2199."),
        ({"name": "Weekly 1"}, "This schedule has a rotation of this name already."),
    ],
)
def test_a_senseless_rotation_is_refused_in_one_sentence(
    schedule, editor, fields, sentence
) -> None:
    turns(schedule, editor)
    with pytest.raises(ValidationError) as refused:
        actions.save_rotation(weekly(schedule, **fields), [editor], actor=editor, now=NOW)
    assert refused.value.messages == [sentence]
    assert Rotation.objects.count() == 1


def test_strangers_stakeholders_and_the_inactive_cannot_take_turns(
    schedule, editor, ben, cleo, stranger
) -> None:
    User.objects.filter(pk=ben.pk).update(roles=["stakeholder"])
    User.objects.filter(pk=cleo.pk).update(is_active=False)
    ben.refresh_from_db()
    cleo.refresh_from_db()
    for person, sentence in (
        (stranger, "Mallory is not a member of Payments; add them to the group first."),
        (ben, "Ben is a Stakeholder and is never on call; give them the Basic role first."),
        (cleo, "Cleo is not active and cannot be on call."),
    ):
        with pytest.raises(ValidationError) as refused:
            actions.save_rotation(weekly(schedule), [person], actor=editor, now=NOW)
        assert refused.value.messages == [sentence]
        assert not Rotation.objects.exists()


# Schedules


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"time_zone": "Mars", "is_active": False},
            "Mars is not a time zone; write it like Europe/Vienna.",
        ),
        ({"name": "Rota", "is_active": False}, "This group has a schedule of this name already."),
        ({"name": "Two"}, "This group has an active schedule already; switch that one off first."),
        ({"name": "", "is_active": False}, "This field cannot be blank."),
    ],
)
def test_a_senseless_schedule_is_refused_in_one_sentence(
    group, schedule, editor, fields, sentence
) -> None:
    draft = Schedule(group=group, **({"name": "Draft"} | fields))
    with pytest.raises(ValidationError) as refused:
        actions.save_schedule(draft, actor=editor, now=NOW)
    assert refused.value.messages == [sentence]


# Overrides


def test_a_member_takes_a_shift_over_or_gives_away_their_own(schedule, ann, ben) -> None:
    taken = actions.add_override(planned(schedule, ben), actor=ben, now=NOW)
    assert taken.created_by == ben
    actions.add_override(planned(schedule, ann, replaces=ben), actor=ben, now=NOW)
    assert Override.objects.count() == 2


def test_a_member_cannot_move_other_people(schedule, ann, ben, cleo, editor) -> None:
    other = planned(schedule, cleo, replaces=ann)
    with pytest.raises(NotAllowed, match="take a shift over or give away your own"):
        actions.add_override(other, actor=ben, now=NOW)
    actions.add_override(other, actor=editor, now=NOW)


def test_neither_a_stranger_nor_a_stakeholder_can_override(schedule, stranger, ben) -> None:
    with pytest.raises(NotAllowed, match="Only members of Payments"):
        actions.add_override(planned(schedule, stranger), actor=stranger, now=NOW)
    User.objects.filter(pk=ben.pk).update(roles=["stakeholder"])
    ben.refresh_from_db()
    with pytest.raises(NotAllowed):
        actions.add_override(planned(schedule, ben), actor=ben, now=NOW)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ends_at": NOW + HOUR}, "The end must be after the start."),
        ({"ends_at": NOW - HOUR}, "This time has passed; the end must be in the future."),
        ({"role": "manager"}, "Value 'manager' is not a valid choice."),
        (
            {"ends_at": NOW + timedelta(days=365 * 300)},
            "An override must lie between 2000 and 2199.",
        ),
        ({"starts_at": None}, "This field cannot be null."),
        ({"ends_at": None}, "This field cannot be null."),
    ],
)
def test_a_senseless_override_is_refused_in_one_sentence(schedule, ben, fields, sentence) -> None:
    with pytest.raises(ValidationError) as refused:
        actions.add_override(planned(schedule, ben, **fields), actor=ben, now=NOW)
    assert refused.value.messages == [sentence]
    assert not Override.objects.exists()


def test_nobody_replaces_themselves_and_no_stranger_replaces_anybody(
    schedule, admin, ben, stranger
) -> None:
    for override, sentence in (
        (planned(schedule, ben, replaces=ben), "Nobody can be replaced by themselves."),
        (
            planned(schedule, stranger),
            "Mallory is not a member of Payments; add them to the group first.",
        ),
    ):
        with pytest.raises(ValidationError) as refused:
            actions.add_override(override, actor=admin, now=NOW)
        assert refused.value.messages == [sentence]


def test_a_start_in_the_past_is_cut_to_now(schedule, ben) -> None:
    saved = actions.add_override(planned(schedule, ben, starts_at=NOW - HOUR), actor=ben, now=NOW)
    assert saved.starts_at == NOW


def test_taking_back_a_running_override_ends_it_now_and_a_planned_one_goes(schedule, ben) -> None:
    running = cover(schedule, ben)
    actions.end_override(running, actor=ben, now=NOW)
    running.refresh_from_db()
    assert running.ends_at == NOW
    waiting = actions.add_override(planned(schedule, ben), actor=ben, now=NOW)
    actions.end_override(waiting, actor=ben, now=NOW)
    assert list(Override.objects.all()) == [running]


def test_what_is_over_cannot_be_changed(schedule, ben) -> None:
    over = cover(schedule, ben, ends_at=NOW)
    for change in (actions.end_override, actions.change_override):
        with pytest.raises(NotAllowed, match="what happened stays as it was"):
            change(over, actor=ben, now=NOW)


def test_of_a_running_override_only_the_end_can_be_moved(schedule, ann, ben, editor) -> None:
    running = cover(schedule, ben)
    running.ends_at = NOW + 5 * HOUR
    running.starts_at = NOW + HOUR
    saved = actions.change_override(running, actor=editor, now=NOW)
    assert (saved.starts_at, saved.ends_at) == (NOW - HOUR, NOW + 5 * HOUR)
    running.user = ann
    with pytest.raises(NotAllowed, match="only its end and its reason"):
        actions.change_override(running, actor=editor, now=NOW)


def test_a_planned_override_can_be_moved_but_not_into_the_past(schedule, ben) -> None:
    waiting = actions.add_override(planned(schedule, ben), actor=ben, now=NOW)
    waiting.starts_at = NOW - 5 * HOUR
    assert actions.change_override(waiting, actor=ben, now=NOW).starts_at == NOW


def test_an_override_cannot_be_passed_on_to_escape_the_rules(schedule, ann, ben, cleo) -> None:
    theirs = actions.add_override(planned(schedule, cleo), actor=cleo, now=NOW)
    theirs.user = ben
    with pytest.raises(NotAllowed):
        actions.change_override(theirs, actor=ben, now=NOW)
