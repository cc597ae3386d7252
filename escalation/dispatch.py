"""The dispatcher: claims notifications, hands them to sender threads, settles what comes back.

One pool of threads per channel, so that a provider that hangs cannot delay the others
(bulkhead). Claims are committed before any I/O and results are settled in batches after it.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import psycopg
from django.conf import settings
from django.db import (
    Error,
    InterfaceError,
    OperationalError,
    connection,
    connections,
    transaction,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.channels import SENDABLE
from alertops import clock, doorbell, loops
from alerts import wakes
from alerts.states import Kind
from alerts.timeline import Fact, record
from escalation import caps, outbox
from escalation.consequences import settle
from escalation.models import Circuit
from escalation.outbox import Claimed
from escalation.sending import Sent, send
from escalation.sweep import judge, prove, sweep, tidy, unproved

logger = logging.getLogger(__name__)

SWEEP_EVERY = 1.0
TIDY_SHARE = 20
"""Tidying rests so many times as long as it took: it costs as much as there is waiting."""
BEHIND = timedelta(seconds=1)
STORM = 1000
"""So many alerts overdue by BEHIND are a storm, and the engine goes first."""
YIELD = 15.0
"""Seconds of a storm in which FEW senders a channel work, the others leave the machine to the
engine: what is queued together leaves in the right order. Longer, and pages would wait for it."""
FEW = 4
BREATH = 0.1
"""Seconds between two claims then: together, because one claim costs as much as many."""
GATHER = 0.02
"""Seconds to wait for more free senders before the next claim of a backlog."""
ASKED_WITHIN = 15.0
"""Seconds a proof may wait for others to be asked for. Then the provider hangs, and whoever waits
behind it is reached by the next method without asking."""
RECONNECT = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)


class Dispatcher:
    """Sends what is due. Make one per run; `close` lets what is under way finish."""

    def __init__(self, senders: int | None = None) -> None:
        self._size = senders or settings.ESCALATION_SENDERS
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._connections: list[BaseDatabaseWrapper] = []
        self._free = dict.fromkeys(SENDABLE, self._size)
        self._lock = threading.Lock()
        self._freed = threading.Condition(self._lock)
        self._finished: queue.SimpleQueue[Sent | None] = queue.SimpleQueue()
        self._settler: threading.Thread | None = None
        self._swept = self._tidied = float("-inf")
        self._rest = 0.0
        self._down: set[str] = set()
        self._storm_began: float | None = None
        self._claimed = float("-inf")
        self._asked: set[int] = set()
        """Whose proof is being asked for."""

    def work(self, now: datetime) -> datetime | None:
        """One look: sweep when it is time, claim what free senders can take, hand it over."""
        if time.monotonic() - self._swept >= SWEEP_EVERY:
            self._sweep(now)
        if self._yields() and time.monotonic() - self._claimed < BREATH:
            return now + timedelta(seconds=BREATH)
        free = self._capacity()
        if not free:
            return None  # whoever is free first rings
        self._claimed = time.monotonic()
        claimed = outbox.claim(now, free)
        may, over = caps.split(claimed, now)
        if over:
            _hold_back(over, now)
        for one in may:
            self._hand_over(one)
        taken = Counter(one.channel for one in claimed)
        full = [channel for channel, count in free.items() if taken[channel] == count]
        return now if full and self._some_are_free(full) else None

    def _sweep(self, now: datetime) -> None:
        """Once a second: what only time does, and what the next second is like."""
        self._swept = time.monotonic()
        sweep(now)
        self._down = set(
            Circuit.objects.filter(open_until__gt=now).values_list("channel", flat=True)
        )
        self._ask_for_proof(now)
        if not wakes.is_behind(now, by=BEHIND, most=STORM):
            self._storm_began = None
        elif self._storm_began is None:
            self._storm_began = self._swept
        began = time.monotonic()
        if began - self._tidied >= self._rest and not self._yields():
            tidy(now)
            self._tidied = time.monotonic()
            self._rest = min((self._tidied - began) * TIDY_SHARE, 60.0)

    def _yields(self) -> bool:
        """Whether a storm has just begun."""
        began = self._storm_began
        return began is not None and time.monotonic() - began < YIELD

    def _some_are_free(self, channels: list[str]) -> bool:
        """Where more is waiting than could be claimed: let a few senders become free, for one
        claim costs as much as many. Short, because the other channels wait as well."""

        enough = self._size if self._yields() else self._size // 4

        def most() -> int:
            return max(self._free[channel] for channel in channels)

        with self._freed:
            self._freed.wait_for(lambda: most() >= enough, GATHER)
            return most() > 0

    def close(self, timeout: float = 12.0) -> None:
        """Take nothing new; wait for the senders, then settle the last results."""
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        for mine in self._connections:
            mine.close()
        if self._settler is not None:
            self._finished.put(None)
            self._settler.join(timeout)

    def _capacity(self) -> dict[str, int]:
        """Free senders per channel; a channel whose circuit is open gets one, to try it."""
        kept = max(0, self._size - FEW) if self._yields() else 0
        with self._lock:
            return {
                channel: min(free - kept, 1) if channel in self._down else free - kept
                for channel, free in self._free.items()
                if free > kept
            }

    def _hand_over(self, claimed: Claimed) -> None:
        with self._lock:
            self._free[claimed.channel] -= 1
            pool = self._pool(f"send-{claimed.channel}", self._size)
            if self._settler is None:
                self._settler = threading.Thread(target=self._settle, name="settle", daemon=True)
                self._settler.start()
        pool.submit(self._send, claimed)

    def _pool(self, name: str, size: int) -> ThreadPoolExecutor:
        if name not in self._pools:
            self._pools[name] = ThreadPoolExecutor(size, name, initializer=self._adopt)
        return self._pools[name]

    def _adopt(self) -> None:
        """A sender's connection outlives its thread unless whoever closes the pool closes it.

        A sender that freezes in a transaction loses it, like every loop: its locks would keep
        others from taking over what it had in its hands.
        """
        loops.set_session()
        mine = connections["default"]
        mine.inc_thread_sharing()
        self._connections.append(mine)

    def _send(self, claimed: Claimed) -> None:
        try:
            self._finished.put(_send_patiently(claimed))
        except (Error, psycopg.Error):
            logger.warning("Lost the database before sending %s", claimed.key)
            _close_connection()  # the lease brings it back
        finally:
            with self._lock:
                self._free[claimed.channel] += 1
                starved = self._free[claimed.channel] in (1, self._size)
                self._freed.notify()
            if starved:
                doorbell.ring("outbox")  # more may be waiting for exactly this sender

    def _settle(self) -> None:
        """The one thread that writes results: whatever has come in meanwhile, together."""
        loops.set_session()
        while (first := self._finished.get()) is not None:
            batch, last = [first], False
            with suppress(queue.Empty):
                while len(batch) < 200:
                    more = self._finished.get_nowait()
                    if more is None:
                        last = True
                        break
                    batch.append(more)
            _write(batch)
            if last:
                break
        connections.close_all()

    def _ask_for_proof(self, now: datetime) -> None:
        for asked in unproved(now):
            if asked[0] not in self._asked:
                self._asked.add(asked[0])
                pool = self._pool(f"proof-{asked[1]}", 4)
                pool.submit(self._prove, *asked, time.monotonic())

    def _prove(self, notification_id: int, channel: str, provider_id: str, since: float) -> None:
        try:
            is_late = time.monotonic() - since > ASKED_WITHIN
            seen = None if is_late else prove(notification_id, channel, provider_id)
            judge(notification_id, seen, clock.db_now())
        except (Error, psycopg.Error):
            logger.warning("Lost the database while proving notification %s", notification_id)
            _close_connection()
        finally:
            self._asked.discard(notification_id)


def _send_patiently(claimed: Claimed) -> Sent:
    """Send; over a restart of the database, try again while the lease surely holds."""
    for pause in RECONNECT:
        try:
            return send(claimed)
        except (Error, psycopg.Error):
            _close_connection()
            time.sleep(pause)
    return send(claimed)


def _write(batch: list[Sent]) -> None:
    """Store results; a database that is away is waited for, because these are facts."""
    deadline = time.monotonic() + outbox.lease().total_seconds()
    back_off = 0.1
    while True:
        try:
            settle(batch, clock.db_now())
            return
        except Exception as error:  # whatever one result is like, the others are written
            of_database = isinstance(error, (Error, psycopg.Error))
            if of_database:
                _close_connection()
            if len(batch) > 1 and not _is_connection_error(error):
                for one in batch:
                    _write([one])
                return
            if time.monotonic() > deadline or not of_database:
                logger.exception("Results are lost; the provider will be asked")
                return
            time.sleep(back_off)
            back_off = min(back_off * 2, 2.0)


def _is_connection_error(error: Exception) -> bool:
    return isinstance(error, (OperationalError, InterfaceError, psycopg.OperationalError))


@transaction.atomic
def _hold_back(over: caps.Over, now: datetime) -> None:
    """Put back what is over a cap, and with it whatever else waits for the same people."""
    outbox.release(over)
    held = [
        (one.alert_id, one.user_id, one.channel)
        for one, _ in over
        if one.attempts == 1 and one.first_tried_at == now
    ]
    held += caps.hold_back(over, now)
    record(
        Fact(
            alert_id,
            Kind.PAGE_DELAYED,
            now,
            None,
            {"person": user_id, "channel": channel, "why": "cap"},
        )
        for alert_id, user_id, channel in held
    )


def _close_connection() -> None:
    with suppress(Exception):
        connection.close()


def run_once(now: datetime) -> int:
    """Send everything due at `now` in this thread, one after the other; return how many.

    For tests on a movable clock and for one-off commands; the loop keeps a Dispatcher.
    """
    sweep(now)
    tidy(now)
    for notification_id, channel, provider_id in unproved(now):
        judge(notification_id, prove(notification_id, channel, provider_id), now)
    count = 0
    while claimed := outbox.claim(now, dict.fromkeys(SENDABLE, 50)):
        may, over = caps.split(claimed, now)
        if over:
            _hold_back(over, now)
        for one in may:
            settle([send(one)], now)
        count += len(may)
    return count
