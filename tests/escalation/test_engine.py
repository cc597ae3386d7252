"""One alert that cannot be worked with stops no other, and somebody hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from alertops import clock as the_clock
from alerts.models import Alert
from escalation import engine
from escalation.models import Escalation, PolicyVersion
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


def test_what_is_due_but_in_other_hands_does_not_make_the_engine_spin(clock: Clock) -> None:
    alert = builders.alert(builders.group())
    assert engine.tick(the_clock.now()) > the_clock.now() + timedelta(minutes=1)  # type: ignore[operator]
    Alert.objects.filter(pk=alert.pk).update(wake_at=the_clock.now())
    assert engine._next(the_clock.now()) == the_clock.now() + engine.REST
