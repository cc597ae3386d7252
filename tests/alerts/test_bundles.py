"""What follows another alert is never left in hands that have let go of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alertops import clock as the_clock
from alerts import actions, bundles, holds
from alerts.actions import Move
from alerts.models import Alert, Source
from alerts.signals import Hold, Signal
from alerts.signals_in import open_alerts
from alerts.states import Verb
from escalation import engine
from groups.models import Group
from tests import builders
from tests.conftest import Clock, Phones

pytestmark = pytest.mark.django_db


def say(key: str, action: str, group: Group) -> None:
    source, _ = Source.objects.get_or_create(name="Clusters")
    signal = Signal(source.pk, key, action, key, group_id=group.pk)
    open_alerts([signal], now=the_clock.now())


def two(leaders: Group, followers: Group) -> tuple[Alert, Alert]:
    """A leader and what follows it."""
    say("leader", "trigger", leaders)
    say("follower", "trigger", followers)
    leader, follower = Alert.objects.order_by("pk")
    bundles.attach(follower.pk, leader.pk, actor_id=None, now=the_clock.now())
    return leader, follower


@pytest.mark.parametrize("verb", [Verb.ESCALATE, Verb.ASSIGN, Verb.SNOOZE])
def test_whoever_passes_a_leader_on_passes_on_what_follows_it(
    alice: User, bob: User, clock: Clock, phones: Phones, verb: Verb
) -> None:
    group = builders.group(primary=(alice,), secondary=(bob,))
    leader, follower = two(group, group)
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, leader.pk, Move(actor=alice, now=clock.now()))
    clock.look()
    until = clock.now() + timedelta(minutes=1)
    move = Move(actor=alice, now=clock.now(), assignee=bob, until=until)
    actions.apply(verb, leader.pk, move)
    clock.look()
    phones.take()
    say("leader", "resolve", group)
    clock.look()
    follower.refresh_from_db()
    assert (follower.status, phones.take()) == ("triggered", ["alice"])


def test_an_acknowledgement_that_expires_covers_no_follower_any_more(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300}, acknowledgement_timeout_seconds=600
    )
    group = builders.group(primary=(alice,), policy=policy)
    leader, follower = two(group, builders.group("Others", primary=(bob,)))
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, leader.pk, Move(actor=alice, now=clock.now()))
    clock.forward(minutes=11)
    phones.take()
    say("leader", "resolve", group)
    clock.look()
    follower.refresh_from_db()
    assert (follower.status, phones.take()) == ("triggered", ["bob"])


def test_many_that_expire_at_once_ask_no_more_than_few(alice: User, clock: Clock) -> None:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300}, acknowledgement_timeout_seconds=600
    )
    group = builders.group(primary=(alice,), policy=policy)
    counts = []
    for size in (2, 20):
        for number in range(size):
            say(f"{size}/{number}", "trigger", group)
        clock.look()
        mine = Alert.objects.filter(dedup_key__startswith=f"{size}/")
        for alert in mine:
            actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=alice, now=clock.now()))
        clock.look()
        clock.set(clock.now() + timedelta(minutes=10))
        with CaptureQueriesContext(connection) as asked:
            engine.tick(clock.now())
        counts.append(len(asked))
        assert set(mine.values_list("status", flat=True)) == {"triggered"}
        for alert in mine:
            actions.apply(Verb.RESOLVE, alert.pk, Move(actor=alice, now=clock.now()))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("discard", [False, True])
def test_what_maintenance_holds_back_stays_so_when_it_is_detached(
    alice: User, clock: Clock, phones: Phones, discard: bool
) -> None:
    group = builders.group(primary=(alice,))
    leader, follower = two(group, group)
    until = clock.now() + timedelta(hours=1)
    holds.hold({pk: Hold(until, discard) for pk in (leader.pk, follower.pk)}, clock.now())
    bundles.detach(follower.pk, actor_id=None, now=clock.now())
    clock.look()
    assert phones.take() == []
    clock.forward(minutes=61)
    follower.refresh_from_db()
    assert (follower.parent_id, follower.suppressed) == (None, False)
    assert ("alice" in phones.take()) is not discard


@pytest.mark.parametrize("is_snoozed", [False, True])
def test_what_is_new_does_not_sleep_with_what_somebody_has_snoozed(
    alice: User, clock: Clock, phones: Phones, is_snoozed: bool
) -> None:
    group, source = builders.group(primary=(alice,)), Source.objects.create(name="Clusters")
    first, second = (
        Signal(source.pk, key, "trigger", key, group_id=group.pk, bundle="x") for key in "ab"
    )
    open_alerts([first], now=clock.now())
    clock.look()
    if is_snoozed:
        until = clock.now() + timedelta(days=3)
        move = Move(actor=alice, now=clock.now(), until=until)
        actions.apply(Verb.SNOOZE, Alert.objects.get().pk, move)
    phones.take()
    [opened] = open_alerts([second], now=clock.now())
    assert opened.alert_id is not None
    bundles.gather({opened.alert_id: clock.now() - timedelta(hours=1)}, clock.now())
    clock.look()
    assert phones.take() == (["alice"] if is_snoozed else [])
