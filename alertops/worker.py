"""The clockwork: a django-q2 cluster; what it is not trusted with stands in docs/adr/0003."""

import os
import time
from contextlib import suppress
from pathlib import Path

from django.db import Error, connections
from django_q.cluster import Cluster

from alertops import clock, clockwork, fence, lifeline

NICE = 5
"""How far the cluster steps back where everybody wants the machine (docs/adr/0010): in a flood,
storing comes before working off, for what was answered 202 cannot be lost and what waits can."""


def main() -> None:
    """Run the cluster until a stop signal; returns when its sentinel ends, for whatever reason.

    A cluster of another version than the database's would take tasks away from those that may.

    The loops are asked for at once, because the scheduler may take half a minute. Without a
    database the watchdog does their work until the cluster gets going.
    """
    step_back()
    while _is_fenced() and not lifeline.closing():
        time.sleep(1.0)
    with suppress(Error):
        clockwork.ensure_schedules(clock.now())
        clockwork.clear_queue()
        clockwork.start_loops()
    connections.close_all()
    cluster = Cluster()
    cluster.start()
    if cluster.sentinel is not None:
        cluster.sentinel.join()


def step_back() -> None:
    """Let the door and the database go first, where there is not enough of the machine for all.

    The cluster leads a session of its own, and on most desktops and servers Linux shares the
    machine out among sessions: then it heeds only the session's number, elsewhere only our own.
    """
    os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICE), encoding="ascii")


def _is_fenced() -> bool:
    with suppress(Error):
        return bool(fence.sentence())
    return False
