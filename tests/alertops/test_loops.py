"""The loops' frame: who holds a loop, handing over, rescue, and the loss of the database."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from alertops import clockwork, doorbell, lifeline, loops, process_groups
from alertops.models import LoopBeat
from alertops.watchdog import Watchdog
from integrations.outbound import sender

pytestmark = pytest.mark.django_db(transaction=True)


class Work:
    """Counts its looks; ends the run after `most`."""

    def __init__(self, most: int = 3) -> None:
        self.looks, self.most = 0, most

    def __call__(self, now: datetime) -> datetime | None:
        self.looks += 1
        return now

    def done(self) -> bool:
        return self.looks >= self.most


def test_a_second_starter_goes_home_while_a_run_holds_the_loop() -> None:
    first, second = Work(), Work()
    assert loops.run("test", first, stop=first.done) == 3
    assert loops.run("test", second, stop=second.done) == 0
    assert second.looks == 0


def test_a_stale_loop_can_be_claimed_by_anybody() -> None:
    first, second = Work(), Work()
    loops.run("test", first, stop=first.done)
    LoopBeat.objects.update(beat_at=LoopBeat.objects.get().beat_at - timedelta(seconds=10))
    assert loops.run("test", second, stop=second.done) == 3


def test_a_dead_loop_is_claimed_although_the_clock_was_set_back() -> None:
    first, second = Work(), Work()
    loops.run("test", first, stop=first.done)
    beat = LoopBeat.objects.get()
    hour = timedelta(hours=1)
    LoopBeat.objects.update(beat_at=beat.beat_at + hour, ends_at=beat.ends_at + hour)
    assert (loops.age("test") or 0) > loops.STALE
    assert loops.run("test", second, stop=second.done) == 3


def test_a_run_of_the_watchdog_gives_way_at_once() -> None:
    rescue, cluster = Work(), Work()
    loops.run("test", rescue, stop=rescue.done, yielding=True)
    assert loops.run("test", cluster, stop=cluster.done) == 3


def test_a_run_that_has_had_its_time_asks_for_a_successor_and_ends_when_it_has_claimed() -> None:
    asked: list[threading.Thread] = []

    def successor() -> None:
        work = Work(5)
        loops.run("test", work, stop=work.done)
        connections.close_all()

    def hand_over() -> None:
        thread = threading.Thread(target=successor)
        asked.append(thread)
        thread.start()

    began = time.monotonic()
    loops.run("test", lambda now: None, seconds=0.2, hand_over=hand_over)
    assert time.monotonic() - began < 10
    assert len(asked) == 1
    asked[0].join(10)


def test_the_bell_wakes_a_loop_that_sleeps() -> None:
    woken = threading.Event()
    looks: list[float] = []

    def work(now: datetime) -> datetime | None:
        looks.append(time.monotonic())
        if len(looks) >= 2:
            woken.set()
        return None

    thread = threading.Thread(
        target=lambda: (loops.run("test", work, stop=woken.is_set), connections.close_all())
    )
    thread.start()
    while not looks:
        time.sleep(0.005)
    time.sleep(0.05)
    doorbell.ring("test")
    assert woken.wait(0.4), "the loop slept through the bell"
    thread.join(10)


def test_a_loop_survives_the_loss_of_its_database() -> None:
    work = Work(4)

    def interrupted(now: datetime) -> datetime | None:
        work(now)
        if work.looks == 2:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return now

    assert loops.run("test", interrupted, stop=work.done) >= 3


def patience() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        return str(cursor.fetchone()[0])


def test_a_loop_that_freezes_in_a_transaction_loses_it_even_after_a_reconnect() -> None:
    connection.close()
    usual = patience()
    seen: list[str] = []

    def work(now: datetime) -> datetime:
        connection.close()
        seen.append(patience())
        return now

    loops.run("test", work, stop=lambda: len(seen) == 2)
    assert seen == ["3s", "3s"]
    assert patience() == usual != "3s"


def test_the_cluster_is_asked_to_take_a_silent_loop_back(tmp_path: Path) -> None:
    """A run whose one statement took too long is gone; the cluster is well, and is not killed."""
    watchdog = Watchdog(tmp_path)
    watchdog.look()
    asked = [SignedPackage.loads(task.payload)["func"] for task in OrmQ.objects.all()]
    lifeline.announce_closing()
    try:
        for rescue in watchdog._rescues.values():
            rescue.join(10)
    finally:
        lifeline.open_again()
    assert [getattr(one, "__name__", one) for one in asked[:3]] == ["inbox", "tick", "outbox"]


def test_when_the_watchdog_kills_the_cluster_its_loops_count_as_silent_at_once(
    tmp_path: Path,
) -> None:
    cluster = subprocess.Popen(["sleep", "60"], start_new_session=True)
    process_groups.record(tmp_path, "worker", cluster.pid)
    for name in ("inbox", "tick", "outbox"):
        loops.run(name, (work := Work()), stop=work.done)
    loops.run("elsewhere", (work := Work()), stop=work.done)
    LoopBeat.objects.exclude(name="elsewhere").update(pid=cluster.pid)
    LoopBeat.objects.filter(name="elsewhere").update(pid=cluster.pid, host="another-host")
    LoopBeat.objects.filter(name="outbox").update(pid=os.getpid())  # the watchdog's own
    watchdog = Watchdog(tmp_path)
    watchdog._restart_cluster("test", time.monotonic() + 60)
    assert not process_groups.is_alive(cluster.pid)
    cluster.wait(5)
    silent = {
        name for name in ("inbox", "tick", "outbox", "elsewhere")
        if (loops.age(name) or 0.0) >= loops.STALE
    }  # fmt: skip
    assert silent == {"inbox", "tick"}
    successor = Work()
    assert loops.run("tick", successor, stop=successor.done) == 3


def test_the_watchdog_does_the_work_of_a_silent_loop(tmp_path: Path) -> None:
    watchdog = Watchdog(tmp_path)
    watchdog.look()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        ages = {name: loops.age(name) for name in ("inbox", "tick", "outbox")}
        if all(age is not None and age < 5 for age in ages.values()):
            break
        time.sleep(0.05)
    assert all(age is not None for age in ages.values()), ages
    lifeline.announce_closing()
    try:
        for rescue in watchdog._rescues.values():
            rescue.join(10)
    finally:
        lifeline.open_again()


def test_the_watchdog_asks_for_the_outbound_loop_where_it_has_just_died(tmp_path: Path) -> None:
    """It is nobody's page: nothing is done for it here, and where it ended long ago it may rest."""

    def asked(seconds: float) -> int:
        OrmQ.objects.all().delete()
        once = Work(1)
        LoopBeat.objects.filter(name=sender.LOOP).delete()
        loops.run(sender.LOOP, once, stop=once.done)
        beat = LoopBeat.objects.get(name=sender.LOOP).beat_at - timedelta(seconds=seconds)
        LoopBeat.objects.filter(name=sender.LOOP).update(beat_at=beat)
        watchdog = Watchdog(tmp_path)
        for _ in range(3):
            watchdog._ask_for(*clockwork.LOOPING[0], time.monotonic())
        return sum("tell_other_tools" in task.task["args"] for task in OrmQ.objects.all())

    assert [asked(seconds) for seconds in (1, 6, 30, 90)] == [0, 1, 1, 0]
