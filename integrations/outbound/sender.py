"""The loop of outbound messages: reads the timeline, sends what is due, settles what comes back.

Receivers are waited for in threads that know no database, and no receiver may have more than a few
of them: one that hangs never delays another. Runs far from paging: in a loop of its own, only while
a connection exists, and it steps back while the engine is behind.
"""

from __future__ import annotations

import queue
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from django.conf import settings

from alertops import clock, doorbell
from integrations.models import OutboundConnection, OutboundMessage
from integrations.outbound import reader, retention
from integrations.outbound.delivery import Claimed, Result, deliver
from integrations.outbound.leases import RENEW, Hold
from integrations.outbound.queue import (
    AT_ONCE,
    TROUBLED,
    claim,
    open_connections,
    renew,
    settle,
)
from integrations.outbound.states import UNFINISHED, Progress

LOOP = "outbound"
SENDERS = 64
KEPT_FOR_THE_HEALTHY = SENDERS // 2
"""So many threads wait for no receiver that has failed lately."""
LOOK = 0.5
"""Seconds between two looks at the threads while closing."""


def is_needed() -> bool:
    """Whether anybody is to be told anything."""
    waiting = OutboundMessage.objects.filter(state__in=UNFINISHED, connection__is_active=True)
    return OutboundConnection.objects.filter(is_active=True).exists() or waiting.exists()


class Sender:
    """Make one per run; `close` lets what is under way finish and writes it down."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(SENDERS, "outbound")
        self._held: dict[tuple[int, int], _Held] = {}
        self._finished: queue.SimpleQueue[Result] = queue.SimpleQueue()
        self._renewed = 0.0

    def work(self, now: datetime) -> datetime | None:
        """One look. Returns `now` while there is more to read."""
        began = time.monotonic()
        self._settle()
        self._renew()
        more = reader.read(now)
        for claimed in claim(self._slots(open_connections(now)), now):
            if settings.OUTBOX_ONLY:
                settle(kept(claimed), now)
                continue
            held = self._held[claimed.id, claimed.attempts] = _Held(claimed.connection_id, began)
            self._pool.submit(self._send, claimed, now, held)
        retention.look(now)
        return now if more else None

    def _send(self, claimed: Claimed, now: datetime, held: _Held) -> None:
        self._finished.put(deliver(claimed, now, held.lasts))
        doorbell.ring(LOOP)

    def _settle(self) -> None:
        with suppress(queue.Empty):
            while True:
                result = self._finished.get_nowait()
                try:
                    settle(result, clock.db_now())
                except BaseException:
                    self._finished.put(result)  # the database is away: a fact is not lost
                    raise
                self._held.pop((result.message_id, result.attempts), None)

    def _renew(self) -> None:
        """Keep what the threads work on ours, before anything is claimed that seems abandoned."""
        began = time.monotonic()
        if not self._held or began - self._renewed < RENEW:
            return
        ours = renew(self._held, clock.db_now())
        for key, held in self._held.items():
            if key in ours:
                held.extend(began)
            else:
                held.end()
        self._renewed = began

    def _slots(self, connections: list[OutboundConnection]) -> dict[int, int]:
        """How many messages each connection may be sent now."""
        busy = Counter(held.connection_id for held in self._held.values())
        troubled = {row.pk for row in connections if row.failures >= TROUBLED}
        healthy_free = SENDERS - busy.total()
        troubled_free = min(healthy_free, KEPT_FOR_THE_HEALTHY - sum(busy[pk] for pk in troubled))
        share = max(1, min(AT_ONCE, SENDERS // (2 * max(1, len(connections)))))
        slots: dict[int, int] = {}
        for row in connections:
            most = 1 if row.pk in troubled else share
            free = troubled_free if row.pk in troubled else healthy_free
            count = min(most - busy[row.pk], free)
            if count > 0:
                slots[row.pk] = count
                healthy_free -= count
                troubled_free -= count if row.pk in troubled else 0
        return slots

    def close(self, patience: float = 0.0) -> None:
        """Take nothing new; wait for the threads, then write down the last results.

        After `patience` no further request begins: what takes several goes on in another run.
        """
        self._pool.shutdown(wait=False)
        ends = time.monotonic() + patience
        while self._held:
            with suppress(queue.Empty):
                self._finished.put(self._finished.get(timeout=LOOK))
            self._settle()
            if time.monotonic() > ends:
                for held in self._held.values():
                    held.end()
            else:
                self._renew()


class _Held(Hold):
    """A message in a thread's hands."""

    def __init__(self, connection_id: int, began: float) -> None:
        super().__init__(began)
        self.connection_id = connection_id


def kept(claimed: Claimed) -> Result:
    """Nothing leaves this installation: the message stays here, to be read."""
    return Result(claimed.id, claimed.attempts, Progress.KEPT)


def run_once(now: datetime) -> int:
    """Read and send everything that is due at `now` in this thread; return how many.

    For tests on a movable clock and for one-off commands; the loop keeps a Sender.
    """
    while reader.read(now):
        pass
    count = 0
    while True:
        slots = {row.pk: 1 if row.failures else AT_ONCE for row in open_connections(now)}
        batch = claim(slots, now)
        if not batch:
            return count
        for claimed in batch:
            settle(kept(claimed) if settings.OUTBOX_ONLY else deliver(claimed, now), now)
        count += len(batch)
