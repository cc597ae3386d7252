"""Held back is never forgotten: whatever becomes of maintenance, the engine pages what is left."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from alerts import actions, bundles, holds, wakes
from alerts.actions import Move
from alerts.models import Alert, AlertEvent
from alerts.signals import Hold, Outcome, Signal
from alerts.signals_in import open_alerts
from alerts.states import Kind, Status, Verb
from escalation import dispatch, engine
from groups.models import Group
from integrations.models import Integration
from tests import builders
from tests.conftest import Clock, Phones

pytestmark = pytest.mark.django_db


@pytest.fixture
def payments(alice: User, bob: User) -> Group:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300}, {"target": "secondary", "wait_seconds": 300}
    )
    return builders.group(primary=(alice,), secondary=(bob,), policy=policy)


@pytest.fixture
def source(payments: Group) -> Integration:
    return Integration.objects.create(name="Disks", group=payments)


def say(
    source: Integration, action: str, now: datetime, hold: Hold | None = None, **more: int
) -> Outcome:
    signal = Signal(
        source.pk, "k", action, "Disk full", group_id=source.group_id, hold=hold, **more
    )
    return open_alerts([signal], now=now)[0]


def wait(clock: Clock, **by: float) -> None:
    """Let time pass with nobody but the engine and the outbox at work."""
    target = clock.now() + timedelta(**by)
    while (due := wakes.next_wake(clock.now())) is not None and due <= target:
        clock.set(due)
        engine.tick(due)
        dispatch.run_once(due)
    clock.set(target)


def story(alert: Alert) -> list[str]:
    return list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))


def test_what_is_opened_in_maintenance_pages_when_it_ends_without_anybodys_help(
    source: Integration, clock: Clock, phones: Phones
) -> None:
    until = clock.now() + timedelta(hours=1)
    outcome = say(source, "trigger", clock.now(), Hold(until, window="Patches"))
    assert outcome.outcome == "suppressed"
    wait(clock, minutes=59)
    assert phones.take() == []
    wait(clock, minutes=1)
    assert phones.take() == ["alice"]
    alert = Alert.objects.get()
    assert not alert.suppressed
    assert story(alert)[:3] == [Kind.OPENED, Kind.SUPPRESSED, Kind.RELEASED]


def test_what_was_to_be_discarded_pages_if_nobody_discards_it(
    source: Integration, clock: Clock, phones: Phones
) -> None:
    until = clock.now() + timedelta(hours=1)
    say(source, "trigger", clock.now(), Hold(until, discard=True))
    for at, paged in ((until, []), (until + timedelta(minutes=1), ["alice"])):
        clock.set(at)
        engine.tick(at)  # and nobody looks after maintenance
        dispatch.run_once(at)
        assert phones.take() == paged


def test_what_is_discarded_never_pages(source: Integration, clock: Clock, phones: Phones) -> None:
    until = clock.now() + timedelta(hours=1)
    say(source, "trigger", clock.now(), Hold(until, discard=True))
    assert holds.discard_due(until - timedelta(seconds=1)) == []
    assert len(holds.discard_due(until)) == 1
    wait(clock, hours=5)
    assert phones.take() == []
    alert = Alert.objects.get()
    assert alert.status == Status.RESOLVED
    assert story(alert)[-1] == Kind.RESOLVED


def test_when_maintenance_closes_a_leader_what_still_fires_is_paged_at_once(
    payments: Group, clock: Clock, phones: Phones
) -> None:
    leader, follower = builders.alert(payments), builders.alert(payments)
    bundles.attach(follower.pk, leader.pk, actor_id=None, now=clock.now())
    until = clock.now() + timedelta(minutes=2)
    holds.hold({leader.pk: Hold(until, discard=True)}, clock.now())
    clock.set(until)
    assert len(holds.discard_due(until)) == 1
    wait(clock)
    assert phones.take() == ["alice"]
    follower.refresh_from_db()
    assert follower.parent is None


def test_what_follows_an_alert_that_is_held_back_is_not_forgotten_with_it(
    payments: Group, clock: Clock, phones: Phones
) -> None:
    leader, follower = builders.alert(payments), builders.alert(payments)
    bundles.attach(follower.pk, leader.pk, actor_id=None, now=clock.now())
    holds.hold({leader.pk: Hold(clock.now() + timedelta(days=7))}, clock.now())
    wait(clock, minutes=5)
    assert phones.take() == ["alice"]


@pytest.mark.parametrize("action", ["resolve", "acknowledge"])
def test_maintenance_never_holds_back_a_recovery_or_an_acknowledgement(
    source: Integration, clock: Clock, phones: Phones, action: str
) -> None:
    until = clock.now() + timedelta(hours=1)
    say(source, "trigger", clock.now(), Hold(until, discard=True))
    assert say(source, action, clock.now()).alert_id
    wait(clock, hours=2)
    assert phones.take() == []
    assert Alert.objects.get().status == f"{action.rstrip('e')}ed"


def test_a_running_escalation_falls_silent_and_begins_anew(
    source: Integration, clock: Clock, phones: Phones
) -> None:
    say(source, "trigger", clock.now())
    wait(clock)
    assert phones.take() == ["alice"]
    until = clock.now() + timedelta(hours=1)
    alert = Alert.objects.get()
    assert holds.hold({alert.pk: Hold(until)}, clock.now()) == 1
    wait(clock, minutes=59)
    assert phones.take() == []
    wait(clock, minutes=1)
    assert phones.take() == ["alice"]
    wait(clock, minutes=5)
    assert phones.take() == ["bob"]


def test_repeats_in_maintenance_page_nobody(
    source: Integration, clock: Clock, phones: Phones
) -> None:
    hold = Hold(clock.now() + timedelta(hours=1))
    for _ in range(3):
        say(source, "trigger", clock.now(), hold)
        wait(clock, minutes=10)
    assert phones.take() == []
    assert Alert.objects.get().event_count == 3


def test_an_end_that_is_moved_moves_for_what_is_held_back(
    source: Integration, clock: Clock, phones: Phones
) -> None:
    say(source, "trigger", clock.now(), Hold(clock.now() + timedelta(hours=1)))
    alert = Alert.objects.get()
    holds.hold({alert.pk: Hold(clock.now() + timedelta(hours=2))}, clock.now())
    wait(clock, minutes=90)
    assert phones.take() == []
    assert holds.let_go([alert.pk], clock.now()) == 1
    wait(clock)
    assert phones.take() == ["alice"]


def test_who_escalates_in_maintenance_is_heard(
    source: Integration, alice: User, clock: Clock, phones: Phones
) -> None:
    say(source, "trigger", clock.now(), Hold(clock.now() + timedelta(hours=1)))
    alert = Alert.objects.get()
    actions.apply(Verb.ESCALATE, alert.pk, Move(actor=alice, now=clock.now()))
    found = holds.awake(
        clock.now() + timedelta(hours=1),
        everything=True,
        sources=[],
        groups=[],
        now=clock.now(),
    )
    assert found == []
    wait(clock)
    assert phones.take() != []


def test_a_signal_may_wait_and_nobody_hears_of_one_that_recovers_meanwhile(
    source: Integration, clock: Clock, phones: Phones
) -> None:
    say(source, "trigger", clock.now(), wait=120)
    wait(clock, seconds=119)
    say(source, "resolve", clock.now())
    wait(clock, minutes=10)
    assert phones.take() == []
    say(source, "trigger", clock.now(), wait=120)
    wait(clock, seconds=119)
    assert phones.take() == []
    wait(clock, seconds=1)
    assert phones.take() == ["alice"]


def test_the_database_refuses_a_hold_without_an_end(source: Integration, clock: Clock) -> None:
    until = clock.now() + timedelta(hours=1)
    say(source, "trigger", clock.now(), Hold(until, discard=True))
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.update(wake_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.update(wake_at=until - timedelta(seconds=1))
