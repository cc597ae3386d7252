"""What was accepted pages somebody, however routes, groups, maintenance and time fall together."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import User
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert
from alerts.states import Status, Verb
from escalation.models import Notification
from groups.models import Group, Topic
from integrations import actions as changes
from integrations import actions_heartbeats as beats
from integrations import heartbeats, maintenance, mapping, store
from integrations.models import EventOutcome, Heartbeat, InboundEvent, Integration, Route
from integrations.states import AtEnd, Pulse
from tests import builders
from tests.conftest import Clock, Phones
from tests.integrations.conftest import Send, make_integration, work_off
from tests.integrations.test_maintenance import ONLY_TEST, window

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    maintenance.forget()


@pytest.fixture
def payments(alice: User) -> Group:
    return builders.group("Payments", primary=(alice,))


@pytest.fixture
def search(bob: User) -> Group:
    return builders.group("Search", primary=(bob,))


def fire(send: Send, integration: Integration, key: str = "a", **more: object) -> None:
    send(integration, {"title": f"{key} is broken", "dedup_key": key, "severity": "high", **more})


def route(integration: Integration, field: str, value: str, **fields: object) -> Route:
    conditions = [{"field": field, "operator": "equals", "value": value}]
    made = Route(integration=integration, name=value, conditions=conditions, **fields)
    made.full_clean()
    made.save()
    return made


def alert(key: str = "a") -> Alert:
    return Alert.objects.get(dedup_key=key)


# One key, several events at once.


def test_an_alert_is_as_bad_as_the_worst_event_of_its_first_batch(
    integration: Integration, search: Group, send: Send, clock: Clock, phones: Phones
) -> None:
    """One by one they would open a quiet alert and raise it; at once it must not stay quiet."""
    route(integration, "severity", "critical", group=search)
    fire(send, integration, severity="info")
    fire(send, integration, severity="critical")
    fire(send, integration, severity="low")
    clock.look()
    assert phones.take() == ["bob"]
    assert (alert().severity, alert().event_count) == ("critical", 3)
    words = EventOutcome.objects.order_by("event_id").values_list("outcome", flat=True)
    assert list(words) == ["appended", "created", "appended"]


def test_what_waits_to_be_paged_waits_no_longer_once_it_is_worse(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    route(integration, "severity", "medium", wait_seconds=600)
    fire(send, integration, severity="medium")
    clock.forward(seconds=10)
    fire(send, integration, severity="medium")
    clock.forward(seconds=10)
    assert phones.take() == []
    fire(send, integration, severity="critical")
    clock.look()
    assert phones.take() == ["alice"]


# Groups.


def test_what_another_team_is_paged_about_hides_nothing_from_this_one(
    integration: Integration, search: Group, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.filter(pk=integration.pk).update(group_by=[], group_seconds=600)
    route(integration, "labels.team", "search", group=search)
    fire(send, integration, "a")
    fire(send, integration, "b", labels={"team": "search"})
    fire(send, integration, "c", labels={"team": "search"})
    clock.look()
    assert sorted(phones.take()) == ["alice", "bob"]


def test_a_route_by_topic_groups_for_each_team_by_itself(
    integration: Integration, search: Group, send: Send, clock: Clock, phones: Phones
) -> None:
    Topic.objects.create(group=search, name="search")
    route(integration, "severity", "high", by_topic=True, group_seconds=600)
    fire(send, integration, "a")
    fire(send, integration, "b", tags=["search"])
    clock.look()
    assert sorted(phones.take()) == ["alice", "bob"]


def test_when_the_leader_recovers_nobody_hides_behind_one_that_is_in_hand(
    integration: Integration, alice: User, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.filter(pk=integration.pk).update(group_by=[], group_seconds=600)
    for key in "abc":
        fire(send, integration, key)
    clock.look()
    assert phones.take() == ["alice"]
    actions.apply(Verb.ACKNOWLEDGE, alert("b").pk, Move(actor=alice, now=clock.now()))
    fire(send, integration, "a", status="resolved")
    clock.look()
    assert phones.take() == ["alice"], "c is in nobody's hands"
    assert alert("b").parent_id == alert("c").pk


def test_when_the_leader_recovers_nobody_hides_behind_one_that_is_held_back(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.filter(pk=integration.pk).update(group_by=[], group_seconds=600)
    for key, stage in (("a", "test"), ("b", "test"), ("c", "live")):
        fire(send, integration, key, labels={"stage": stage})
    clock.look()
    assert phones.take() == ["alice"]
    window(clock, integration, conditions=ONLY_TEST)
    clock.forward(seconds=1)
    clock.forward(seconds=1)
    assert [alert(key).suppressed for key in "abc"] == [True, True, False]
    fire(send, integration, "a", status="resolved")
    clock.look()
    assert phones.take() == ["alice"], "c is under no maintenance"


def test_what_became_loud_while_it_was_held_back_follows_no_quiet_one_afterwards(
    integration: Integration, send: Send, clock: Clock
) -> None:
    Integration.objects.filter(pk=integration.pk).update(group_by=[], group_seconds=0)
    fire(send, integration, "a", severity="info")
    fire(send, integration, "b", severity="info")
    clock.look()
    assert alert("b").parent_id == alert("a").pk
    window(clock, integration, hours=0.5)
    clock.forward(seconds=1)
    clock.forward(seconds=1)
    fire(send, integration, "b", severity="critical")
    clock.look()
    assert alert("b").suppressed
    assert alert("b").parent_id is None
    clock.forward(minutes=30)
    clock.forward(seconds=1)
    assert alert("b").wake == "step"
    assert Notification.objects.filter(alert=alert("b"), urgency="high").exists()


def test_what_became_loud_in_somebodys_hands_expires_by_itself(
    integration: Integration, alice: User, send: Send, clock: Clock, phones: Phones
) -> None:
    policy = builders.policy({"target": "primary"}, acknowledgement_timeout_seconds=600)
    Integration.objects.filter(pk=integration.pk).update(
        group_by=[], group_seconds=0, policy=policy
    )
    fire(send, integration, "a", severity="info")
    fire(send, integration, "b", severity="info")
    clock.look()
    actions.apply(Verb.ACKNOWLEDGE, alert("a").pk, Move(actor=alice, now=clock.now()))
    clock.look()
    fire(send, integration, "b", severity="critical")
    clock.look()
    assert (alert("b").status, alert("b").parent_id) == (Status.ACKNOWLEDGED, None)
    clock.forward(minutes=11)
    assert alert("b").status == Status.TRIGGERED


# What is put aside, and tried again behind what came later.


@pytest.mark.parametrize("word", ["resolved", "acknowledged"])
def test_a_late_word_silences_nothing_that_has_fired_again(
    integration: Integration, send: Send, clock: Clock, phones: Phones, word: str
) -> None:
    fire(send, integration)
    clock.look()
    phones.take()
    fire(send, integration, status=word)
    again = clock.now() + timedelta(seconds=5)
    InboundEvent.objects.filter(processed_at=None).update(attempts=1, next_try_at=again)
    fire(send, integration)
    clock.look()
    clock.forward(seconds=6)
    assert alert().status == Status.TRIGGERED
    late = InboundEvent.objects.order_by("pk")[1]
    assert late.processed_at is not None
    assert (late.outcome, late.detail) == ("ignored", "It has fired again since.")


def test_a_late_recovery_still_resolves_what_has_not_fired_since(
    integration: Integration, send: Send, clock: Clock
) -> None:
    fire(send, integration)
    clock.look()
    fire(send, integration, status="resolved")
    InboundEvent.objects.filter(processed_at=None).update(attempts=2)
    work_off()
    assert alert().status == Status.RESOLVED


# Heartbeats.


def test_a_dead_heartbeat_is_not_forgotten_with_the_window_that_closed_its_alert(
    payments: Group, clock: Clock, phones: Phones
) -> None:
    """A source repeats what still fires; a job that is dead says nothing ever again."""
    made = Heartbeat(name="backup", group=payments, period_seconds=300)
    beat = beats.save(made, actor=None, now=clock.now())
    heartbeats.watch(clock.now())
    heartbeats.ping("backup", clock.now())
    window(clock, groups=[payments], at_end=AtEnd.DISCARD)

    def listen(minutes: int) -> None:
        for _ in range(minutes * 12):
            clock.forward(seconds=5)
            heartbeats.watch(clock.now())
            clock.look()

    listen(10)
    beat.refresh_from_db()
    assert beat.state == Pulse.DOWN
    assert Alert.objects.get().suppressed
    listen(51)
    assert phones.take() == []
    assert Alert.objects.get().status == Status.RESOLVED
    listen(8)
    assert phones.take() == ["alice"]
    heartbeats.ping("backup", clock.now())
    assert not Alert.objects.open().exists()


# The door.


@pytest.mark.django_db(transaction=True)
def test_a_database_that_only_reads_asks_the_sender_to_come_back(
    integration: Integration, send: Send
) -> None:
    """As after a failover: connections that were good are those of a reader now."""
    name = connection.ops.quote_name(connection.settings_dict["NAME"])

    def only_reads(state: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}")

    only_reads("on")
    try:
        answer = send(integration, {"title": "x"})
        assert answer.status_code == 503
        assert answer["Retry-After"]
    finally:
        only_reads("off")
    assert send(integration, {"title": "x"}).status_code == 202  # by a connection made anew
    assert store._pools
    assert InboundEvent.objects.count() == 1


# What is changed by people.


@pytest.mark.parametrize(
    "expression",
    [
        "labels[?name=='id'].value",
        "join('/', [to_string(host), to_string(check)])",
        "[host, check]",
        "{host: host}",
        "status == 'ok'",
    ],
)
def test_a_mapping_that_finds_nothing_is_no_key_for_everything(
    expression: str, payments: Group, send: Send, clock: Clock, phones: Phones
) -> None:
    integration = make_integration(payments, mapping={"dedup_key": expression})
    for title in ("one", "two"):
        send(integration, {"title": title, "labels": [], "status": "firing"})
        clock.look()
        assert phones.take() == ["alice"]
        actions.apply(Verb.ACKNOWLEDGE, Alert.objects.latest("pk").pk, Move(None, clock.now()))


def test_a_list_of_one_is_what_is_in_it(payments: Group, send: Send, clock: Clock) -> None:
    expression = "labels[?name=='severity'].value"
    integration = make_integration(
        payments, mapping={"severity": expression}, default_severity="info"
    )
    send(integration, {"title": "x", "labels": [{"name": "severity", "value": "critical"}]})
    clock.look()
    assert Alert.objects.get().severity == "critical"


def test_what_pages_now_does_not_follow_what_waits_by_its_route(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.filter(pk=integration.pk).update(group_seconds=600)
    route(integration, "slow", "yes", wait_seconds=3600)
    fire(send, integration, "slow", slow="yes")
    clock.look()
    assert phones.take() == []
    fire(send, integration, "now")
    clock.look()
    assert phones.take() == ["alice"]


def test_what_pages_now_does_not_follow_what_flaps(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    Integration.objects.filter(pk=integration.pk).update(
        group_seconds=60, flap_count=2, flap_seconds=900
    )
    for _ in range(2):
        fire(send, integration, "a")
        clock.look()
        fire(send, integration, "a", status="resolved")
        clock.look()
        assert phones.take() == ["alice"]
        clock.forward(seconds=61)
    fire(send, integration, "a")
    clock.look()
    assert phones.take() == []
    fire(send, integration, "b")
    clock.look()
    assert phones.take() == ["alice"]


def test_an_integration_that_has_just_been_sent_something_is_not_removed(
    integration: Integration, send: Send, clock: Clock, phones: Phones
) -> None:
    fire(send, integration)
    with pytest.raises(changes.NotAllowed, match="has just been sent something"):
        changes.delete_integration(integration, actor=None, now=clock.now())
    clock.look()
    assert phones.take() == ["alice"]


def test_what_is_too_much_for_one_body_is_told_again_after_an_hour(
    integration: Integration, send: Send, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapping, "ITEMS", 2)
    for hour in ("08", "08", "09"):
        send(integration, [{"title": f"{n}", "dedup_key": f"{n}"} for n in range(3)])
        InboundEvent.objects.waiting().update(received_at=f"2026-03-02T{hour}:10:00Z")
        clock.look()
    told = Alert.objects.filter(title__startswith="One event carried 3 alerts").order_by("pk")
    assert list(told.values_list("event_count", flat=True)) == [2, 1]
