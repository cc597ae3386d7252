"""The clockwork: a django-q2 cluster; what it is not trusted with stands in docs/adr/0003."""

import time
from contextlib import suppress

from django.db import Error, connections
from django_q.cluster import Cluster

from alertops import clock, clockwork, fence, lifeline


def main() -> None:
    """Run the cluster until a stop signal; returns when its sentinel ends, for whatever reason.

    A cluster of another version than the database's would take tasks away from those that may.

    The loops are asked for at once, because the scheduler may take half a minute. Without a
    database the watchdog does their work until the cluster gets going.
    """
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


def _is_fenced() -> bool:
    with suppress(Error):
        return bool(fence.sentence())
    return False
