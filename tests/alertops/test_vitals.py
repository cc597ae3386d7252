"""What must never be true is found, whatever keeps it from being seen at first sight."""

from datetime import timedelta

import pytest

from accounts.models import User
from alertops import clock, vitals
from alerts.models import Alert
from escalation import engine, outbox
from escalation.models import Notification
from tests import builders

pytestmark = pytest.mark.django_db

MINUTES = timedelta(minutes=3)


@pytest.fixture
def alert(alice: User) -> Alert:
    made = builders.alert(builders.group(primary=(alice,)))
    engine.tick(clock.now())
    return made


def findings() -> set[str]:
    return {question.name for question in vitals.QUESTIONS if vitals._ask(question)}


def test_nothing_is_found_while_all_is_well(alert: Alert) -> None:
    assert findings() == set()


def test_an_alert_the_engine_does_not_look_at_is_found(alert: Alert) -> None:
    Alert.objects.update(wake_at=clock.now() - MINUTES)
    assert findings() == {"overdue_alerts"}


def test_a_page_nobody_tries_to_send_is_found(alert: Alert) -> None:
    Notification.objects.update(due_at=clock.now() - MINUTES)
    assert findings() == {"unsent_notifications"}


@pytest.mark.parametrize("state", ["pending", "unknown", "sending"])
def test_a_page_that_is_tried_in_vain_is_found_although_it_is_never_overdue(
    alert: Alert, state: str
) -> None:
    outbox.claim(clock.now(), {"sms": 5})
    Notification.objects.update(
        state=state, due_at=clock.now(), first_tried_at=clock.now() - MINUTES
    )
    assert findings() == {"unlucky_notifications"}
    Alert.objects.update(epoch=2)
    assert findings() == set(), "nobody waits for it any more"


def test_a_page_held_back_because_its_person_has_had_enough_is_no_finding(alert: Alert) -> None:
    Notification.objects.update(attempts=0, first_tried_at=clock.now() - MINUTES)
    assert findings() == set()
