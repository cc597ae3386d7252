"""From the stored event to the alert: once, in order, whatever happens in between."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from alertops import clock
from alerts.models import Alert
from groups.models import Group
from integrations import calming, inbox, maintenance, reading, replaying, retention
from integrations.models import EventOutcome, InboundEvent, Integration, Route
from integrations.states import Outcome
from tests import builders
from tests.integrations.conftest import Send, make_integration, sent, work_off

pytestmark = pytest.mark.django_db


def test_an_event_that_is_no_alert_is_ignored(payments: Group, send: Send) -> None:
    integration = make_integration(payments, "alertmanager")
    event = sent(send(integration, {"status": "firing", "alerts": []}))
    assert event.outcome == Outcome.IGNORED
    assert event.detail == "It holds nothing that is an alert."
    assert not Alert.objects.exists()


def test_events_keep_their_order_within_a_batch(integration: Integration, send: Send) -> None:
    key = {"title": "x", "dedup_key": "k"}
    for word in ("firing", "resolved", "firing", "ok", "firing", "acknowledged"):
        send(integration, {**key, "status": word})
    work_off()
    told = list(EventOutcome.objects.order_by("event_id").values_list("outcome", flat=True))
    assert told == ["created", "resolved", "created", "resolved", "created", "acknowledged"]
    assert list(Alert.objects.order_by("pk").values_list("status", flat=True)) == [
        "resolved",
        "resolved",
        "acknowledged",
    ]


def test_what_is_not_known_counts_as_the_default_severity(payments: Group, send: Send) -> None:
    integration = make_integration(payments, default_severity="low")
    sent(send(integration, {"title": "a"}))
    event = sent(send(integration, {"title": "b", "severity": "purple"}))
    assert set(Alert.objects.values_list("severity", flat=True)) == {"low"}
    assert event.detail == "severity 'purple' is not known"
    assert make_integration(payments, name="new").default_severity == "critical"


@pytest.fixture
def database(bob: User) -> Group:
    return builders.group("Database", primary=(bob,))


def route(integration: Integration, *conditions: tuple[str, str, str], **fields: object) -> Route:
    made = Route(
        integration=integration,
        position=integration.routes.count(),
        conditions=[
            {"field": field, "operator": operator, "value": value}
            for field, operator, value in conditions
        ],
        **{"name": f"route {integration.routes.count() + 1}", **fields},
    )
    made.full_clean()
    made.save()
    return made


def test_the_first_route_that_fits_wins_and_is_named(
    integration: Integration, send: Send, database: Group, payments: Group, alice: User
) -> None:
    policy = builders.policy({"target": "primary"}, name="Loud")
    route(integration, ("labels.team", "equals", "ledger"), assignee=alice)
    route(
        integration,
        ("labels.team", "equals", "DB"),
        ("title", "regex", "^disk .* full$"),
        group=database,
        policy=policy,
        severity="high",
        name="Database disks",
    )
    route(integration, ("labels.team", "exists", ""), severity="info", name="Any team")
    event = sent(send(integration, {"title": "Disk on db-1 full", "labels": {"team": "db"}}))
    alert = Alert.objects.get()
    assert (alert.group, alert.severity, alert.policy_hint) == (database, "high", policy.pk)
    assert [(o.route.name, o.routed_by) for o in event.outcomes.all()] == [
        ("Database disks", "Database disks")
    ]

    event = sent(send(integration, {"title": "CPU", "labels": {"team": "db"}}))
    assert event.outcomes.get().routed_by == "Any team"
    assert Alert.objects.get(title="CPU").group == payments
    assert Alert.objects.get(title="CPU").severity == "info"

    event = sent(send(integration, {"title": "Memory"}))
    assert event.outcomes.get().routed_by == "integration"
    assert Alert.objects.get(title="Memory").policy_hint is None

    sent(send(integration, {"title": "Ledger", "labels": {"team": "ledger"}}))
    assert Alert.objects.get(title="Ledger").assignee == alice
    assert Alert.objects.get(title="Ledger").group is None


def test_a_routes_policy_goes_before_the_integrations(payments: Group, send: Send) -> None:
    ours = builders.policy({"target": "primary"}, name="Integration's")
    theirs = builders.policy({"target": "primary"}, name="Route's")
    integration = make_integration(payments, policy=ours)
    route(integration, ("title", "starts", "a"), policy=theirs)
    for title in ("a", "b"):
        sent(send(integration, {"title": title}))
    hints = dict(Alert.objects.values_list("title", "policy_hint"))
    assert hints == {"a": theirs.pk, "b": ours.pk}


def test_a_dropped_event_opens_nothing_but_still_resolves(
    integration: Integration, send: Send
) -> None:
    sent(send(integration, {"title": "test", "dedup_key": "k"}))
    route(integration, ("title", "contains", "TEST"), drop=True, name="Tests")
    event = sent(send(integration, {"title": "another test"}))
    assert event.outcome == Outcome.IGNORED
    assert event.outcomes.get().routed_by == "Tests"
    assert Alert.objects.count() == 1
    event = sent(send(integration, {"title": "test", "dedup_key": "k", "status": "ok"}))
    assert event.outcome == Outcome.RESOLVED


def test_a_broken_mapping_falls_back_and_is_flagged(payments: Group, send: Send) -> None:
    integration = make_integration(payments, mapping={"title": "join('/', title)"})
    event = sent(send(integration, {"title": "Disk full"}))
    assert Alert.objects.get().title == "Disk full"
    assert event.detail.startswith("the mapping of title failed")


def test_an_event_that_breaks_the_batch_pages_and_stops_nobody(
    integration: Integration, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = inbox.settle

    def allergic(signals, *, now):  # a fault of the database that no code of ours foresaw
        if any(signal.title == "bad" for signal in signals):
            raise DatabaseError("cannot store this")
        return whole(signals, now=now)

    monkeypatch.setattr(inbox, "settle", allergic)
    for title in ("one", "bad", "two"):
        send(integration, {"title": title})
    now = clock.now()
    for seconds in (0, 2, 4, 10, 20):
        inbox.process(now + timedelta(seconds=seconds))
    titles = set(Alert.objects.values_list("title", flat=True))
    assert titles == {"one", "two", "An event from Our generic could not be read"}
    assert not InboundEvent.objects.waiting().exists()
    poison = InboundEvent.objects.get(outcome=Outcome.ERROR)
    assert poison.attempts == 2
    assert poison.detail == "It failed 3 times."


def test_a_busy_database_is_waited_for_and_is_no_fault_of_the_event(
    integration: Integration, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = inbox.settle, []

    def busy(signals, *, now):  # somebody holds the lock of an alert for a while
        calls.append(now)
        if len(calls) < 8:
            raise OperationalError("canceling statement due to lock timeout")
        return whole(signals, now=now)

    monkeypatch.setattr(inbox, "settle", busy)
    send(integration, {"title": "Disk full"})
    now = clock.now()
    for seconds in range(0, 60, 6):
        inbox.process(now + timedelta(seconds=seconds))
    assert [alert.title for alert in Alert.objects.all()] == ["Disk full"]


def test_code_that_stumbles_over_an_event_still_pages(
    integration: Integration, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*args, **kwargs):
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(reading, "read", stumble)
    event = sent(send(integration, {"title": "Disk full"}))
    assert event.outcome == Outcome.ERROR
    assert "Disk full" in Alert.objects.get().description


def test_a_crash_in_the_middle_leaves_the_events_waiting(
    integration: Integration, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*args):
        raise Killed

    send(integration, {"title": "x"})
    with monkeypatch.context() as during:
        during.setattr(inbox, "_record", kill)
        with pytest.raises(Killed):
            inbox.process(clock.now())
    assert not Alert.objects.exists()
    assert InboundEvent.objects.waiting().count() == 1
    work_off()
    assert Alert.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_the_batch(
    payments: Group, database: Group, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "EACH", 0.0)  # so that what is looked at now and then is in both
    monkeypatch.setattr(replaying, "EACH", 0.0)
    monkeypatch.setattr(calming, "_EACH", 0.0)
    counts = []
    for size in (3, 60):
        integrations = [make_integration(payments, name=f"{size} {n}") for n in range(3)]
        for each in integrations:
            route(each, ("title", "equals", "b"), group=database)
        for number in range(size):
            send(integrations[number % 3], {"title": f"{size}/{number}", "dedup_key": f"{number}"})
        maintenance.forget()
        with CaptureQueriesContext(connection) as queries:
            inbox.process(clock.now())
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


def test_large_bodies_are_taken_a_few_at_a_time(integration: Integration) -> None:
    body = b'{"title": "' + b"x" * 900_000 + b'"}'
    InboundEvent.objects.bulk_create(
        [InboundEvent(integration=integration, body=body) for _ in range(15)]
    )
    with transaction.atomic():
        taken = inbox._claim(clock.now())
    assert len(taken) == 2


def test_last_event_is_remembered_lazily(integration: Integration, send: Send) -> None:
    now = clock.now()
    for seconds, kept in ((0, 0), (5, 0), (11, 11)):
        send(integration, {"title": "x"})
        inbox.process(now + timedelta(seconds=seconds))
        integration.refresh_from_db()
        assert integration.last_event_at == now + timedelta(seconds=kept)


@pytest.mark.django_db(transaction=True)
def test_six_simultaneous_deliveries_are_one_alert(integration: Integration) -> None:
    """Real connections, real threads: each posts and then tries to be the inbox."""
    start = threading.Barrier(6)
    codes: list[int] = []

    def deliver() -> None:
        client = Client()
        start.wait()
        answer = client.generic(
            "POST",
            f"/integrations/{integration.key}/",
            b'{"title": "Disk full", "dedup_key": "k"}',
            content_type="application/json",
        )
        codes.append(answer.status_code)
        inbox.process(clock.now())
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work_off()
    assert codes == [202] * 6
    assert InboundEvent.objects.count() == 6
    alert = Alert.objects.get()
    assert alert.event_count == 6
    outcomes = EventOutcome.objects.values_list("outcome", flat=True)
    assert sorted(outcomes) == ["appended"] * 5 + ["created"]


def test_whoever_comes_behind_a_flood_waits_for_one_batch_of_it(
    payments: Group, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "SHARE", 5)
    loud, calm = (make_integration(payments, name=name) for name in ("loud", "calm"))
    for number in range(12):
        send(loud, {"title": f"{number}", "dedup_key": f"{number}"})
    send(calm, {"title": "mine", "dedup_key": "mine"})
    assert inbox.process(clock.now()) is not None
    assert Alert.objects.filter(source=calm.pk).count() == 1
    assert list(Alert.objects.filter(source=loud.pk).values_list("title", flat=True)) == [
        "4", "3", "2", "1", "0",
    ]  # fmt: skip
    work_off()
    assert Alert.objects.count() == 13


def test_where_windows_cannot_be_looked_after_storms_and_events_are(
    integration: Integration,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(now: object) -> None:
        raise ValueError("a window nobody thought of")

    monkeypatch.setattr(maintenance, "look", stumble)
    calming._memory.looked = before = 0.0
    assert sent(send(integration, {"title": "Disk full"})).processed_at is not None
    assert calming._memory.looked > before
    assert Alert.objects.count() == 1
    assert "integrations" in caplog.text
