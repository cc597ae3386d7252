"""The pager for the pager: a small process that does the loops' work when they stop.

Every second it looks at the heartbeats; a loop silent for five seconds is run right here, and the
cluster is asked to take it back. One that does not is killed and started again, and until it is up
its other loops are run here as well.
Where the clock was set back, it has all that waits brought nearer (`set_back`).
A chore that is a loop is nobody's page: where it died it is only asked for again.
Every fifteen seconds it asks what must never be true (reliability §3.2), all by index. Only when
all of it is well does it ping the dead-man address, so that silence calls somebody from outside.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import Error, connection, connections
from django_q.models import OrmQ
from django_q.tasks import async_task

from alertops import (
    clockwork,
    fence,
    lifeline,
    loops,
    operators,
    process_groups,
    self_test,
    set_back,
    vitals,
)
from alertops.clockwork import Loop

logger = logging.getLogger(__name__)

LOOK = 1.0
PATIENCE = 10.0
"""Seconds between two looks after which the supervisor takes the watchdog for stuck. It may hang
with a loop in its hands, and nobody else would do that loop's work."""
START_GRACE = 6.0
"""Seconds a starting house has before anybody counts as silent."""
RESTART_AFTER = 10.0
"""Seconds a loop stays in our hands before the cluster is started again."""
RESTART_REST = 40.0
CANARY_EVERY = 20.0
CANARY_SILENCE = 70.0
MINUTE = 60.0

house_opened = float("-inf")
"""When the house was started (monotonic). A watchdog started later, in place of one that died,
gives no grace: the loops may have died with it."""


class Watchdog:
    """One process's watch. `run_dir` holds the supervisor's pid files."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._rescues: dict[str, threading.Thread] = {}
        self._since: dict[str, float] = {}
        self._restarted = time.monotonic()
        self._canary_sent = 0.0
        self._asked: dict[str, float] = {}
        self._checked = time.monotonic()
        self._examiner = vitals.Examiner()
        self._tester = self_test.Tester()
        self._fenced = ""
        self._in_need = False

    def look(self) -> None:
        """One round."""
        now = time.monotonic()
        self._keep_the_fence(fence.sentence())
        for loop in clockwork.LOOPS:
            self._watch(loop, now)
        if self._fenced:
            return
        self._watch_canary(now)
        set_back.look(clockwork.WAITING)
        for name, task in clockwork.LOOPING:
            self._ask_for(name, task, now)
        self._tester.look()
        if now - self._checked >= vitals.EVERY:
            self._checked = now
            self._examiner.examine()

    def _watch(self, loop: Loop, now: float) -> None:
        rescue = self._rescues.get(loop.name)
        if rescue is not None and rescue.is_alive():
            if now - self._since[loop.name] > RESTART_AFTER and not self._fenced:
                self._restart_cluster(f"loop {loop.name} is not run by the cluster", now)
            return
        age = loops.age(loop.name)
        if age is not None and age < loops.STALE:
            self._since.pop(loop.name, None)
            return
        if not self._fenced:
            logger.error("Loop %s is silent; the watchdog does its work", loop.name)
        elif age is not None and age > fence.PATIENCE and not self._in_need:
            self._in_need = True  # before that it is refused
            operators.tell(f"AlertOps: {fence.IN_NEED}")
        rescue = threading.Thread(target=_rescue, args=(loop,), name=f"rescue-{loop.name}")
        rescue.daemon = True
        self._rescues[loop.name] = rescue
        self._since.setdefault(loop.name, now)
        rescue.start()
        self._ask_back(loop)

    def _ask_back(self, loop: Loop) -> None:
        """A cluster that is alive has lost nothing but this run: it need not be killed for it, nor
        be waited for until its scheduler comes by."""
        if not self._fenced:
            with suppress(Error):
                async_task(loop.task)

    def _keep_the_fence(self, reason: str) -> None:
        """Where the database belongs to another version, our cluster would take its tasks away."""
        if reason and self._fenced != reason:
            logger.error(reason)
            process_groups.kill(self._run_dir, "worker")  # a new one waits until it may
        self._fenced, self._in_need = reason, bool(reason) and self._in_need

    def _watch_canary(self, now: float) -> None:
        """A task every 20 s through the full path: taken, run, and removed from the queue."""
        if now - self._canary_sent < CANARY_EVERY:
            return
        self._canary_sent = now
        age = loops.age("canary")
        stuck = OrmQ.objects.count() > 60
        if stuck or (age is not None and age > CANARY_SILENCE):
            self._restart_cluster("the cluster does not finish its tasks", now)
        async_task(clockwork.canary)

    def _ask_for(self, name: str, task: Callable[[], object], now: float) -> None:
        """Ask for a run of a chore's loop where one has just died: its schedule comes round once a
        minute. Where it ended because there is nothing to do, that does no harm."""
        age = loops.age(name)
        if age is None or not loops.STALE <= age < MINUTE:
            return
        if now - self._asked.get(name, float("-inf")) < loops.STALE:
            return
        self._asked[name] = now
        logger.warning("Loop %s is silent; asking for it", name)
        async_task(clockwork.chore, task.__name__)

    def _restart_cluster(self, why: str, now: float) -> None:
        if now - self._restarted < RESTART_REST:
            return
        self._restarted = now
        with suppress(Error):
            clockwork.clear_queue()
        if process_groups.kill(self._run_dir, "worker"):
            logger.error("Started the cluster again: %s", why)
            with suppress(Error):
                loops.silence()


def _rescue(loop: Loop) -> None:
    try:
        loop.rescue(lifeline.closing)
    except Exception:
        logger.exception("Rescuing loop %s failed", loop.name)
    finally:
        connections.close_all()


def main() -> None:
    """Watch until the house closes. Nothing that happens to the database ends it."""
    watchdog = Watchdog(settings.VAR_DIR / "run")
    while not lifeline.closing() and time.monotonic() < house_opened + START_GRACE:
        lifeline.beat()
        time.sleep(0.2)
    while not lifeline.closing():
        lifeline.beat()
        try:
            watchdog.look()
        except (Error, psycopg.Error) as error:
            logger.warning("The watchdog lost the database: %s", type(error).__name__)
            connection.close()
        except Exception:  # the last process that may stop
            logger.exception("The watchdog stumbled")
        time.sleep(LOOK)


__all__ = ["Watchdog", "main"]
