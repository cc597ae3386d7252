"""PostgreSQL NOTIFY as a doorbell: "look now", never "here is work".

A commit that carries a NOTIFY takes a lock over the whole server, which serialises every commit
of a busy web process. So the bell is rung after the commit, by one thread and on one connection of
its own; rings within a few milliseconds fall together. A ring that is lost costs a second, because
every loop looks once a second anyway.
"""

import atexit
import logging
import os
import threading
import time

import psycopg
from django.db import connection, transaction

logger = logging.getLogger(__name__)

PREFIX = "alertops_"
PAUSE = 0.003
"""Seconds between two rings of one process: a first ring is at once, a thousand a second are not
worth half of the web's CPU."""


class _Ringer(threading.Thread):
    """Rings whatever was asked for since it last looked."""

    def __init__(self) -> None:
        super().__init__(name="doorbell", daemon=True)
        self.pid = os.getpid()
        self._asked: set[str] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._idle = threading.Event()
        self._idle.set()

    def ask(self, name: str) -> None:
        with self._lock:
            self._idle.clear()
            self._asked.add(name)
        self._event.set()

    def settle(self, timeout: float) -> None:
        """Wait until what was asked for has rung, so that an exiting process loses nothing."""
        self._idle.wait(timeout)

    def run(self) -> None:
        conn: psycopg.Connection[tuple[object, ...]] | None = None
        while not self._closed:
            self._event.wait()
            self._event.clear()
            with self._lock:
                names, self._asked = self._asked, set()
            try:
                if conn is None or conn.closed:
                    conn = connect()
                for name in names:
                    conn.execute("SELECT pg_notify(%s, '')", [PREFIX + name])
            except psycopg.Error as error:
                logger.warning("The doorbell did not ring: %s", type(error).__name__)
                conn = None
            with self._lock:
                if not self._asked:
                    self._idle.set()
            time.sleep(PAUSE)  # what is asked for meanwhile falls into one ring
        if conn is not None:
            conn.close()

    def close(self) -> None:
        self._closed = True
        self._event.set()
        self.join(2.0)


_ringer: _Ringer | None = None
_guard = threading.Lock()


def ring(name: str) -> None:
    """Wake the loop `name` on every host, soon and without waiting. Never raises."""
    global _ringer
    if _ringer is None or _ringer.pid != os.getpid() or not _ringer.is_alive():
        with _guard:
            if _ringer is None or _ringer.pid != os.getpid() or not _ringer.is_alive():
                _ringer = _Ringer()
                _ringer.start()
    _ringer.ask(name)


def ring_on_commit(name: str) -> None:
    """Ring after the caller's transaction commits, or now where there is none."""
    transaction.on_commit(lambda: ring(name))


def connect() -> psycopg.Connection[tuple[object, ...]]:
    """Open a raw autocommit connection to our database, outside Django's."""
    params = connection.get_connection_params()
    params.pop("cursor_factory", None)
    params.pop("context", None)
    return psycopg.connect(**params, autocommit=True)


def close() -> None:
    """Let go of the bell's connection; the next ring opens a new one."""
    global _ringer
    if _ringer is not None and _ringer.pid == os.getpid():
        _ringer.close()
    _ringer = None


@atexit.register
def _settle() -> None:
    if _ringer is not None and _ringer.pid == os.getpid():
        _ringer.settle(0.5)
