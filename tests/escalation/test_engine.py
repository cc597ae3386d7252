"""One alert that cannot be worked with stops no other, and somebody hears of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from accounts.models import User
from alertops import clock as the_clock
from alertops import operators
from alerts import actions, holds
from alerts.actions import Move
from alerts.models import Alert
from alerts.signals import Hold
from alerts.states import Verb
from escalation import engine, sweep
from escalation.models import Escalation, Notification, PolicyVersion
from tests import builders
from tests.conftest import Clock, Phones

pytestmark = pytest.mark.django_db


def test_an_alert_that_defies_the_engine_stops_no_other_and_the_administrators_hear_of_it(
    alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    builders.person("Root", roles=["app_admin"])
    policies = [
        builders.policy({"target": "everyone", "wait_seconds": 60}, name=name, repeat=9)
        for name in ("Bad", "Good")
    ]
    bad = builders.alert(builders.group("Bad", primary=(alice,), policy=policies[0]))
    builders.alert(builders.group("Good", primary=(bob,), policy=policies[1]))
    clock.look()
    assert phones.take() == ["alice", "bob"]
    version = PolicyVersion.objects.filter(pk=Escalation.objects.get(alert=bad).version_id)
    version.update(body={"levels": [{"written": "by a release of the future"}]})
    clock.forward(minutes=1)
    assert sorted(phones.take()) == ["bob", "root"]
    clock.forward(minutes=59)
    assert phones.take().count("root") == 1, "again after an hour, not at every try"


def test_an_acknowledgement_whose_expiry_defies_the_engine_is_heard_of_all_the_same(
    alice: User, clock: Clock, phones: Phones
) -> None:
    builders.person("Root", roles=["app_admin"])
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300}, acknowledgement_timeout_seconds=600
    )
    alert = builders.alert(builders.group(primary=(alice,), policy=policy))
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, alert.pk, Move(actor=alice, now=clock.now()))
    clock.look()
    phones.take()
    PolicyVersion.objects.update(body={"levels": [{"written": "by a release of the future"}]})
    clock.forward(minutes=9)
    assert phones.take() == [], "somebody has it in hand"
    clock.forward(minutes=6)
    assert phones.take() == ["root"]


def test_what_is_due_but_in_other_hands_does_not_make_the_engine_spin(clock: Clock) -> None:
    alert = builders.alert(builders.group())
    assert engine.tick(the_clock.now()) > the_clock.now() + timedelta(minutes=1)  # type: ignore[operator]
    Alert.objects.filter(pk=alert.pk).update(wake_at=the_clock.now())
    assert engine._next(the_clock.now()) == the_clock.now() + engine.REST


def test_an_alert_that_would_sleep_for_ever_is_brought_back_and_one_in_maintenance_is_not(
    alice: User, clock: Clock, phones: Phones
) -> None:
    group = builders.group(primary=(alice,))
    lost, held, snoozed = (builders.alert(group) for _ in range(3))
    until = clock.now() + timedelta(days=13)
    holds.hold({held.pk: Hold(until)}, clock.now())
    actions.apply(
        Verb.SNOOZE,
        snoozed.pk,
        Move(actor=alice, now=clock.now(), until=clock.now() + actions.LONGEST_SNOOZE),
    )
    Alert.objects.filter(pk=lost.pk).update(wake_at=clock.now() + timedelta(days=3650))
    sweep.tidy(clock.now())
    clock.look()
    paged = Notification.objects.filter(accepted_at__isnull=False)
    assert set(paged.values_list("alert", flat=True)) == {lost.pk}


def test_an_alert_nobody_at_all_can_be_reached_about_is_the_operators_to_know(
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    operators.forget()
    alerts = [builders.alert(builders.group(name)) for name in ("One", "Two")]
    with django_capture_on_commit_callbacks(execute=True):
        engine.tick(clock.now())
    told = [one.getMessage() for one in caplog.records if one.levelname == "CRITICAL"]
    assert told == [
        f"AlertOps: nobody at all can be reached about alert #{alerts[0].pk} and 1 more."
    ]
