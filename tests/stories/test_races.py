"""Races with real concurrent connections. Nothing is sent after a committed acknowledgement."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from accounts.models import User
from alertops import clock
from alerts import actions
from alerts.actions import Move, Signal, open_alerts
from alerts.models import Alert, AlertEvent, Source
from alerts.states import Kind, Verb
from escalation import engine
from escalation.dispatch import Dispatcher
from escalation.models import Notification
from escalation.states import State
from groups.models import Group
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS, PER_ROUND = 20, 50
GONE_OR_GOING = {State.SENDING, State.ACCEPTED, State.UNKNOWN, State.DELIVERED}


def together(*works: Callable[[], object]) -> None:
    """Run all at once, each on a connection of its own; raise what any of them raised."""
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            barrier.wait(60)
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if errors:
        raise errors[0]


def people(count: int) -> Group:
    """A group whose primaries have no cap to run into: e-mail only, several of them."""
    everyone = tuple(builders.person(f"P{n}", channels=("email",)) for n in range(count))
    policy = builders.policy({"target": "primary", "wait_seconds": 1}, repeat=20)
    return builders.group(primary=everyone, policy=policy)


def test_acknowledging_a_thousand_alerts_against_the_engine_and_the_senders() -> None:
    group = people(1)
    group.members.get().user.contact_methods.update(kind="apprise")  # has no cap
    source = Source.objects.create(name="Load")
    dispatcher = Dispatcher(senders=4)
    at_commit: dict[int, set[int]] = {}

    def acknowledge(ids: list[int]) -> Callable[[], None]:
        def work() -> None:
            for pk in ids:
                actions.apply(Verb.ACKNOWLEDGE, pk, Move(actor=None, now=clock.now()))
                rows = Notification.objects.filter(alert=pk, state__in=GONE_OR_GOING)
                at_commit[pk] = set(rows.values_list("pk", flat=True))

        return work

    def page() -> None:
        for later in range(6):  # a round each
            now = clock.db_now() + timedelta(seconds=later)
            engine.tick(now)
            dispatcher.work(now)

    for number in range(ROUNDS):
        signals = [
            Signal(source.pk, f"{number}-{n}", "trigger", "Load", group_id=group.pk)
            for n in range(PER_ROUND)
        ]
        ids = [outcome.alert_id or 0 for outcome in open_alerts(signals, now=clock.db_now())]
        random.Random(number).shuffle(ids)
        together(page, acknowledge(ids[::2]), acknowledge(ids[1::2]))
    engine.tick(clock.db_now())
    dispatcher.work(clock.db_now())
    dispatcher.close()

    sent = Notification.objects.filter(accepted_at__isnull=False)
    sent_late = [row.key for row in sent if row.pk not in at_commit[row.alert_id]]
    assert len(at_commit) == ROUNDS * PER_ROUND
    assert sent_late == []
    assert not Alert.objects.exclude(status="acknowledged").exists()
    assert sent.exists()


def test_six_simultaneous_signals_open_one_alert(alice: User) -> None:
    group = builders.group(primary=(alice,))
    source = Source.objects.create(name="Prometheus")
    signal = Signal(source.pk, "disk", "trigger", "Disk full", group_id=group.pk)
    together(*[lambda: open_alerts([signal], now=clock.now())] * 6)
    alert = Alert.objects.get()
    assert alert.event_count == 6
    assert AlertEvent.objects.filter(kind=Kind.OPENED).count() == 1


def test_of_two_simultaneous_signals_the_more_severe_one_counts(alice: User) -> None:
    group = builders.group(primary=(alice,))
    source = Source.objects.create(name="Prometheus")
    opened = threading.Event()

    def signal(severity: str) -> None:
        one = Signal(source.pk, "disk", "trigger", "Disk", severity=severity, group_id=group.pk)
        open_alerts([one], now=clock.now())

    def quiet() -> None:
        with transaction.atomic():
            signal("info")
            opened.set()
            time.sleep(0.5)  # until the other waits for this transaction

    def loud() -> None:
        opened.wait(30)
        signal("critical")

    together(quiet, loud)
    alert = Alert.objects.get()
    assert (alert.severity, alert.event_count) == ("critical", 2)


def test_two_engines_queue_every_step_once(alice: User) -> None:
    group = people(1)
    source = Source.objects.create(name="Load")
    signals = [Signal(source.pk, str(n), "trigger", "Load", group_id=group.pk) for n in range(300)]
    open_alerts(signals, now=clock.db_now())
    group.escalation_policy.policy.levels.update(wait_seconds=600)
    now = clock.db_now()
    together(*[lambda: engine.tick(now)] * 3)
    assert Notification.objects.count() == 300


def test_two_people_acknowledging_at_once_agree_on_the_first(alice: User, bob: User) -> None:
    alert = builders.alert(builders.group(primary=(alice, bob)))
    moves = [Move(actor=who, now=clock.now()) for who in (alice, bob)]
    together(*[lambda move=move: actions.apply(Verb.ACKNOWLEDGE, alert.pk, move) for move in moves])
    alert.refresh_from_db()
    assert alert.acknowledged_by == alert.assignee
    assert AlertEvent.objects.filter(alert=alert, kind=Kind.ACKNOWLEDGED).count() == 2


def test_a_signal_that_arrives_while_somebody_resolves_is_never_swallowed(alice: User) -> None:
    group = builders.group(primary=(alice,))
    source = Source.objects.create(name="Prometheus")
    signal = Signal(source.pk, "disk", "trigger", "Disk full", group_id=group.pk)
    answers: list[str] = []
    for _ in range(50):
        [opened] = open_alerts([signal], now=clock.now())
        before = Alert.objects.count()
        answers.clear()
        together(
            lambda: answers.extend(o.outcome for o in open_alerts([signal], now=clock.now())),
            lambda pk=opened.alert_id: actions.apply(
                Verb.RESOLVE, pk, Move(actor=alice, now=clock.now())
            ),
        )
        opened_anew = Alert.objects.count() - before
        assert (answers, opened_anew) in ((["appended"], 0), (["created"], 1))
        Alert.objects.open().update(
            status="resolved", resolved_at=clock.now(), wake_at=None, snoozed_until=None
        )


def test_the_database_itself_refuses_a_silent_alert(alice: User) -> None:
    from django.db import IntegrityError

    alert = builders.alert(builders.group(primary=(alice,)))
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("UPDATE alerts_alert SET wake_at = NULL WHERE id = %s", [alert.pk])
