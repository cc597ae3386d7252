"""Who is on call in a group: by its schedule, by its members, and never somebody who is gone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from accounts.models import User
from groups.models import Group, Member
from schedules import oncall
from schedules.models import Override, Rotation, Schedule
from schedules.oncall import OnCall
from schedules.states import Fills, Role
from tests.schedules.rows import NOW, calendar, cover, join, team, turns

WEEK = timedelta(weeks=1)


def now_in(group: Group, at=NOW) -> OnCall:
    return oncall.on_call([group.pk], at)[group.pk]


# Without a schedule


def test_without_a_schedule_the_ticked_members_are_asked_in_their_order(ann, ben, cleo) -> None:
    group = team()
    join(group, cleo, is_primary=True)
    join(group, ann, is_primary=True, is_manager=True)
    join(group, ben, is_secondary=True)
    answer = now_in(group)
    assert answer.primary == (cleo.pk, ann.pk)
    assert answer.secondary == (ben.pk,)
    assert answer.manager == (ann.pk,)
    assert not answer.has_schedule
    assert answer.source == "Members in their order"


def test_with_no_box_ticked_the_first_is_primary_and_the_second_secondary(group, ann, ben) -> None:
    assert now_in(group).primary == (ann.pk,)
    assert now_in(group).secondary == (ben.pk,)
    assert now_in(group).manager == ()


def test_inactive_people_and_stakeholders_are_passed_over(group, ann, ben, cleo) -> None:
    User.objects.filter(pk=ann.pk).update(is_active=False)
    User.objects.filter(pk=ben.pk).update(roles=["stakeholder"])
    assert now_in(group).primary == (cleo.pk,)
    assert now_in(group).secondary == ()


def test_an_empty_or_unknown_group_has_nobody_on_call(db) -> None:
    empty = team(name="Empty")
    assert oncall.on_call([empty.pk, 10**9], NOW) == {empty.pk: OnCall(), 10**9: OnCall()}


# With one


def test_with_a_schedule_whoever_has_the_turn_is_on_call(group, schedule, ann, ben) -> None:
    turns(schedule, ann, ben, fills=Fills.BOTH)
    answer = now_in(group)
    assert (answer.primary, answer.secondary) == ((ann.pk,), (ben.pk,))
    assert answer.has_schedule
    assert answer.schedule_id == schedule.pk
    assert answer.source == "Schedule “Rota”: Rotation “Weekly 1”"
    assert now_in(group, NOW + WEEK).primary == (ben.pk,)


def test_managers_come_from_the_members_and_never_rotate(group, schedule, ann, cleo) -> None:
    turns(schedule, ann)
    group.members.filter(user=cleo).update(is_manager=True)
    assert now_in(group).manager == now_in(group, NOW + WEEK).manager == (cleo.pk,)


def test_a_schedule_that_fills_only_primary_leaves_secondary_to_the_members(
    group, schedule, ann, ben, cleo
) -> None:
    turns(schedule, ann, ben)
    group.members.filter(user=cleo).update(is_secondary=True)
    assert now_in(group).primary == (ann.pk,)
    assert now_in(group).secondary == (cleo.pk,)
    assert now_in(group).source.endswith("Members in their order")


def test_a_schedule_that_is_switched_off_decides_nothing(group, schedule, ben) -> None:
    turns(schedule, ben)
    Schedule.objects.update(is_active=False)
    assert not now_in(group).has_schedule


def test_an_override_is_seen_at_once_and_says_why(group, schedule, ann, cleo) -> None:
    turns(schedule, ann)
    cover(schedule, cleo, reason="dentist")
    assert now_in(group).primary == (cleo.pk,)
    assert now_in(group).source.startswith("Schedule “Rota”: Override: dentist")
    assert now_in(group, NOW + timedelta(hours=1)).primary == (ann.pk,)


@pytest.mark.parametrize("gone", ["inactive", "stakeholder"])
def test_the_turn_of_somebody_who_is_gone_is_empty_and_hides_nobody(
    group, schedule, ann, ben, cleo, gone
) -> None:
    turns(schedule, ann, ben, fills=Fills.BOTH, rank=1)
    turns(schedule, cleo)
    cover(schedule, ann, replaces=cleo)
    assert now_in(group).primary == (ann.pk,)
    match gone:
        case "inactive":
            User.objects.filter(pk=ann.pk).update(is_active=False)
        case "stakeholder":
            User.objects.filter(pk=ann.pk).update(roles=["stakeholder"])
    assert now_in(group).primary == (cleo.pk,)
    assert now_in(group).secondary == (ben.pk,)


# Cost


def test_one_query_answers_for_however_many_groups(ann, ben, django_assert_num_queries) -> None:
    groups = []
    for number in range(20):
        groups.append(team(ann, ben, name=f"Team {number}"))
        if number % 2:
            schedule = calendar(groups[-1])
            for _ in range(number % 3):
                turns(schedule, ann, ben)
            cover(schedule, ben)
    with django_assert_num_queries(1):
        answers = oncall.on_call([group.pk for group in groups], NOW)
    assert len(answers) == 20
    assert {answer.has_schedule for answer in answers.values()} == {True, False}
    with django_assert_num_queries(1):
        oncall.board([group.pk for group in groups], NOW)
    with django_assert_num_queries(2):
        oncall.my_shifts(ben, NOW)


# What comes next


def test_the_next_hand_off_is_known_across_an_override(group, schedule, ann, ben, cleo) -> None:
    turns(schedule, ann, ben)
    cover(schedule, cleo)
    change = oncall.next_handoff(group.pk, NOW)
    assert change is not None
    assert change.start == NOW + timedelta(hours=1)
    assert change.people(Role.PRIMARY) == (ann.pk,)


def test_without_a_schedule_no_hand_off_is_in_sight(group) -> None:
    assert oncall.next_handoff(group.pk, NOW) is None
    assert oncall.next_handoff(10**9, NOW) is None


def test_my_shifts_are_the_running_one_and_the_next_in_every_group(ann, ben) -> None:
    one, two = team(ann, ben, name="One"), team(ann, ben, name="Two")
    turns(calendar(one), ann, ben)
    turns(calendar(two), ben, ann)
    mine = oncall.my_shifts(ann, NOW)
    assert [(each.group_id, each.is_now) for each in mine] == [(one.pk, True), (two.pk, False)]
    first = oncall.my_next_shift(ann, NOW)
    assert first is not None
    assert first.shift.end.isoformat() == "2026-01-12T08:00:00+00:00"
    assert mine[1].shift.start == first.shift.end


def test_somebody_without_a_turn_has_no_next_shift(group, stranger) -> None:
    assert oncall.my_next_shift(stranger, NOW) is None


def test_the_final_shifts_of_a_draft_can_be_read_before_it_is_switched_on(
    group, schedule, ann, ben
) -> None:
    turns(schedule, ann)
    draft = calendar(group, name="Draft", is_active=False)
    turns(draft, ben)
    assert now_in(group).primary == (ann.pk,)
    found = oncall.shifts(draft, NOW, NOW + WEEK)
    assert {shift.user for shift in found if shift.role == Role.PRIMARY} == {ben.pk}


# What the database refuses


def test_a_person_in_a_rotation_cannot_be_deleted(schedule, ann) -> None:
    turns(schedule, ann)
    with pytest.raises(ProtectedError):
        ann.delete()


def test_a_member_who_takes_turns_cannot_leave_the_group(group, schedule, ann, ben) -> None:
    turns(schedule, ann)
    with pytest.raises(ProtectedError):
        group.members.get(user=ann).delete()
    group.members.get(user=ben).delete()


def test_a_group_with_a_schedule_cannot_be_deleted(group, schedule) -> None:
    with pytest.raises(ProtectedError):
        group.delete()


def test_nobody_takes_turns_without_being_in_the_group(schedule, stranger) -> None:
    with pytest.raises(Member.DoesNotExist):
        turns(schedule, stranger)


def test_somebody_who_left_the_group_is_not_covering(group, schedule, ann, ben) -> None:
    turns(schedule, ann)
    cover(schedule, ben)
    assert now_in(group).primary == (ben.pk,)
    group.members.get(user=ben).delete()
    assert now_in(group).primary == (ann.pk,)


@pytest.mark.parametrize(
    "nonsense",
    [
        lambda s, a, b: calendar(s.group, name="Second active one"),
        lambda s, a, b: turns(s, count=0),
        lambda s, a, b: turns(s, unit="year"),
        lambda s, a, b: turns(s, fills="nobody"),
        lambda s, a, b: turns(s, starts_on="1999-12-31"),
        lambda s, a, b: cover(s, a, ends_at=NOW - timedelta(hours=1)),
        lambda s, a, b: cover(s, a, ends_at=NOW - timedelta(hours=2)),
        lambda s, a, b: cover(s, a, replaces=a),
        lambda s, a, b: cover(s, a, role="manager"),
        lambda s, a, b: cover(s, a, ends_at="2300-01-01T00:00Z"),
    ],
)
def test_the_database_refuses_nonsense(schedule, ann, ben, nonsense) -> None:
    before = Rotation.objects.count(), Override.objects.count(), Schedule.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        nonsense(schedule, ann, ben)
    assert before == (Rotation.objects.count(), Override.objects.count(), Schedule.objects.count())


def test_two_people_cannot_have_the_same_place_in_the_line(schedule, ann, ben) -> None:
    line = turns(schedule, ann)

    @transaction.atomic
    def crowd() -> None:
        line.members.create(user=ben, position=0)
        connection.check_constraints()  # deferred, so that a line can be reordered

    with pytest.raises(IntegrityError):
        crowd()
