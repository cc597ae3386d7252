"""What was stays as it was when people join, leave, change places or are switched off."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import actions as people
from accounts.models import User
from groups import actions as teams
from groups.models import Group
from schedules import oncall, past
from schedules.models import PastDuty, Schedule, Settled
from schedules.states import Role
from tests.schedules.rows import NOW, join, person, team, turns

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
pytestmark = pytest.mark.usefixtures("frozen")


def at(group: Group, when=NOW - HOUR) -> tuple[tuple[int, ...], tuple[int, ...]]:
    found = oncall.on_call([group.pk], when)[group.pk]
    return found.primary, found.secondary


@pytest.fixture
def recorded(schedule: Schedule, ann, ben) -> Group:
    """Ann has the turn; Ben stands by, as the first of the others; on record until yesterday."""
    Schedule.objects.update(created_at=NOW - 30 * DAY)
    turns(schedule, ann)
    past.settle([schedule.group_id], NOW - DAY)
    return schedule.group


def test_a_new_order_of_the_members_is_for_what_is_to_come(recorded, ann, ben, cleo) -> None:
    was = at(recorded)
    assert was == ((ann.pk,), (ben.pk,))
    order = {m.user_id: m.pk for m in recorded.members.all()}
    teams.reorder(recorded, [order[u.pk] for u in (cleo, ben, ann)], actor=None, now=NOW)
    assert at(recorded) == was
    assert at(recorded, NOW) == ((ann.pk,), (cleo.pk,))


def test_a_box_that_is_ticked_now_was_not_ticked_before(recorded, ann, ben, cleo) -> None:
    was = at(recorded)
    member = recorded.members.get(user=cleo)
    teams.change_member(member, actor=None, now=NOW, is_secondary=True)
    assert at(recorded) == was
    assert at(recorded, NOW) == ((ann.pk,), (cleo.pk,))


def test_whoever_joins_or_leaves_was_not_there_or_was_there_before(recorded, ann, ben) -> None:
    was = at(recorded)
    teams.remove_member(recorded.members.get(user=ben), actor=None, now=NOW)
    assert at(recorded) == was
    assert ben.pk not in at(recorded, NOW)[1]
    teams.add_member(recorded, ben, actor=None, now=NOW, is_secondary=True)
    assert at(recorded) == was


def test_whoever_is_switched_off_was_on_call_until_then(recorded, ann, ben, admin) -> None:
    was = at(recorded)
    people.change_user(ben, actor=admin, now=NOW, is_active=False)
    assert at(recorded) == was
    assert ben.pk not in at(recorded, NOW)[1]
    people.change_user(ben, actor=admin, now=NOW, is_active=True)
    people.change_user(ben, actor=admin, now=NOW, roles=["stakeholder"])
    assert at(recorded) == was


def test_whoever_was_on_call_is_not_erased(recorded, ben, admin) -> None:
    with pytest.raises(people.NotAllowed, match="make them inactive"):
        people.delete_user(ben, actor=admin, now=NOW)
    assert User.objects.filter(pk=ben.pk).exists()


def test_the_console_writes_down_what_was_too(client, recorded, ann, ben, cleo, admin) -> None:
    was = at(recorded)
    client.force_login(admin)
    members = list(recorded.members.order_by("sequence"))
    form = {
        "name": recorded.name, "slug": recorded.slug, "time_zone": "UTC",
        "visibility": recorded.visibility, "is_active": "on", "description": "",
    }  # fmt: skip
    for prefix in ("members", "contact_methods", "topics", "escalation_policy"):
        count = len(members) if prefix == "members" else 0
        form |= {f"{prefix}-TOTAL_FORMS": count, f"{prefix}-INITIAL_FORMS": count}
    for n, (member, place) in enumerate(zip(members, (3, 2, 1), strict=True)):
        row = {"id": member.pk, "group": recorded.pk, "user": member.user_id, "sequence": place}
        form |= {f"members-{n}-{name}": value for name, value in row.items()}
    url = reverse("admin:groups_group_change", args=[recorded.pk])
    assert client.post(url, form).status_code == 302
    assert [m.user for m in recorded.members.order_by("sequence")] == [cleo, ben, ann]
    assert at(recorded) == was
    assert at(recorded, NOW) == ((ann.pk,), (cleo.pk,))


def test_a_group_that_never_had_a_schedule_has_no_record(ann, ben) -> None:
    other = team(ann, ben, name="Other")
    teams.remove_member(other.members.get(user=ben), actor=None, now=NOW)
    assert not Settled.objects.exists()
    assert not PastDuty.objects.exists()


def test_a_refused_change_writes_nothing_down(recorded, ann) -> None:
    before = Settled.objects.get().until
    with pytest.raises(teams.NotAllowed):
        teams.remove_member(recorded.members.get(user=ann), actor=None, now=NOW)
    assert Settled.objects.get().until == before


def test_each_group_somebody_is_in_is_written_down(recorded, ben, admin) -> None:
    second = team(ben, name="Second", visibility="members")
    other = person("Zoe")
    join(second, other, is_primary=True)
    rota = Schedule.objects.create(group=second, name="Rota", created_at=NOW - 9 * DAY)
    turns(rota, other)
    people.change_user(ben, actor=admin, now=NOW, is_active=False)
    settled = dict(Settled.objects.values_list("pk", "until"))
    assert settled == {recorded.pk: NOW, second.pk: NOW}
    assert {d.user for d in PastDuty.objects.filter(group=second, role=Role.PRIMARY)} == {other}
