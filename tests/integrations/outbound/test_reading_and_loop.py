"""The timeline is read whole whatever commits late, and no receiver delays another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from alertops import clock as the_clock
from alerts import actions
from alerts.actions import Move
from alerts.models import AlertEvent
from alerts.states import Kind, Verb
from groups.models import Group
from integrations.models import OutboundConnection, OutboundCursor, OutboundMessage
from integrations.outbound import queue, reader, retention, sender
from tests import builders
from tests.conftest import Clock
from tests.doubles.webhook import WebhookDouble
from tests.integrations.outbound.conftest import connect, opened, states


def record_in(alert_id: int, written: threading.Event, commit: threading.Event, ok: bool) -> None:
    """Write an event in a transaction of its own, which waits before it ends."""
    try:
        with transaction.atomic():
            AlertEvent.objects.create(
                alert_id=alert_id, kind=Kind.RESOLVED, at=the_clock.now(), data={"note": "late"}
            )
            written.set()
            commit.wait(10)
            if not ok:
                transaction.set_rollback(True)
    finally:
        connections.close_all()


def slow_event(alert_id: int, *, ok: bool) -> tuple[threading.Thread, threading.Event]:
    written, commit = threading.Event(), threading.Event()
    thread = threading.Thread(target=record_in, args=(alert_id, written, commit, ok))
    thread.start()
    assert written.wait(10)
    return thread, commit


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_told_all_the_same(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    connect(receiver.base_url)
    first = opened(payments, "First")
    sender.run_once(clock.now())
    thread, commit = slow_event(first.pk, ok=True)
    opened(payments, "Later")  # a higher number, committed before
    sender.run_once(clock.now())
    clock.forward(minutes=5)  # however long the transaction takes
    sender.run_once(clock.now())
    assert [r.json["event"] for r in receiver.requests] == ["opened", "opened"]
    commit.set()
    thread.join()
    sender.run_once(clock.now())
    assert [r.json["event"] for r in receiver.requests] == ["opened", "opened", "resolved"]
    sender.run_once(clock.now())
    assert len(receiver.requests) == 3


@pytest.mark.django_db(transaction=True)
def test_a_number_that_never_comes_is_forgotten_in_the_end(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    connect(receiver.base_url)
    first = opened(payments, "First")
    sender.run_once(clock.now())
    thread, commit = slow_event(first.pk, ok=False)
    opened(payments, "Later")
    sender.run_once(clock.now())
    commit.set()
    thread.join()
    sender.run_once(clock.now())
    cursor = OutboundCursor.objects.get()
    at, newest = clock.now().timestamp(), max(gap[2] for gap in cursor.gaps)
    reader._advance(cursor, [], [], newest, at + reader.SURE - 1)
    assert cursor.gaps  # too early
    reader._advance(cursor, [], [], newest - 1, at + reader.SURE)
    assert cursor.gaps  # somebody who may still bring it is at work
    reader._advance(cursor, [], [], newest, at + reader.SURE)
    assert cursor.gaps == []


@pytest.mark.django_db(transaction=True)
def test_reading_locks_no_alert_that_the_engine_may_want(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    """The engine skips what is locked: a lock of ours would make a page late."""
    connect(receiver.base_url)
    alert = opened(payments)
    with transaction.atomic():
        reader.read(clock.now())
        assert OutboundMessage.objects.count() == 1
        found: list[int] = []

        def look() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT id FROM alerts_alert FOR UPDATE SKIP LOCKED")
                found.extend(row[0] for row in cursor.fetchall())
            connections.close_all()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join(10)
    assert found == [alert.pk]


@pytest.mark.django_db(transaction=True)
def test_two_senders_tell_everything_once(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    connect(receiver.base_url)
    for number in range(30):
        opened(payments, f"Alert {number}")
    threads = [threading.Thread(target=run_and_close) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sender.run_once(clock.now())
    titles = sorted(request.json["alert"]["title"] for request in receiver.requests)
    assert titles == sorted(f"Alert {number}" for number in range(30))


def run_and_close() -> None:
    try:
        sender.run_once(the_clock.now())
    finally:
        connections.close_all()


@pytest.fixture
def dead() -> Iterator[WebhookDouble]:
    """A receiver that takes connections and never answers."""
    with WebhookDouble(fate="silence") as double:
        yield double


@pytest.mark.django_db(transaction=True)
def test_a_dead_receiver_delays_nobody_else(
    receiver: WebhookDouble, dead: WebhookDouble, payments: Group, settings: Settings
) -> None:
    for number in range(12):
        connect(dead.base_url, name=f"Dead {number}")
    connect(receiver.base_url, name="Alive")
    for number in range(8):
        opened(payments, f"Alert {number}")
    work = sender.Sender()
    began = time.monotonic()
    try:
        while len(receiver.requests) < 8 and time.monotonic() - began < 4:
            work.work(the_clock.now())
            time.sleep(0.02)
        assert len(receiver.requests) == 8
        assert time.monotonic() - began < 4  # the dead ones are waited for longer than this
    finally:
        work.close()
    alive = OutboundConnection.objects.get(name="Alive")
    assert states(alive) == ["sent"] * 8
    assert OutboundConnection.objects.filter(failures__gt=0).count() == 12


@pytest.mark.django_db(transaction=True)
def test_dead_receivers_never_have_all_the_threads(
    dead: WebhookDouble, receiver: WebhookDouble, payments: Group
) -> None:
    links = [connect(dead.base_url, name=f"Dead {number}") for number in range(40)]
    OutboundConnection.objects.update(failures=queue.TROUBLED)
    alive = connect(receiver.base_url, name="Alive")
    for link in links:
        link.refresh_from_db()
    slots = sender.Sender()._slots([alive, *links])
    assert slots[alive.pk] == 1
    assert sum(slots.values()) - 1 == sender.KEPT_FOR_THE_HEALTHY


@pytest.mark.django_db
def test_old_messages_are_forgotten_and_waiting_ones_are_not(
    receiver: WebhookDouble, payments: Group, clock: Clock, settings: Settings
) -> None:
    settings.INBOUND_LOG_DAYS = 30
    receiver.fails = 1
    connect(receiver.base_url)
    opened(payments, "Waits")
    sender.run_once(clock.now())
    OutboundMessage.objects.update(give_up_at=clock.now() + timedelta(days=90))
    opened(payments, "Sent")
    clock.set(clock.now() + timedelta(seconds=2))
    sender.run_once(clock.now())
    clock.set(clock.now() + timedelta(days=31))
    assert retention.forget_old(clock.now()) == 1
    assert OutboundMessage.objects.get().state == "queued"


@pytest.mark.django_db
def test_who_was_told_of_an_alert_hears_its_end_also_in_another_group(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    link = connect(receiver.base_url, group=payments)
    ledger = builders.group("Ledger", primary=(builders.person("Lea"),))
    moved, foreign = opened(payments, "Moved"), opened(ledger, "Foreign")
    reader.read(clock.now())
    actions.apply(Verb.ASSIGN, moved.pk, Move(None, clock.now(), group=ledger))
    for alert in (moved, foreign):
        actions.apply(Verb.NOTE, alert.pk, Move(None, clock.now(), note="Not for everybody"))
        actions.apply(Verb.RESOLVE, alert.pk, Move(None, clock.now()))
    reader.read(clock.now())
    told = OutboundMessage.objects.filter(connection=link).order_by("pk")
    assert list(told.values_list("alert", "kind")) == [
        (moved.pk, "opened"),
        (moved.pk, "resolved"),
    ]


@pytest.mark.django_db
def test_while_the_engine_is_behind_little_is_read(
    receiver: WebhookDouble, payments: Group, clock: Clock
) -> None:
    connect(receiver.base_url)
    for number in range(reader.FEW + 10):
        opened(payments, f"Alert {number}")
    clock.set(clock.now() + timedelta(seconds=5))  # nobody has been paged yet
    assert not reader.read(clock.now())
    assert OutboundMessage.objects.count() == reader.FEW
    assert not reader.read(clock.now())
    assert OutboundMessage.objects.count() == reader.FEW + 10
