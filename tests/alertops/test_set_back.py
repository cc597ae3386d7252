"""Clocks that are wrong: the database's is set back, a host's differs from the database's."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from alertops import clock as the_clock
from alertops import clockwork, set_back
from alertops.models import LoopBeat
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert
from alerts.states import Verb
from escalation import outbox
from escalation.models import Circuit, LostMethod, Notification
from escalation.states import State
from groups.models import Group
from integrations import calming, heartbeats, storms
from integrations.models import Heartbeat, InboundEvent, Integration
from tests import builders
from tests.conftest import Clock, Phones
from tests.integrations.conftest import make_integration

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def come_in(integration: Integration, title: str) -> None:
    body = b'{"title": "%(t)s", "dedup_key": "%(t)s"}' % {b"t": title.encode()}
    InboundEvent.objects.create(integration=integration, body=body, content_type="application/json")


def look() -> timedelta:
    return set_back.look(clockwork.WAITING)


@pytest.fixture
def payments(alice: User, bob: User) -> Group:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300}, {"target": "secondary", "wait_seconds": 300}
    )
    return builders.group(primary=(alice,), secondary=(bob,), policy=policy)


@pytest.fixture
def back(clock: Clock) -> Any:
    """Set the clock back by an hour, after the watchdog has seen what time it was."""

    def go() -> None:
        look()
        clock.set(clock.now() - HOUR)
        assert look() == HOUR

    return go


def test_the_next_level_is_paged_after_its_five_minutes(
    payments: Group, clock: Clock, phones: Phones, back: Any
) -> None:
    builders.alert(payments)
    clock.forward(minutes=2)
    assert phones.take() == ["alice"]
    back()
    clock.forward(minutes=2, seconds=59)
    assert phones.take() == []
    clock.forward(seconds=1)
    assert phones.take() == ["bob"]


def test_without_it_the_next_level_would_wait_for_an_hour_more(
    payments: Group, clock: Clock, phones: Phones
) -> None:
    builders.alert(payments)
    clock.forward(minutes=2)
    clock.set(clock.now() - HOUR)
    clock.forward(minutes=60)
    assert phones.take() == ["alice"]


def test_a_snooze_keeps_its_length(
    payments: Group, alice: User, clock: Clock, phones: Phones, back: Any
) -> None:
    alert = builders.alert(payments)
    clock.look()
    move = Move(actor=alice, now=clock.now(), until=clock.now() + timedelta(minutes=30))
    actions.apply(Verb.SNOOZE, alert.pk, move)
    clock.forward(minutes=10)
    back()
    clock.forward(minutes=20)
    assert phones.take() == ["alice", "alice"]


def test_what_rests_in_the_outbox_rests_no_longer(payments: Group, clock: Clock, back: Any) -> None:
    builders.alert(payments)
    clock.look()
    (page,) = Notification.objects.all()
    later = clock.now() + timedelta(seconds=20)

    def kept(**fields: Any) -> Notification:
        made = Notification.objects.get(pk=page.pk)
        made.pk, made.key = None, f"{page.key}.{fields['state']}"
        for name, value in fields.items():
            setattr(made, name, value)
        made.save()
        return made

    again = kept(state=State.PENDING, due_at=later, accepted_at=None)
    leased = kept(state=State.SENDING, lease_until=later, accepted_at=None)
    unproved = kept(state=State.ACCEPTED, proof_due_at=later)
    Circuit.objects.create(channel="sms", open_until=later, changed_at=clock.now())
    LostMethod.objects.create(
        contact_method=page.contact_method, reason="gone", at=clock.now(), next_try_at=later
    )
    back()
    for row in (again, leased, unproved):
        row.refresh_from_db()
    assert again.due_at == leased.lease_until == unproved.proof_due_at == later - HOUR
    assert Circuit.objects.get().open_until == later - HOUR
    assert LostMethod.objects.get().next_try_at == later - HOUR
    outbox.give_back_expired_leases(later - HOUR + timedelta(seconds=1))
    leased.refresh_from_db()
    assert leased.state == State.UNKNOWN


def test_an_event_that_was_put_aside_is_tried_again_in_seconds(
    payments: Group, clock: Clock, back: Any
) -> None:
    come_in(make_integration(payments), "x")
    InboundEvent.objects.update(attempts=1, next_try_at=clock.now() + timedelta(seconds=5))
    back()
    clock.set(clock.now() + timedelta(seconds=5))
    clock.look()
    assert Alert.objects.count() == 1


def test_a_dead_job_is_noticed_in_its_time(payments: Group, clock: Clock, phones: Phones) -> None:
    beat = Heartbeat(name="Backup", group=payments, period_seconds=600, grace_seconds=60)
    beat.issue_key()
    beat.save()

    def listen(minutes: int) -> None:
        for _ in range(minutes * 12):
            clock.set(clock.now() + timedelta(seconds=5))
            heartbeats.watch(clock.now())
        clock.look()

    heartbeats.watch(clock.now())
    heartbeats.ping(beat.key, clock.now())
    listen(minutes=4)
    clock.set(clock.now() - HOUR)
    listen(minutes=6)
    assert phones.take() == []
    listen(minutes=2)
    assert phones.take() == ["alice"]


def test_a_storm_of_before_swallows_nothing_of_after(
    payments: Group, clock: Clock, phones: Phones, back: Any
) -> None:
    calming.forget()
    integration = make_integration(payments, storm_after=2)
    for number in range(5):
        come_in(integration, f"{number}")
    clock.look()
    clock.forward(seconds=2)
    assert phones.take() == ["alice"]
    assert Alert.objects.filter(dedup_key__startswith=storms.STORM).count() == 1
    back()
    come_in(integration, "another")
    clock.look()
    clock.forward(seconds=2)
    assert phones.take() == ["alice"]
    assert Alert.objects.get(dedup_key="another").parent is None
    for number in range(5):
        come_in(integration, f"later {number}")
    clock.look()
    assert Alert.objects.filter(dedup_key__startswith=storms.STORM).count() == 2


def test_pages_of_before_do_not_fill_the_cap(
    payments: Group, clock: Clock, phones: Phones, back: Any
) -> None:
    for _ in range(40):
        builders.alert(payments)
    clock.forward(minutes=1)
    assert 0 < len(phones.take()) < 40
    Notification.objects.filter(accepted_at__isnull=True).update(state=State.CANCELLED)
    Alert.objects.update(wake_at=clock.now() + timedelta(days=3))
    back()
    builders.alert(payments)
    clock.look()
    assert phones.take() == ["alice"]


def test_a_step_of_a_second_is_none(payments: Group, clock: Clock) -> None:
    alert = builders.alert(payments)
    clock.look()
    alert.refresh_from_db()
    due = alert.wake_at
    look()
    clock.set(clock.now() - timedelta(seconds=1))
    assert look() == timedelta()
    alert.refresh_from_db()
    assert alert.wake_at == due
    clock.set(clock.now() + timedelta(seconds=10))
    look()
    assert LoopBeat.objects.get(name=set_back.NAME).beat_at == clock.now()


def test_a_host_with_another_time_writes_the_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    by = timedelta()

    class Skewed(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + by

    def difference() -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            return float(abs((the_clock.now() - cursor.fetchone()[0]).total_seconds()))

    monkeypatch.setattr(the_clock, "datetime", Skewed)
    monkeypatch.setattr(the_clock, "_behind", timedelta())
    for by in (HOUR, -HOUR, timedelta(seconds=3), timedelta()):
        the_clock.db_now()
        assert difference() < 1.0, by
    assert the_clock._behind == timedelta()
