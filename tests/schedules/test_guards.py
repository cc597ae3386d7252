"""Who takes turns stays reachable until somebody takes their place."""

import pytest

from accounts import actions as people
from accounts.errors import NotAllowed
from accounts.models import User
from groups import actions as teams
from schedules import oncall
from schedules.models import Schedule
from tests.schedules.rows import NOW, calendar, team, turns


def test_a_person_in_a_rotation_cannot_be_switched_off(schedule, ann, admin) -> None:
    turns(schedule, ann)
    with pytest.raises(NotAllowed, match="Ann takes turns in “Weekly 1” of Payments; replace them"):
        people.change_user(ann, actor=admin, now=NOW, is_active=False)
    with pytest.raises(NotAllowed, match="Ann takes turns"):
        people.change_user(ann, actor=admin, now=NOW, roles=["stakeholder"])
    ann.refresh_from_db()
    assert ann.is_active


def test_once_replaced_or_in_a_draft_only_they_can(schedule, ann, ben, admin) -> None:
    line = turns(schedule, ann)
    line.members.all().delete()
    people.change_user(ann, actor=admin, now=NOW, is_active=False)
    turns(schedule, ben)
    Schedule.objects.update(is_active=False)
    people.change_user(ben, actor=admin, now=NOW, is_active=False)


def test_other_changes_of_such_a_person_are_free(schedule, ann, admin) -> None:
    turns(schedule, ann)
    people.change_user(ann, actor=admin, now=NOW, name="Anne")
    User.objects.filter(pk=ann.pk).update(is_active=False)  # went round the guard
    ann.refresh_from_db()
    people.change_user(ann, actor=admin, now=NOW, name="Anna")


def test_a_member_in_a_rotation_is_not_removed_and_not_deleted(schedule, ann, admin) -> None:
    turns(schedule, ann)
    member = schedule.group.members.get(user=ann)
    with pytest.raises(NotAllowed, match="Ann is part of a rotation; replace them there first"):
        teams.remove_member(member, actor=admin, now=NOW)
    with pytest.raises(NotAllowed, match="is part of a rotation"):
        people.delete_user(ann, actor=admin, now=NOW)
    with pytest.raises(NotAllowed, match="in use by alerts, schedules"):
        teams.delete_group(schedule.group, actor=admin, now=NOW)


def test_a_zone_this_machine_does_not_know_stops_no_other_page(schedule, ann, ben) -> None:
    turns(schedule, ann)
    other = team(ben, name="Other")
    turns(calendar(other), ben)
    Schedule.objects.filter(pk=schedule.pk).update(time_zone="Mars/Olympus")
    answers = oncall.on_call([schedule.group_id, other.pk], NOW)
    assert answers[schedule.group_id].primary == (ann.pk,)
    assert answers[other.pk].primary == (ben.pk,)
