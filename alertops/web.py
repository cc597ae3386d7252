"""The web server: granian, two processes of a few threads, HTTP/1.1 only."""

import logging
import multiprocessing
import os
import re
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import Error, connection

from alertops import clock, lifeline
from integrations import store

logger = logging.getLogger(__name__)
HEADER_BYTES = 32 * 1024
HEADER_MILLISECONDS = 10_000
MOST_THREADS = 64  # most of them only ever wait for a body; see `bodies`
IDLE_THREAD_SECONDS = 60
SESSION = "-c statement_timeout=20s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"

SWITCH = 0.0005
"""Seconds a thread may compute while others want to. With Python's own 5 ms a request that has come
back from the database waits for every thread of a flood in turn."""
LIVE_EVERY = 2.0
_LIVE = """
INSERT INTO alertops_loopbeat AS b (name, beat_at, ends_at, run_id, host, pid, work_count)
VALUES ('web', clock_timestamp(), clock_timestamp(), '', '', 0, 0)
ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at
WHERE b.beat_at < excluded.beat_at
"""


def main() -> None:
    """Serve until a stop signal."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    hide_secrets()
    multiprocessing.set_start_method("fork", force=True)  # workers share what is already loaded
    server = Server(
        "alertops.wsgi:application",
        address=address(),
        port=settings.PORT,
        interface=Interfaces.WSGI,
        workers=settings.WEB_WORKERS,
        blocking_threads=MOST_THREADS,
        blocking_threads_idle_timeout=IDLE_THREAD_SECONDS,
        runtime_threads=1,
        runtime_blocking_threads=1,
        backlog=2048,
        backpressure=1024,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES
        ),
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,  # paths carry keys
        log_dictconfig=_logging(),
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=4,
        process_name="alertops web",
    )
    server.serve(target_loader=_application, wrap_loader=False)


def hide_secrets() -> None:
    """Forget the environment's secrets, which the settings have read: granian copies what is left
    into every request."""
    for name in list(os.environ):
        if re.search("KEY|SECRET|TOKEN|PASSWORD|DATABASE_URL|_SID", name):
            del os.environ[name]


def _application() -> Any:
    """Run in each web process after it was forked."""
    from alertops.wsgi import application

    sys.setswitchinterval(SWITCH)
    share_connections()
    threading.Thread(target=_live, name="sign-of-life", daemon=True).start()
    return application


def _live() -> None:
    """Write down every other second that this process takes requests: what comes in while no
    process does is missed, and nobody else may be blamed for it."""
    while not lifeline.closing():
        with suppress(Error, OSError):
            with connection.cursor() as cursor:
                cursor.execute(_LIVE)
            clock.db_now()  # puts this process's clock right
            connection.close()
        _count_refusals()
        time.sleep(LIVE_EVERY)


def _count_refusals() -> None:
    """Whatever goes wrong with a count is said, and is not worth this process's sign of life."""
    try:
        store.count_refusals()
    except store.Unavailable:
        pass  # it has said so, and counts them later
    except Exception:
        logger.exception("Refused events could not be counted")


def share_connections() -> None:
    """Let the threads of this process share a few database connections, none of them for long.

    A page that takes longer than SESSION allows is given up: it may not hold up the next ones.
    """
    entry = connection.settings_dict
    options = entry["OPTIONS"]
    options["options"] = f"{SESSION} {options.get('options', '')}".strip()
    options["pool"] = {
        "min_size": 1,
        "max_size": settings.WEB_THREADS + 1,
        "timeout": 3,
        "reconnect_timeout": 2,  # then the next request tries at once, not a backing-off thread
    }
    entry["CONN_MAX_AGE"] = 0  # back into the pool after each request


def _logging() -> dict[str, Any]:
    """Our own logging, word for word: granian lays its configuration over everything."""
    loggers = {**settings.LOGGING["loggers"], "_granian": {"level": "ERROR", "propagate": True}}
    return {**settings.LOGGING, "loggers": loggers}


def address() -> str:
    """Return the address to listen at: HOST, or everything the machine has."""
    if settings.HOST:
        return str(settings.HOST)
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::", 0))
            both = probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 0
    except OSError:
        return "0.0.0.0"  # noqa: S104 - a server listens
    return "::" if both else "0.0.0.0"  # noqa: S104


def port_is_free() -> bool:
    """Say whether nobody serves PORT yet. Without this, two servers would share it unnoticed."""
    host = address()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, settings.PORT))
        except OSError:
            return False
    return True
