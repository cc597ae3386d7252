"""Much at once is paged once, and nothing of it is lost."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from alerts import actions, bundles
from alerts.actions import Move
from alerts.models import Alert, AlertEvent
from alerts.states import Kind, Severity, Status, Verb
from groups.models import Group, Topic
from integrations import calming
from integrations.models import Integration, Route
from tests import builders
from tests.conftest import Clock, Phones
from tests.integrations.conftest import Send

pytestmark = pytest.mark.django_db


@pytest.fixture
def payments(alice: User, bob: User) -> Group:
    policy = builders.policy(
        {"target": "primary", "wait_seconds": 300}, {"target": "secondary", "wait_seconds": 300}
    )
    return builders.group("Payments", primary=(alice,), secondary=(bob,), policy=policy)


def fire(
    send: Send, integration: Integration, key: str, status: str = "firing", **more: object
) -> None:
    send(integration, {"title": f"{key} is broken", "dedup_key": key, "status": status, **more})


def route(integration: Integration, **fields: object) -> Route:
    made = Route(integration=integration, name="a route", **fields)
    made.full_clean()
    made.save()
    return made


def test_alerts_of_one_cluster_page_once(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, group_by=["labels.cluster"], group_seconds=600)
    for number in range(5):
        fire(send, integration, f"a{number}", labels={"cluster": "a"})
    fire(send, integration, "b", labels={"cluster": "b"})
    clock.look()
    assert phones.take() == ["alice", "alice"]
    leader = Alert.objects.get(dedup_key="a0")
    assert leader.children.count() == 4
    clock.forward(minutes=4)
    fire(send, integration, "a9", labels={"cluster": "a"})
    clock.look()
    assert phones.take() == []
    clock.forward(minutes=7)
    phones.take()
    fire(send, integration, "late", labels={"cluster": "a"})
    clock.look()
    assert phones.take() == ["alice"]  # the window is over: a new group


def test_a_loud_alert_never_hides_behind_a_quiet_one(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, group_seconds=600)
    fire(send, integration, "quiet", severity="info")
    fire(send, integration, "loud", severity="critical")
    clock.look()
    assert phones.take() == ["alice", "alice"]
    fire(send, integration, "quiet 2", severity="info")
    clock.look()
    assert phones.take() == []
    fire(send, integration, "quiet 2", severity="critical")
    clock.look()
    assert phones.take() == ["alice"]


def test_acknowledging_the_leader_takes_all_of_it_in_hand(
    integration: Integration, alice: User, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, group_seconds=0)
    for key in ("a", "b", "c"):
        fire(send, integration, key)
    clock.look()
    leader = Alert.objects.get(dedup_key="a")
    actions.apply(Verb.ACKNOWLEDGE, leader.pk, Move(actor=alice, now=clock.now()))
    assert set(Alert.objects.values_list("status", flat=True)) == {Status.ACKNOWLEDGED}
    fire(send, integration, "a", "resolved")
    clock.forward(hours=2)
    assert phones.take() == ["alice"]
    actions.apply(Verb.UNACKNOWLEDGE, Alert.objects.get(dedup_key="b").pk, Move(alice, clock.now()))
    clock.forward(minutes=1)
    assert phones.take() == ["alice"]


def test_when_the_leader_recovers_what_still_fires_is_paged_once(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, group_seconds=0)
    for key in ("a", "b", "c"):
        fire(send, integration, key)
    clock.look()
    assert phones.take() == ["alice"]
    fire(send, integration, "a", "resolved")
    clock.look()
    assert phones.take() == ["alice"]
    heir = Alert.objects.get(dedup_key="b")
    assert (heir.parent, Alert.objects.get(dedup_key="c").parent) == (None, heir)
    fire(send, integration, "c", "resolved")
    fire(send, integration, "b", "resolved")
    clock.forward(hours=1)
    assert phones.take() == []


def test_resolving_the_leader_by_hand_resolves_what_follows_it(
    integration: Integration, alice: User, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, group_seconds=0)
    for key in ("a", "b"):
        fire(send, integration, key)
    clock.look()
    phones.take()
    leader = Alert.objects.get(dedup_key="a")
    actions.apply(Verb.RESOLVE, leader.pk, Move(actor=alice, now=clock.now()))
    assert set(Alert.objects.values_list("status", flat=True)) == {Status.RESOLVED}
    clock.forward(hours=1)
    assert phones.take() == []


def test_one_whose_leader_vanished_is_paged_by_the_engine_itself(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, group_seconds=0)
    for key in ("a", "b"):
        fire(send, integration, key)
    clock.look()
    phones.take()
    Alert.objects.filter(dedup_key="a").update(
        status="resolved", resolved_at=clock.now(), wake_at=None
    )
    clock.forward(minutes=5)
    assert phones.take() == ["alice"]
    assert AlertEvent.objects.filter(kind=Kind.DETACHED).count() == 1


def test_what_flaps_pages_only_when_it_stays(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.update(flap_count=2, flap_seconds=600)
    for _ in range(2):
        fire(send, integration, "disk")
        clock.look()
        fire(send, integration, "disk", "resolved")
        clock.forward(minutes=1)
    assert phones.take() == ["alice", "alice"]
    for _ in range(3):
        fire(send, integration, "disk")
        clock.forward(minutes=1)
        fire(send, integration, "disk", "resolved")
        clock.forward(seconds=10)
    assert phones.take() == []
    fire(send, integration, "disk")
    clock.forward(minutes=9, seconds=59)
    assert phones.take() == []
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]


def test_what_flaps_without_end_pages_from_time_to_time(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.update(flap_count=2, flap_seconds=600)
    for _ in range(30):
        fire(send, integration, "disk")
        clock.forward(seconds=30)
        fire(send, integration, "disk", "resolved")
        clock.forward(seconds=30)
    assert phones.take() == ["alice"] * 4  # at 0:00 and 1:00, then at 11:00 and 21:00
    flapping = AlertEvent.objects.filter(kind=Kind.OPENED, data__has_key="flapping")
    assert flapping.count() == 28


def test_flapping_is_remembered_when_another_process_takes_over(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.update(flap_count=2, flap_seconds=600)
    for _ in range(2):
        fire(send, integration, "disk")
        clock.look()
        calming.forget()
        fire(send, integration, "disk", "resolved")
        clock.forward(minutes=1)
    assert phones.take() == ["alice", "alice"]
    calming.forget()
    fire(send, integration, "disk")
    clock.forward(minutes=1)
    assert phones.take() == []
    assert AlertEvent.objects.filter(kind=Kind.OPENED, data__flapping=2).count() == 1


def test_a_route_may_wait_tag_and_mark_for_an_incident(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, wait_seconds=120, tags=["night"], opens_incident=True)
    fire(send, integration, "a", tags=["db"])
    clock.forward(seconds=119)
    assert phones.take() == []
    clock.forward(seconds=1)
    assert phones.take() == ["alice"]
    alert = Alert.objects.get()
    assert alert.tags == ["db", "night"]
    opened = alert.events.get(kind=Kind.OPENED)
    assert (opened.data["route"], opened.data["incident"]) == ("a route", True)


def test_a_route_sends_by_topic(
    integration: Integration, bob: User, send: Send, clock: Clock, phones: Phones
) -> None:
    ledger = builders.group("Ledger", primary=(bob,))
    Topic.objects.create(group=ledger, name="ledger")
    route(integration, by_topic=True)
    fire(send, integration, "a", tags=["team:Ledger"])
    fire(send, integration, "b", tags=["team:unknown"])
    fire(send, integration, "c", tags=["team: Ledger"])
    clock.look()
    assert dict(Alert.objects.values_list("dedup_key", "group__name")) == {
        "a": "Ledger",
        "c": "Ledger",
        "b": "Payments",
    }


def test_conditions_may_ask_for_a_topic(integration: Integration, send: Send, clock: Clock) -> None:
    conditions = [{"field": "topics", "operator": "equals", "value": "db"}]
    route(integration, conditions=conditions, severity=Severity.LOW)
    fire(send, integration, "a", topic="DB")
    fire(send, integration, "b", tags=["kind:db"])
    fire(send, integration, "c", tags=["dbx"])
    clock.look()
    severities = dict(Alert.objects.values_list("dedup_key", "severity"))
    assert severities == {"a": "low", "b": "low", "c": "critical"}


def test_similar_alerts_are_attached_and_detached_by_hand(
    payments: Group, alice: User, client: Client, clock: Clock, phones: Phones
) -> None:
    one = builders.alert(payments, title="Checkout is slow in Vienna")
    other = builders.alert(payments, title="Checkout is slow in Graz")
    builders.alert(payments, title="Backup failed")
    clock.look()
    phones.take()
    client.force_login(alice)
    page = client.get(f"/alerts/{one.pk}/").content.decode()
    assert f'value="{other.pk}"' in page
    client.post(f"/alerts/{one.pk}/attach/", {"alert": f"#{other.pk}"})
    other.refresh_from_db()
    assert other.parent == one
    assert "Detach" in client.get(f"/alerts/{one.pk}/").content.decode()
    assert "Attached to" in client.get(f"/alerts/{other.pk}/").content.decode()
    clock.forward(minutes=5)
    bob_and_backup = phones.take()
    assert bob_and_backup == ["bob", "bob"]
    client.post(f"/alerts/{other.pk}/detach/")
    clock.look()
    assert phones.take() == ["alice"]


def test_nobody_attaches_what_they_may_not_see(
    payments: Group, alice: User, mallory: User, client: Client, clock: Clock
) -> None:
    private = builders.group("Private", primary=(mallory,), visibility="members")
    ours, theirs = builders.alert(payments), builders.alert(private)
    client.force_login(alice)
    client.post(f"/alerts/{ours.pk}/attach/", {"alert": str(theirs.pk)})
    theirs.refresh_from_db()
    assert theirs.parent is None
    assert client.post(f"/alerts/{theirs.pk}/detach/").status_code == 404
    assert client.get(f"/alerts/{theirs.pk}/bundle/").status_code == 404


@pytest.mark.parametrize("which", ["itself", "resolved", "follower"])
def test_attaching_what_makes_no_sense_is_refused(
    payments: Group, alice: User, clock: Clock, which: str
) -> None:
    one, other, third = (builders.alert(payments) for _ in range(3))
    move = Move(actor=alice, now=clock.now())
    if which == "resolved":
        actions.apply(Verb.RESOLVE, other.pk, move)
    bundles.attach(third.pk, one.pk, actor_id=None, now=clock.now())
    target = {"itself": one.pk, "resolved": other.pk, "follower": third.pk}[which]
    with pytest.raises(actions.NotAllowed):
        bundles.attach(
            one.pk if which != "follower" else other.pk, target, actor_id=None, now=clock.now()
        )


def test_a_leader_that_is_attached_brings_its_followers(payments: Group, clock: Clock) -> None:
    one, other, third = (builders.alert(payments) for _ in range(3))
    bundles.attach(third.pk, other.pk, actor_id=None, now=clock.now())
    bundles.attach(other.pk, one.pk, actor_id=None, now=clock.now() + timedelta(seconds=1))
    assert set(one.children.all()) == {other, third}
