"""The frame of the three long-running loops: inbox, tick and outbox.

A django-q2 schedule starts a run every minute; a run looks whenever the doorbell rings, when the
work said it would be due, and at the latest every second. After its minute it asks for a successor
and ends as soon as the successor has claimed the heartbeat, so the loop never pauses. Whoever
finds the heartbeat stale may claim it: that is how the watchdog does a dead loop's work.

Overlapping runs are safe: safety comes from row locks, leases and fences, never from being alone.
A run survives the loss of the database. One whose work keeps failing shows no heartbeat, so that
others take over and the house says that it is ill. With every heartbeat a run asks whether the
database still belongs to this version of the code (`fence`) and to this installation (`identity`).
"""

import ctypes
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from django.db import Error, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from alertops import clock, doorbell, fence

logger = logging.getLogger(__name__)
_libc = ctypes.CDLL(None)

LOOK = 1.0
"""Seconds: the longest a loop ever sleeps."""
BEAT = 0.5
"""Seconds between heartbeats."""
LEAVING = 0.05
"""The same for a run that waits for its successor: two that work at once hinder each other."""
STALE = 5.0
"""Seconds after which a loop counts as dead and somebody else must do its work."""
OVERTIME = 20.0
"""Seconds a run goes on waiting for its successor before it leaves the loop to the watchdog."""
RESTLESS = frozenset({"inbox"})
"""The loops that go on while the database is held: what comes in is still taken."""
# Statements are planned once per run, perhaps over empty tables: every one of them has its index,
# and must use it when a minute later there are a hundred thousand rows.
_SESSION = """
SET statement_timeout = '5s'; SET lock_timeout = '3s';
SET idle_in_transaction_session_timeout = '3s';
SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off
"""
Work = Callable[[datetime], datetime | None]
"""One look at `now`. Returns when it wants to look again (`now`: at once), None: no wish."""


@dataclass
class _Run:
    name: str
    seconds: float
    run_id: str = field(default_factory=lambda: secrets.token_hex(8))
    work_count: int = 0
    claimed: bool = False
    asked: bool = False
    """It has had its time and waits for its successor."""
    held: bool = False
    in_need: bool = False
    """It runs although the database belongs to another version, which is silent."""
    failing: bool = False
    beaten: float = 0.0
    bell: psycopg.Connection[tuple[object, ...]] | None = None


class _Superseded(Exception):
    """Another run holds the heartbeat, or another version of the code the database."""


def run(
    name: str,
    work: Work,
    *,
    seconds: float = 60.0,
    hand_over: Callable[[], object] | None = None,
    stop: Callable[[], bool] = lambda: False,
    yielding: bool = False,
) -> int:
    """Look again and again for about `seconds`; return how often.

    Returns at once (0) while a living run holds the loop. `hand_over` asks for a successor;
    without it the run just ends. `stop` is asked between two looks. A `yielding` run (the
    watchdog's) gives the loop up to anybody who wants it.
    """
    this = _Run(name, 0.0 if yielding else seconds)
    ends = time.monotonic() + seconds
    back_off = 0.1
    try:
        while not stop():
            try:
                due = _look(this, work)
                back_off = 0.1
                if time.monotonic() > ends:
                    if hand_over is None or time.monotonic() > ends + OVERTIME:
                        break
                    if not this.asked:
                        hand_over()
                        this.asked = True
                _sleep(this, due)
            except (Error, psycopg.Error, OSError) as error:
                logger.warning("Loop %s lost the database: %s", name, type(error).__name__)
                this.failing = this.claimed
                _drop(this)
                if time.monotonic() > ends + (OVERTIME if hand_over else 0.0):
                    break
                time.sleep(back_off)
                back_off = min(back_off * 2, 2.0)
    except _Superseded:
        pass
    finally:
        _drop(this)
        _give_back()
    return this.work_count


def _give_back() -> None:
    """Return what the run needed at its busiest to the machine: the next turn is another worker's,
    and without this every worker in the end keeps the most that any loop ever needed."""
    if hasattr(_libc, "malloc_trim"):
        _libc.malloc_trim(0)


def age(name: str) -> float | None:
    """Seconds since the loop's last heartbeat, by the database's clock; None: never seen.

    One from the future, of before that clock was set back, is as old as it is far.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT abs(extract(epoch FROM clock_timestamp() - beat_at))::float8"
            " FROM alertops_loopbeat WHERE name = %s",
            [name],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def silence() -> None:
    """Take the loops that others run on this host for dead: they have just been killed, and nobody
    needs to wait until that is seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alertops_loopbeat"
            " SET beat_at = clock_timestamp() - %s * interval '1 second', ends_at = beat_at"
            " WHERE host = %s AND pid NOT IN (0, %s)",
            [STALE, socket.gethostname(), os.getpid()],
        )


# One statement decides who holds the loop: it can be claimed when its heartbeat is stale (or, where
# the clock was set back, of the future) or its run has had its time. Code of another version than
# the database's may do so only where the rightful one has been silent for long (`fence`), and then
# gives way at once.
_HOUSE = """
WITH house AS (
    SELECT coalesce(max(engine_version), %(engine)s) AS version,
        coalesce(max(engine_version) = %(engine)s, true) AS is_ours,
        coalesce(bool_or(held_at IS NOT NULL), false) AS held,
        clock_timestamp() - %(patience)s * interval '1 second' AS long_ago,
        max(engine_since) AS since
    FROM alertops_house
)
"""
_CLAIM = f"""{_HOUSE}
INSERT INTO alertops_loopbeat AS b (name, beat_at, ends_at, run_id, host, pid, work_count,
    engine_version)
SELECT %(name)s, clock_timestamp(),
    clock_timestamp() + CASE WHEN is_ours THEN %(seconds)s ELSE 0 END * interval '1 second',
    %(run_id)s, %(host)s, %(pid)s, 0, %(engine)s
FROM house
WHERE is_ours OR (since < long_ago AND EXISTS (SELECT FROM alertops_loopbeat WHERE name = %(name)s))
ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at, ends_at = excluded.ends_at,
    run_id = excluded.run_id, host = excluded.host, pid = excluded.pid, work_count = 0,
    engine_version = excluded.engine_version
WHERE (b.ends_at <= clock_timestamp()
        OR b.beat_at < clock_timestamp() - %(stale)s * interval '1 second'
        OR b.beat_at > clock_timestamp() + %(stale)s * interval '1 second')
    AND (SELECT is_ours OR b.engine_version <> version OR b.beat_at < long_ago FROM house)
RETURNING (SELECT held FROM house), (SELECT is_ours FROM house)
"""  # noqa: S608 - all of it is written here
_BEAT = f"""{_HOUSE}
UPDATE alertops_loopbeat b SET beat_at = clock_timestamp(), work_count = %(count)s
FROM house
WHERE b.name = %(name)s AND b.run_id = %(run_id)s AND (is_ours OR %(in_need)s)
RETURNING held, is_ours
"""  # noqa: S608


def _beat(this: _Run) -> None:
    """Show a sign of life, or claim the loop with the first one. Raises _Superseded."""
    values: dict[str, str | int | float | bool] = {
        "name": this.name,
        "seconds": this.seconds,
        "run_id": this.run_id,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "stale": STALE / 2,
        "count": this.work_count,
        "engine": fence.ENGINE,
        "patience": fence.PATIENCE,
        "in_need": this.in_need,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEAT if this.claimed else _CLAIM, values)
        row = cursor.fetchone()
    if row is None:
        raise _Superseded
    this.claimed, this.held, this.beaten = True, row[0], time.monotonic()
    if not row[1] and not this.in_need:
        this.in_need = True
        logger.critical("Loop %s: %s", this.name, fence.IN_NEED)


def _look(this: _Run, work: Work) -> float:
    """Do one look and return the seconds it may sleep."""
    if this.bell is None:
        this.bell = _listen(this.name)
    rested = time.monotonic() - this.beaten
    if not this.failing and (not this.claimed or rested >= (LEAVING if this.asked else BEAT)):
        _beat(this)
    now = clock.db_now()
    due = None if this.held and this.name not in RESTLESS else work(now)
    if this.failing:
        this.failing = False
        _beat(this)
    this.work_count += 1
    return LOOK if due is None else min(LOOK, max(0.0, (due - now) / timedelta(seconds=1)))


def _sleep(this: _Run, seconds: float) -> None:
    """Wait for the doorbell, `seconds` at most; what rang before is taken as one ring."""
    if this.bell is None:
        return
    for _ in this.bell.notifies(timeout=min(seconds, BEAT), stop_after=1):
        pass


def _listen(name: str) -> psycopg.Connection[tuple[object, ...]]:
    conn = doorbell.connect()
    conn.execute(f'LISTEN "{doorbell.PREFIX}{name}"')
    set_session()
    return conn


def is_lost() -> bool:
    """Whether this thread has lost the database: then its loop comes back, and no row is to blame
    for what has just failed."""
    return connection.connection is None or bool(connection.connection.broken)


def set_session() -> None:
    """Put this thread's connections under the limits of the loops, now and after a reconnect."""
    _thread.is_limited = True
    if connection.connection is not None:
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)


_thread = threading.local()


def limit(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Receiver: a loop that connects anew is under its limits at once. Pages have their own."""
    if getattr(_thread, "is_limited", False):
        with connection.cursor() as cursor:
            cursor.execute(_SESSION)


def _drop(this: _Run) -> None:
    """Close every connection of this thread: after a lost database none can be trusted."""
    _thread.is_limited = False
    if this.bell is not None:
        with suppress(psycopg.Error, OSError):
            this.bell.close()
        this.bell = None
    connections.close_all()
