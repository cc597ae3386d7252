"""Escalation told as stories. `clock.forward` moves time and lets the loops look."""

from datetime import timedelta

from accounts.models import User
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert, AlertEvent
from alerts.states import Kind, Severity, Status, Verb
from escalation.models import Notification
from groups.models import Member
from tests import builders
from tests.conftest import Clock, Phones
from tests.doubles.twilio import TwilioDouble

FIVE_TEN = (
    {"target": "primary", "wait_seconds": 300},
    {"target": "secondary", "wait_seconds": 600},
    {"target": "manager", "wait_seconds": 600},
)


def story(alert: Alert) -> list[str]:
    return list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))


def act(verb: Verb, alert: Alert, actor: User, clock: Clock, **more: object) -> None:
    actions.apply(verb, alert.pk, Move(actor=actor, now=clock.now(), **more))  # type: ignore[arg-type]


def payments(alice: User, bob: User, carol: User, **fields: object):  # type: ignore[no-untyped-def]
    policy = builders.policy(*(dict(level) for level in FIVE_TEN), **fields)  # type: ignore[arg-type]
    return builders.group(primary=(alice,), secondary=(bob,), manager=(carol,), policy=policy)


def test_primary_then_secondary_after_5_then_manager_after_15_minutes(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    group = payments(alice, bob, carol)
    builders.alert(group)
    clock.look()
    assert phones.take() == ["alice"]
    clock.forward(minutes=4, seconds=59)
    assert phones.take() == []
    clock.forward(seconds=1)
    assert phones.take() == ["bob"]
    clock.forward(minutes=9, seconds=59)
    assert phones.take() == []
    clock.forward(seconds=1)
    assert phones.take() == ["carol"]


def test_acknowledging_stops_the_escalation(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(payments(alice, bob, carol))
    clock.forward(minutes=5)
    assert phones.take() == ["alice", "bob"]
    act(Verb.ACKNOWLEDGE, alert, bob, clock)
    clock.forward(hours=6)
    assert phones.take() == []
    alert.refresh_from_db()
    assert (alert.status, alert.assignee, alert.wake_at) == (Status.ACKNOWLEDGED, bob, None)


def test_nothing_queued_for_later_leaves_after_an_acknowledgement(
    alice: User, clock: Clock, phones: Phones
) -> None:
    builders.contact(alice, "voice", delay=180)
    alert = builders.alert(builders.group(primary=(alice,)))
    clock.look()
    assert phones.take(channels=True) == ["alice sms"]
    act(Verb.ACKNOWLEDGE, alert, alice, clock)
    clock.forward(hours=1)
    assert phones.take() == []
    assert set(Notification.objects.values_list("state", flat=True)) == {"accepted", "cancelled"}


def test_an_empty_level_takes_no_time_and_is_told(
    alice: User, carol: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(*(dict(level) for level in FIVE_TEN))
    group = builders.group(primary=(alice,), manager=(carol,), policy=policy)
    alert = builders.alert(group)
    clock.look()
    phones.take()
    clock.forward(minutes=5)
    assert phones.take() == ["carol"]
    assert Kind.LEVEL_SKIPPED in story(alert)


def test_when_nobody_is_on_call_the_administrators_are_paged_at_once(
    clock: Clock, phones: Phones, db: None
) -> None:
    builders.person("Root", roles=["app_admin"])
    alert = builders.alert(builders.group())
    clock.look()
    assert phones.take() == ["root"]
    assert story(alert)[-3:] == ["exhausted", "fallback", "paged"]


def test_whoever_comes_on_duty_later_is_paged_about_what_nobody_answered_for(
    alice: User, clock: Clock, phones: Phones
) -> None:
    builders.person("Root", roles=["app_admin"])
    group = builders.group()
    alert = builders.alert(group)
    clock.look()
    assert phones.take() == ["root"]
    clock.forward(minutes=59)
    assert phones.take() == []
    clock.forward(minutes=1)
    assert phones.take() == ["root"], "and the fallback hears of it once an hour"
    clock.forward(minutes=50)
    assert phones.take() == []
    assert story(alert).count(Kind.LEVEL_SKIPPED) == 3, "told once, not at every look"
    Member.objects.create(group=group, user=alice, sequence=1, is_primary=True)
    clock.forward(minutes=10)
    assert phones.take() == ["alice"]
    clock.forward(minutes=5)
    assert phones.take() == ["alice"], "the policy is over, and she is the only member"
    assert story(alert).count(Kind.EXHAUSTED) == 2


def test_when_the_fallback_cannot_be_reached_the_administrators_are_once(
    alice: User, carol: User, clock: Clock, twilio: TwilioDouble
) -> None:
    root = builders.person("Root", roles=["app_admin"])
    group = builders.group(manager=(carol,))
    carol.contact_methods.update(kind="webhook", address="http://127.0.0.1:1/")
    alert = builders.alert(group)
    clock.look()
    assert [message.to for message in twilio.messages] == [root.contact_methods.get().address]
    clock.forward(minutes=10)
    assert len(twilio.messages) == 1
    assert story(alert).count(Kind.FALLBACK) == 1


def test_an_exhausted_policy_pages_the_managers_and_brings_it_up_again(
    alice: User, carol: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy({"target": "primary", "wait_seconds": 60})
    builders.alert(builders.group(primary=(alice,), manager=(carol,), policy=policy))
    clock.look()
    assert phones.take() == ["alice"]
    clock.forward(minutes=1)
    assert phones.take() == ["carol"]
    clock.forward(minutes=59)
    assert phones.take() == []
    clock.forward(minutes=1)
    assert phones.take() == ["carol"]


def test_times_to_notify_counts_notifications_not_retries(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary", "times_to_notify": 3, "interval_seconds": 60, "wait_seconds": 120},
        {"target": "secondary", "wait_seconds": 600},
    )
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.look()
    clock.forward(minutes=2)
    assert phones.take() == ["alice"] * 3
    clock.forward(minutes=2)
    assert phones.take() == ["bob"]


def test_several_primaries_are_paged_in_turn_where_the_level_says_so(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary", "member_wait_seconds": 60, "wait_seconds": 300},
        {"target": "manager", "wait_seconds": 600},
    )
    builders.alert(builders.group(primary=(alice, bob), manager=(carol,), policy=policy))
    clock.look()
    assert phones.take() == ["alice"]
    clock.forward(minutes=1)
    assert phones.take() == ["bob"]
    clock.forward(minutes=5)
    assert phones.take() == ["carol"]


def test_the_policy_repeats_its_rounds(alice: User, clock: Clock, phones: Phones) -> None:
    policy = builders.policy({"target": "primary", "wait_seconds": 60}, repeat=2)
    alert = builders.alert(builders.group(primary=(alice,), policy=policy))
    clock.look()
    clock.forward(minutes=2)
    assert phones.take() == ["alice"] * 3
    assert story(alert).count(Kind.ROUND_STARTED) == 2


def test_a_late_engine_fires_one_step_and_says_so(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(payments(alice, bob, carol))
    clock.look()
    phones.take()
    clock.set(clock.now() + timedelta(hours=2))
    clock.look()
    assert phones.take() == ["bob"]
    assert Kind.ENGINE_LATE in story(alert)
    clock.forward(minutes=10)
    assert phones.take() == ["carol"]


def test_the_policy_is_frozen_when_the_escalation_begins(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    group = payments(alice, bob, carol)
    builders.alert(group)
    clock.look()
    phones.take()
    group.escalation_policy.policy.levels.filter(target="secondary").delete()
    clock.forward(minutes=5)
    assert phones.take() == ["bob"]


def test_people_are_live_a_removed_contact_method_is_not_used(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    builders.alert(payments(alice, bob, carol))
    clock.look()
    phones.take()
    bob.contact_methods.all().delete()
    clock.forward(minutes=5)
    assert phones.take() == ["carol"]


def test_assigning_pages_that_person_and_comes_back_when_they_do_not_answer(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(payments(alice, bob, carol))
    clock.look()
    phones.take()
    act(Verb.ASSIGN, alert, alice, clock, assignee=carol)
    clock.look()
    assert phones.take() == ["carol"]
    clock.forward(minutes=5)
    assert phones.take() == ["bob"]
    assert Kind.ASSIGNMENT_EXPIRED in story(alert)


def test_assigning_a_snoozed_alert_to_the_one_it_is_meant_for_wakes_it(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(assignee=alice)
    clock.look()
    act(Verb.SNOOZE, alert, bob, clock, until=clock.now() + timedelta(days=6))
    phones.take()
    act(Verb.ASSIGN, alert, bob, clock, assignee=alice)
    clock.look()
    assert phones.take() == ["alice"]
    act(Verb.ASSIGN, alert, bob, clock, assignee=alice)
    clock.look()
    assert phones.take() == [], "she is being paged already"


def test_an_alert_straight_to_one_person_pages_them_at_once(
    alice: User, clock: Clock, phones: Phones
) -> None:
    builders.alert(assignee=alice)
    clock.look()
    assert phones.take() == ["alice"]


def test_an_alert_straight_to_one_person_who_does_not_answer_reaches_the_administrators(
    alice: User, clock: Clock, phones: Phones
) -> None:
    builders.person("Root", roles=["app_admin"])
    builders.alert(assignee=alice)
    clock.look()
    phones.take()
    clock.forward(minutes=5)
    assert phones.take() == ["root"]


def test_an_alert_straight_to_one_person_comes_back_to_them(
    alice: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(assignee=alice)
    clock.look()
    act(Verb.SNOOZE, alert, alice, clock, until=clock.now() + timedelta(minutes=30))
    phones.take()
    clock.forward(minutes=30)
    assert phones.take() == ["alice"]
    act(Verb.ACKNOWLEDGE, alert, alice, clock)
    act(Verb.UNACKNOWLEDGE, alert, alice, clock)
    clock.forward(seconds=10)
    assert phones.take() == ["alice"]


def test_escalating_by_hand_moves_one_level_at_once(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(payments(alice, bob, carol))
    clock.look()
    seen = clock.now()
    clock.forward(seconds=10)
    act(Verb.ESCALATE, alert, alice, clock, seen_at=seen)
    clock.look()
    clock.forward(seconds=1)
    act(Verb.ESCALATE, alert, bob, clock, seen_at=seen)
    clock.look()
    assert phones.take() == ["alice", "bob"]


def test_a_snoozed_alert_is_treated_as_just_received_when_it_wakes(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(payments(alice, bob, carol))
    clock.forward(minutes=5)
    phones.take()
    act(Verb.SNOOZE, alert, alice, clock, until=clock.now() + timedelta(hours=1))
    clock.forward(minutes=59)
    assert phones.take() == []
    clock.forward(minutes=1)
    assert phones.take() == ["alice"]


def test_an_acknowledgement_that_expires_triggers_again_where_it_stood(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    group = payments(alice, bob, carol, acknowledgement_timeout_seconds=1800)
    alert = builders.alert(group)
    clock.forward(minutes=5)
    assert phones.take() == ["alice", "bob"]
    act(Verb.ACKNOWLEDGE, alert, alice, clock)
    clock.forward(minutes=29)
    assert phones.take() == []
    clock.forward(minutes=1)
    assert sorted(phones.take()) == ["alice", "bob"]
    clock.forward(minutes=10)
    assert phones.take() == ["carol"]


def test_unacknowledging_starts_again_after_a_short_grace(
    alice: User, bob: User, carol: User, clock: Clock, phones: Phones
) -> None:
    alert = builders.alert(payments(alice, bob, carol))
    clock.look()
    act(Verb.ACKNOWLEDGE, alert, alice, clock)
    clock.look()
    phones.take()
    act(Verb.UNACKNOWLEDGE, alert, alice, clock)
    clock.forward(seconds=9)
    assert phones.take() == []
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]


def test_a_low_urgency_alert_uses_the_low_urgency_rules(
    alice: User, clock: Clock, phones: Phones
) -> None:
    alice.notification_rules.all().delete()
    mail = builders.contact(alice, "email", rule=False)
    alice.notification_rules.create(urgency="low", contact_method=mail, delay_seconds=0)
    builders.alert(builders.group(primary=(alice,)), severity=Severity.LOW)
    clock.look()
    assert phones.take(channels=True) == ["alice email"]


def test_a_person_without_an_immediate_rule_is_paged_at_once_all_the_same(
    alice: User, clock: Clock, phones: Phones
) -> None:
    alice.notification_rules.all().update(delay_seconds=600)
    alert = builders.alert(builders.group(primary=(alice,)))
    clock.look()
    assert phones.take() == ["alice"]
    assert Kind.NO_IMMEDIATE_RULE in story(alert)


def test_a_policys_own_channels_ignore_the_profile_but_use_what_the_person_has(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    builders.contact(alice, "email", rule=False)
    policy = builders.policy(
        {"target": "primary", "channels": [("email", 0), ("voice", 60)], "wait_seconds": 300},
        {"target": "secondary", "channels": [("email", 0)], "wait_seconds": 300},
        notification_type="policy",
    )
    builders.alert(builders.group(primary=(alice,), secondary=(bob,), policy=policy))
    clock.forward(minutes=2)
    assert phones.take(channels=True) == ["alice email"]
    clock.forward(minutes=3)
    assert phones.take(channels=True) == ["bob sms"]
