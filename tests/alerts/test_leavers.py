"""What somebody had in hand who has left is paged anew."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from alertops.clockwork import chore
from alerts import actions, bundles
from alerts.actions import Move
from alerts.models import Alert
from alerts.states import Status, Verb
from tests import builders
from tests.conftest import Clock, Phones

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(alice: User, bob: User, clock: Clock) -> Alert:
    made = builders.alert(builders.group(primary=(alice, bob)))
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, made.pk, Move(alice, clock.now()))
    return made


@pytest.fixture
def leader(alert: Alert, clock: Clock) -> Alert:
    """What it follows."""
    made = builders.alert(alert.group)
    clock.look()
    bundles.attach(alert.pk, made.pk, actor_id=None, now=clock.now())
    return made


def look(clock: Clock) -> None:
    chore("give_back_what_was_left")
    clock.forward(seconds=10)


def test_it_is_paged_anew_and_the_story_says_why(
    alert: Alert, alice: User, bob: User, clock: Clock, client: Client
) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    before = alert.notifications.filter(user=bob).count()
    look(clock)
    alert.refresh_from_db()
    assert (alert.status, alert.assignee) == (Status.TRIGGERED, None)
    assert alert.notifications.filter(user=bob).count() == before + 1
    client.force_login(bob)
    page = client.get(reverse("alerts:detail", args=[alert.pk])).content.decode()
    assert "<strong>Alice</strong> has left; nobody has it in hand any more" in page
    look(clock)
    assert alert.events.filter(kind="unacknowledged").count() == 1


def test_what_somebody_has_in_hand_who_is_there_stays_theirs(
    alert: Alert, alice: User, clock: Clock
) -> None:
    look(clock)
    alert.refresh_from_db()
    assert (alert.status, alert.acknowledged_by) == (Status.ACKNOWLEDGED, alice)


def test_what_its_source_acknowledged_stays_so(alert: Alert, clock: Clock) -> None:
    Alert.objects.filter(pk=alert.pk).update(acknowledged_by=None)
    look(clock)
    alert.refresh_from_db()
    assert alert.status == Status.ACKNOWLEDGED


def test_what_follows_another_is_paged_with_that_one_only(
    alert: Alert, leader: Alert, alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    actions.apply(Verb.ACKNOWLEDGE, leader.pk, Move(alice, clock.now()))
    phones.take()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    look(clock)
    alert.refresh_from_db()
    assert (alert.status, alert.parent_id) == (Status.TRIGGERED, leader.pk)
    assert phones.take() == ["bob"], "once for both"


def test_what_follows_an_alert_somebody_has_in_hand_is_in_hand(
    alert: Alert, leader: Alert, alice: User, bob: User, clock: Clock, phones: Phones
) -> None:
    actions.apply(Verb.ACKNOWLEDGE, leader.pk, Move(bob, clock.now()))
    phones.take()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    look(clock)
    assert phones.take() == []


def test_what_follows_an_alert_that_maintenance_keeps_quiet_is_paged_all_the_same(
    alert: Alert, leader: Alert, alice: User, clock: Clock
) -> None:
    Alert.objects.filter(pk=leader.pk).update(suppressed=True, wake="suppressed")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    look(clock)
    alert.refresh_from_db()
    assert (alert.status, alert.parent_id) == (Status.TRIGGERED, None)
