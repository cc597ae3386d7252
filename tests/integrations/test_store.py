"""The pool that stores events, against real connections."""

import os
import threading
import time
from datetime import UTC, datetime

import pytest
from django.db import Error, connection, transaction
from django.test import Client
from psycopg_pool import ConnectionPool

from groups.models import Group
from integrations import excess, limits, store
from integrations.keys import key_hash
from integrations.models import InboundEvent, Integration
from tests.integrations.conftest import Send, make_integration


@pytest.mark.django_db(transaction=True)
def test_events_are_stored_through_a_pool_of_their_own(
    integration: Integration, send: Send
) -> None:
    assert send(integration, {"title": "x"}).status_code == 202
    assert InboundEvent.objects.count() == 1
    assert os.getpid() in store._pools


@pytest.mark.django_db(transaction=True)
def test_a_database_restart_costs_no_event(integration: Integration, send: Send) -> None:
    assert send(integration, {"title": "before"}).status_code == 202
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert send(integration, {"title": "after"}).status_code == 202
    assert InboundEvent.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/integrations/{key}/", "/v2/enqueue"])
def test_without_a_database_the_sender_is_asked_to_come_back(
    integration: Integration, client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WAIT", 0.2)
    nowhere = ConnectionPool(
        "host=127.0.0.1 port=1", min_size=0, max_size=1, timeout=0.2, open=True
    )
    store._pools[os.getpid()] = nowhere
    body = (
        b'{"routing_key": "%s", "event_action": "trigger", "payload":'
        b' {"summary": "x", "source": "y", "severity": "info"}}'
    ) % integration.key.encode()
    began = time.monotonic()
    answer = client.generic("POST", path.format(key=integration.key), body)
    assert answer.status_code == 503
    assert answer.json() == {"error": "The event could not be stored; send it again."}
    assert answer["Retry-After"]
    assert time.monotonic() - began < 5
    assert not InboundEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_threads_share_the_pool(payments: Group) -> None:
    integration = make_integration(payments)
    codes: list[int] = []

    def deliver() -> None:
        client = Client()
        for _ in range(10):
            answer = client.generic("POST", f"/integrations/{integration.key}/", b'{"title":"x"}')
            codes.append(answer.status_code)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [202] * 80
    assert InboundEvent.objects.count() == 80


@pytest.mark.django_db(transaction=True)
def test_a_forked_child_opens_its_own_pool(integration: Integration, send: Send) -> None:
    assert send(integration, {"title": "parent"}).status_code == 202
    connection.close()
    pid = os.fork()
    if pid == 0:
        try:
            parcel = store.Parcel(key_hash(integration.key), b"child")
            os._exit(0 if store.store(parcel) else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert send(integration, {"title": "parent again"}).status_code == 202
    assert InboundEvent.objects.count() == 3


def test_a_bucket_refills_and_tells_of_a_storm_now_and_then() -> None:
    bucket = limits.Bucket(rate=2.0, burst=4.0, level=4.0, filled_at=0.0)
    assert [bucket.take(0.0) for _ in range(6)] == [True] * 4 + [False] * 2
    assert bucket.wait() == 1
    assert [bucket.refuse(at) for at in (0.0, 30.0, 59.0)] == [1, 0, 0]
    assert bucket.refuse(61.0) == 3  # those of the first minute and this one
    assert bucket.refuse(70.0) == 0
    assert bucket.refuse(300.0) == 2
    assert [bucket.take(1.0) for _ in range(3)] == [True, True, False]


def test_every_refusal_is_counted_within_seconds(payments: Group, send: Send) -> None:
    small = make_integration(payments, name="Small", burst=1, rate_per_minute=1)
    while send(small, {"title": "x"}).status_code == 202:
        pass
    assert refusals(small) == 1
    store.count_refusals()
    assert refusals(small) == 1
    for _ in range(20):
        assert send(small, {"title": "x"}).status_code == 429
    store.count_refusals()
    assert refusals(small) == 21


def refusals(integration: Integration) -> int:
    now = datetime.now(UTC)
    return excess.of([integration.pk], now)[integration.pk].refused


def test_a_count_that_could_not_be_written_down_is_not_lost(payments: Group, send: Send) -> None:
    small = make_integration(payments, name="Small", burst=1, rate_per_minute=1)
    while send(small, {"title": "x"}).status_code == 202:
        pass
    assert send(small, {"title": "x"}).status_code == 429
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = nowhere")
        with pytest.raises(Error):
            store.count_refusals()
        transaction.set_rollback(True)
    store.count_refusals()
    assert refusals(small) == 2


def test_a_storm_whose_sign_could_not_be_kept_is_told_by_the_next_refusal() -> None:
    buckets = limits.Buckets()
    buckets.learn("k", 1, per_minute=1, burst=1, shares=1, at=0.0)
    assert buckets.ask("k", 1.0) == (59, 1)
    buckets.untold("k", 1)
    assert buckets.turn_away("k", 2.0) == 0
    assert buckets.ask("k", 2.0) == (58, 2)
    buckets.told("k", 7)
    assert buckets.turn_away("k", 3.0) == 57
    rest = buckets.rest()
    assert [(one.sign, one.refused) for one in rest] == [(7, 1)]
    buckets.told("k", 8)
    buckets.give_back(rest)
    assert [(one.sign, one.refused) for one in buckets.rest()] == [(8, 1)]
    assert buckets.rest() == []


def test_limits_are_shared_out_among_the_web_processes() -> None:
    buckets = limits.Buckets()
    assert buckets.ask("k", 0.0) == (0, 0)
    buckets.learn("k", 1, per_minute=120, burst=10, shares=2, at=0.0)
    taken = 0
    while buckets.ask("k", 0.0) == (0, 0):
        taken += 1
    assert taken == 4  # five of ten, the first was taken before the limits were known
    buckets.learn("k", 1, per_minute=6000, burst=2000, shares=2, at=0.0)
    assert buckets.ask("k", 1.0) == (0, 0)
