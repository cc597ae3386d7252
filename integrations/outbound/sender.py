"""The loop of outbound messages: reads the timeline, sends what is due, settles what comes back.

Receivers are waited for in threads that know no database, and no receiver may have more than a few
of them: one that hangs never delays another. Runs far from paging: in a loop of its own, only while
a connection exists, and it steps back while the engine is behind.
"""

from __future__ import annotations

import queue
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from django.conf import settings

from alertops import clock, doorbell
from integrations.models import OutboundConnection, OutboundMessage
from integrations.outbound import reader, retention
from integrations.outbound.delivery import Claimed, Result, deliver
from integrations.outbound.queue import AT_ONCE, TROUBLED, claim, open_connections, settle
from integrations.outbound.states import UNFINISHED, Progress

LOOP = "outbound"
SENDERS = 64
KEPT_FOR_THE_HEALTHY = SENDERS // 2
"""So many threads wait for no receiver that has failed lately."""


def is_needed() -> bool:
    """Whether anybody is to be told anything."""
    waiting = OutboundMessage.objects.filter(state__in=UNFINISHED, connection__is_active=True)
    return OutboundConnection.objects.filter(is_active=True).exists() or waiting.exists()


class Sender:
    """Make one per run; `close` lets what is under way finish and writes it down."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(SENDERS, "outbound")
        self._busy: Counter[int] = Counter()
        self._owners: dict[int, int] = {}
        self._finished: queue.SimpleQueue[Result] = queue.SimpleQueue()

    def work(self, now: datetime) -> datetime | None:
        """One look. Returns `now` while there is more to read."""
        self._settle()
        more = reader.read(now)
        for claimed in claim(self._slots(open_connections(now)), now):
            if settings.OUTBOX_ONLY:
                settle(kept(claimed), now)
                continue
            self._busy[claimed.connection_id] += 1
            self._owners[claimed.id] = claimed.connection_id
            self._pool.submit(self._send, claimed, now)
        retention.look(now)
        return now if more else None

    def _send(self, claimed: Claimed, now: datetime) -> None:
        self._finished.put(deliver(claimed, now))
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
                self._busy[self._owners.pop(result.message_id, 0)] -= 1

    def _slots(self, connections: list[OutboundConnection]) -> dict[int, int]:
        """How many messages each connection may be sent now."""
        troubled = {row.pk for row in connections if row.failures >= TROUBLED}
        healthy_free = SENDERS - self._busy.total()
        troubled_free = min(
            healthy_free, KEPT_FOR_THE_HEALTHY - sum(self._busy[pk] for pk in troubled)
        )
        share = max(1, min(AT_ONCE, SENDERS // (2 * max(1, len(connections)))))
        slots: dict[int, int] = {}
        for row in connections:
            most = 1 if row.pk in troubled else share
            free = troubled_free if row.pk in troubled else healthy_free
            count = min(most - self._busy[row.pk], free)
            if count > 0:
                slots[row.pk] = count
                healthy_free -= count
                troubled_free -= count if row.pk in troubled else 0
        return slots

    def close(self) -> None:
        """Take nothing new; wait for the threads, then write down the last results."""
        self._pool.shutdown(wait=True)
        self._settle()


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
