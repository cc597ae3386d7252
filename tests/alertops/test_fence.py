"""Only code of the version the database belongs to works the engine."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DataError, connection
from django.test import Client

from alertops import clock, fence, identity, loops, process_groups
from alertops.models import House, LoopBeat
from alertops.watchdog import Watchdog

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def house() -> None:
    fence.claim()
    House.objects.update(engine_version=fence.ENGINE, held_at=None, held_reason="")


def theirs(version: int, *, for_long: bool = False) -> None:
    """The database belongs to that version, and perhaps nobody has been seen for long."""
    now = clock.db_now()
    since = now - timedelta(seconds=fence.PATIENCE + 1) if for_long else now
    House.objects.update(engine_version=version, engine_since=since)
    if for_long:
        LoopBeat.objects.all().delete()
        LoopBeat.objects.create(
            name="test",
            beat_at=since,
            ends_at=since,
            run_id="theirs",
            host="h",
            pid=1,
            engine_version=version,
        )


@pytest.mark.parametrize("version", [fence.ENGINE - 1, fence.ENGINE + 1])
def test_older_and_newer_code_starts_no_loop(version: int) -> None:
    theirs(version)
    looks: list[datetime] = []
    assert loops.run("test", lambda now: looks.append(now), seconds=0.5) == 0
    assert not looks
    assert not LoopBeat.objects.exists()


def test_a_running_loop_of_older_code_ends_within_a_heartbeat() -> None:
    looks: list[float] = []

    def work(now: datetime) -> datetime:
        looks.append(time.monotonic())
        if len(looks) == 3:
            theirs(fence.ENGINE + 1)
        time.sleep(0.02)
        return now

    loops.run("test", work, seconds=30)
    assert looks[-1] - looks[2] < 2 * loops.BEAT


@pytest.mark.parametrize("version", [fence.ENGINE - 1, fence.ENGINE + 1])
def test_where_the_rightful_version_is_silent_for_long_the_other_pages_in_its_place(
    version: int, caplog: pytest.LogCaptureFixture
) -> None:
    theirs(version, for_long=True)
    looks: list[datetime] = []
    loops.run("test", lambda now: looks.append(now), seconds=1.2)
    assert len(looks) >= 2
    assert loops.run("test", lambda now: looks.append(now), seconds=0) == 1, "and goes on so"
    said = [record for record in caplog.records if "shows no sign of life" in record.getMessage()]
    assert len(said) == 2


def test_it_waits_while_the_rightful_version_may_still_be_starting() -> None:
    theirs(fence.ENGINE + 1, for_long=True)
    House.objects.update(engine_since=clock.db_now())
    assert loops.run("test", lambda now: None, seconds=0) == 0
    theirs(fence.ENGINE + 1, for_long=True)
    LoopBeat.objects.update(beat_at=clock.db_now() - timedelta(seconds=fence.PATIENCE - 5))
    assert loops.run("test", lambda now: None, seconds=0) == 0


def test_a_helper_in_need_gives_way_to_the_rightful_version_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs(fence.ENGINE + 1, for_long=True)
    rightful: list[int] = []

    def work(now: datetime) -> datetime:
        if not rightful:  # the other release comes up while we work in its place
            monkeypatch.setattr(fence, "ENGINE", fence.ENGINE + 1)
            rightful.append(loops.run("test", lambda now: None, seconds=0))
            monkeypatch.undo()
        return now

    began = time.monotonic()
    loops.run("test", work, seconds=30)
    assert rightful == [1]
    assert time.monotonic() - began < 2 * loops.BEAT + 1


def test_a_later_version_keeps_the_database_when_an_older_one_migrates() -> None:
    theirs(fence.ENGINE + 5)
    fence.claim()
    assert fence.version() == fence.ENGINE + 5
    theirs(fence.ENGINE - 1)
    fence.claim()
    assert fence.version() == fence.ENGINE


def test_migrating_claims_the_database_and_draws_its_token_once() -> None:
    House.objects.all().delete()
    call_command("migrate", verbosity=0)
    house = House.objects.get()
    assert house.engine_version == fence.ENGINE
    assert house.token
    call_command("migrate", verbosity=0)
    assert House.objects.get().token == house.token


def test_a_database_that_says_nothing_yet_stops_nobody() -> None:
    House.objects.all().delete()
    assert fence.sentence() == ""
    assert loops.run("test", lambda now: None, seconds=0) == 1


def test_the_watchdog_of_older_code_stands_down_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        time.sleep(60)
        os._exit(0)
    time.sleep(0.1)
    process_groups.record(tmp_path, "worker", pid)
    theirs(fence.ENGINE + 1)
    watchdog = Watchdog(tmp_path)
    for _ in range(3):
        watchdog.look()
    assert not process_groups.runs(pid)  # its cluster would take the newer one's tasks
    said = [record for record in caplog.records if "belongs to version" in record.getMessage()]
    assert len(said) == 1
    for rescue in watchdog._rescues.values():
        rescue.join(10)
    assert not LoopBeat.objects.exists(), "nor does it do the loops' work itself"


def test_an_operator_who_goes_back_on_purpose_can_say_so() -> None:
    theirs(fence.ENGINE + 1)
    identity.adopt(datetime.now().astimezone())
    assert fence.sentence() == ""


def test_a_loop_whose_work_always_fails_shows_no_heartbeat_and_ends() -> None:
    """Else the house would look well while nobody is paged, and nobody could take over."""
    tries: list[float] = []

    def work(now: datetime) -> None:
        tries.append(time.monotonic())
        raise DataError("poison")

    loops.run("test", work, seconds=1.5)
    assert len(tries) >= 3
    beat = LoopBeat.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    assert now - beat.beat_at > timedelta(seconds=1)


def test_a_loop_whose_work_fails_once_goes_on_beating() -> None:
    looks: list[datetime] = []

    def work(now: datetime) -> datetime:
        looks.append(now)
        if len(looks) == 2:
            raise DataError("once")
        return now

    loops.run("test", work, seconds=60, stop=lambda: len(looks) >= 4)
    assert LoopBeat.objects.get().beat_at > looks[1]


def test_the_health_says_when_a_host_runs_another_version(client: Client) -> None:
    assert "engine_version" not in client.get("/health/engine").json()
    theirs(fence.ENGINE + 1)
    said = client.get("/health/engine").json()["engine_version"]
    assert said == {"database": fence.ENGINE + 1, "here": fence.ENGINE}
