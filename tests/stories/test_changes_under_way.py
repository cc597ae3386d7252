"""People, groups and alerts change while somebody is being paged: nobody is passed over for it,
and nobody is paged twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from alerts import actions, bundles
from alerts.actions import Move, NotAllowed
from alerts.models import Alert
from alerts.states import Verb
from escalation.models import Policy
from groups.models import Group
from tests import builders
from tests.conftest import Clock, Phones
from tests.doubles.twilio import TwilioDouble

pytestmark = pytest.mark.django_db


def in_turn(**level: int) -> Policy:
    """Primaries one after the other, a minute each, then the Secondary."""
    first = {"target": "primary", "member_wait_seconds": 60, "wait_seconds": 300, **level}
    return builders.policy(first, {"target": "secondary", "wait_seconds": 3600})


def leaves(group: Group, user: User) -> None:
    group.members.filter(user=user).delete()


def loses_the_role(group: Group, user: User) -> None:
    group.members.filter(user=user).update(is_primary=False)


def is_switched_off(group: Group, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def loses_the_number(group: Group, user: User) -> None:
    user.contact_methods.all().delete()


@pytest.mark.parametrize(
    "change", [leaves, loses_the_role, is_switched_off, loses_the_number], ids=lambda f: f.__name__
)
def test_whoever_had_their_turn_may_go_without_costing_the_next_one_theirs(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones, change: object
) -> None:
    dave = builders.person("Dave")
    group = builders.group(primary=(alice, bob, carol), secondary=(dave,), policy=in_turn())
    builders.alert(group)
    clock.look()
    assert phones.take() == ["alice"]
    change(group, alice)  # type: ignore[operator]
    clock.forward(minutes=1)
    assert phones.take() == ["bob"]
    clock.forward(minutes=1)
    assert phones.take() == ["carol"]
    clock.forward(minutes=5)
    assert phones.take() == ["dave"]


def test_somebody_put_before_those_who_had_their_turn_is_paged_and_they_are_not_again(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    group = builders.group(primary=(alice, bob), secondary=(carol,), policy=in_turn())
    builders.alert(group)
    clock.look()
    dave = builders.person("Dave")
    group.members.create(user=dave, sequence=0, is_primary=True)
    clock.forward(minutes=2)
    assert phones.take() == ["alice", "dave", "bob"]
    clock.forward(minutes=5)
    assert phones.take() == ["carol"]


def test_whoever_is_paged_several_times_keeps_that_when_somebody_before_them_goes(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    policy = in_turn(times_to_notify=2, interval_seconds=60)
    group = builders.group(primary=(alice, bob, carol), policy=policy)
    builders.alert(group)
    clock.forward(minutes=2)
    assert phones.take() == ["alice", "alice", "bob"]
    leaves(group, alice)
    clock.forward(minutes=3)
    assert phones.take() == ["bob", "carol", "carol"]


def test_the_last_one_left_is_paged_before_the_next_level(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    group = builders.group(primary=(alice, bob), secondary=(carol,), policy=in_turn())
    builders.alert(group)
    clock.look()
    leaves(group, alice)
    clock.forward(minutes=1)
    assert phones.take() == ["alice", "bob"]


def test_turns_go_on_where_they_stood_when_an_assignee_does_not_answer(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    group = builders.group(primary=(alice, bob), secondary=(carol,), policy=in_turn())
    alert = builders.alert(group)
    clock.look()
    actions.apply(Verb.ASSIGN, alert.pk, Move(actor=bob, now=clock.now(), assignee=carol))
    clock.forward(minutes=5)
    assert phones.take() == ["alice", "carol", "bob"]


def test_who_let_an_acknowledgement_expire_is_not_paged_twice_where_they_are_the_fallback_too(
    carol: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "secondary", "wait_seconds": 300}, acknowledgement_timeout_seconds=600
    )
    alert = builders.alert(builders.group(manager=(carol,), policy=policy))
    clock.look()
    assert phones.take() == ["carol"]
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=carol, now=clock.now()))
    clock.forward(minutes=11)
    assert phones.take() == ["carol"]


def test_what_follows_another_alert_is_not_paged_when_its_own_acknowledgement_expires(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 3600}, acknowledgement_timeout_seconds=600
    )
    mine = builders.group(primary=(alice,), policy=policy)
    leader = builders.alert(builders.group("Network", primary=(bob,), policy=policy))
    follower = builders.alert(mine, title="A symptom")
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, follower.pk, Move(actor=alice, now=clock.now()))
    clock.look()
    bundles.attach(follower.pk, leader.pk, actor_id=alice.pk, now=clock.now())
    phones.take()
    clock.forward(minutes=11)
    assert phones.take() == []
    bundles.detach(follower.pk, actor_id=alice.pk, now=clock.now())
    clock.look()
    assert phones.take() == ["alice"], "alone again, it has been acknowledged for too long"


def test_an_alert_for_one_person_comes_back_to_that_person_whoever_acknowledged_it(
    alice: User, clock: Clock, phones: Phones
) -> None:
    root = builders.person("Root", roles=["app_admin"])
    alert = builders.alert(assignee=alice)
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=root, now=clock.now()))
    clock.look()
    phones.take()
    actions.apply(Verb.UNACKNOWLEDGE, alert.pk, Move(actor=root, now=clock.now()))
    clock.forward(seconds=11)
    assert phones.take() == ["alice"]


def test_a_group_left_with_nobody_but_a_stakeholder_reaches_the_administrators(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    builders.person("Root", roles=["app_admin"])
    group = builders.group(
        primary=(alice,), policy=builders.policy({"target": "everyone", "wait_seconds": 300})
    )
    group.members.create(user=bob, sequence=2)
    User.objects.filter(pk=bob.pk).update(roles=["stakeholder"])
    builders.alert(group)
    clock.look()
    assert phones.take() == ["alice"]
    leaves(group, alice)
    clock.forward(minutes=5)
    assert phones.take() == ["root"]


def test_a_level_that_becomes_empty_does_not_send_all_rounds_at_once(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 0},
        {"target": "secondary", "wait_seconds": 600},
        repeat=2,
    )
    group = builders.group(primary=(alice,), secondary=(bob,), policy=policy)
    builders.alert(group)
    clock.look()
    assert phones.take() == ["alice", "bob"]
    leaves(group, bob)
    clock.forward(minutes=10)
    assert phones.take() == ["alice"]
    clock.forward(minutes=10)
    assert phones.take() == ["alice"]


def test_an_assignee_has_time_to_answer_where_the_first_level_waits_for_nothing(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 0}, {"target": "secondary", "wait_seconds": 600}
    )
    group = builders.group(primary=(alice,), secondary=(bob,), manager=(carol,), policy=policy)
    alert = builders.alert(group)
    clock.look()
    phones.take()
    actions.apply(Verb.ASSIGN, alert.pk, Move(actor=alice, now=clock.now(), assignee=carol))
    clock.forward(minutes=9)
    assert phones.take() == ["carol"]
    clock.forward(minutes=1)
    assert phones.take() == ["carol"], "nobody answered: the fallback, which she is"


def test_giving_an_alert_to_whoever_has_just_acknowledged_it_takes_it_from_nobody(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(builders.group(primary=(alice,), secondary=(bob,)))
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=bob, now=clock.now()))
    phones.take()
    actions.apply(Verb.ASSIGN, alert.pk, Move(actor=alice, now=clock.now(), assignee=bob))
    clock.look()
    alert.refresh_from_db()
    assert (alert.status, phones.take()) == ("acknowledged", [])


@pytest.mark.parametrize("verb", [Verb.ESCALATE, Verb.ASSIGN, Verb.SNOOZE])
def test_nobody_takes_away_what_somebody_has_acknowledged_meanwhile(
    alice: User, bob: User, clock: Clock, phones: Phones, verb: Verb
) -> None:
    alert = builders.alert(builders.group(primary=(alice,), secondary=(bob,)))
    clock.look()
    more: dict[str, Any] = {"assignee": bob, "until": clock.now() + timedelta(minutes=10)}
    seen_at = clock.now()
    clock.forward(seconds=30)
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=alice, now=clock.now()))
    phones.take()
    with pytest.raises(NotAllowed, match="Alice has acknowledged this alert since"):
        actions.apply(verb, alert.pk, Move(actor=alice, now=clock.now(), seen_at=seen_at, **more))
    clock.forward(minutes=20)
    assert phones.take() == []
    actions.apply(
        Verb.ESCALATE, alert.pk, Move(actor=bob, now=clock.now(), seen_at=clock.now(), **more)
    )
    clock.look()
    assert phones.take() == ["bob"]


@pytest.mark.parametrize("is_dead", [False, True])
def test_who_answers_for_two_levels_that_go_together_is_paged_once(
    alice: User, bob: User, twilio: TwilioDouble, clock: Clock, is_dead: bool
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 0},
        {"target": "secondary", "wait_seconds": 600},
        {"target": "manager", "wait_seconds": 0},
    )
    group = builders.group(primary=(alice,), secondary=(alice,), manager=(bob,), policy=policy)
    number, next_one = (user.contact_methods.get().address for user in (alice, bob))
    twilio.knobs.turn(refuse={number: 21211} if is_dead else {})
    builders.alert(group)
    clock.look()
    assert [text.to for text in twilio.messages] == ([next_one] if is_dead else [number])
    clock.forward(minutes=10)
    again = [text.to for text in twilio.messages][1:]
    assert again == [next_one], "once, though the Manager is the fallback as well"


def test_an_acknowledgement_that_expires_pages_whom_the_alert_was_sent_to(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy({"target": "primary"}, acknowledgement_timeout_seconds=600)
    alert = builders.alert(assignee=alice)
    Alert.objects.filter(pk=alert.pk).update(policy_hint=policy.pk)
    clock.look()
    assert phones.take() == ["alice"]
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=bob, now=clock.now()))
    clock.forward(minutes=11)
    assert sorted(phones.take()) == ["alice", "bob"]
