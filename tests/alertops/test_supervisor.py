"""The supervisor, in a process of its own, and what it does about every kind of death."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alertops import process_groups

ROOT = Path(__file__).resolve().parent.parent.parent

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a supervisor of the named children; whatever happens, nothing of it is left over."""
    started: list[subprocess.Popen[str]] = []

    def _start(*children: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.alertops.house", str(tmp_path), *children]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=ROOT, stderr=pipe, text=True)
        started.append(process)
        return process

    yield _start
    for process in started:
        process.kill()
        process.wait()
    for file in tmp_path.glob("*.pid"):
        process_groups.kill(tmp_path, file.stem)


def soon(promise: Callable[[], object], seconds: float = 8.0) -> None:
    """Wait until the promise holds."""
    ends = time.monotonic() + seconds
    while not promise():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)


def members(pgid: int) -> list[int]:
    """Every living process of the group."""
    found = []
    for pid in process_groups._pids():
        stat = process_groups._stat(pid)
        if stat and int(stat[2]) == pgid and stat[0] != "Z":
            found.append(pid)
    return found


def group(run_dir: Path, name: str) -> int:
    soon(lambda: process_groups.pgid(run_dir, name))
    return process_groups.pgid(run_dir, name) or 0


def family(run_dir: Path, *, after: int = 0) -> int:
    """The group of `family`, complete with leader and child, and younger than `after`."""
    soon(lambda: process_groups.pgid(run_dir, "family") not in {None, after})
    number = group(run_dir, "family")
    soon(lambda: len(members(number)) == 2)
    return number


def test_a_child_that_ends_well_is_started_again(start: Start, tmp_path: Path) -> None:
    start("brief")
    file = tmp_path / "brief.pid"
    soon(file.exists)
    said = file.read_text()
    soon(lambda: file.read_text() != said)


def test_a_dead_leader_takes_its_group_along_and_comes_back(start: Start, tmp_path: Path) -> None:
    start("family")
    old = family(tmp_path)
    os.kill(old, signal.SIGKILL)
    new = family(tmp_path, after=old)
    assert members(old) == []
    assert new != old


def test_anybody_may_kill_a_group_by_its_name(start: Start, tmp_path: Path) -> None:
    start("family")
    old = family(tmp_path)
    assert process_groups.kill(tmp_path, "family")
    assert members(old) == []
    family(tmp_path, after=old)


def test_a_stuck_child_is_ended_and_comes_back(start: Start, tmp_path: Path) -> None:
    start("beating")
    old = group(tmp_path, "beating")
    time.sleep(4.5)  # longer than its patience: while it beats, nobody touches it
    assert group(tmp_path, "beating") == old
    os.kill(old, signal.SIGSTOP)
    soon(lambda: process_groups.pgid(tmp_path, "beating") not in {None, old}, seconds=12)
    assert members(old) == []


def test_nobody_outlives_a_killed_supervisor(start: Start, tmp_path: Path) -> None:
    supervisor = start("family")
    pgid = family(tmp_path)
    supervisor.kill()
    soon(lambda: members(pgid) == [])


def test_a_new_supervisor_clears_away_what_an_old_one_left(start: Start, tmp_path: Path) -> None:
    orphan = subprocess.Popen(["sleep", "60"], start_new_session=True)
    process_groups.record(tmp_path, "family", orphan.pid)
    start("family")
    assert orphan.wait(timeout=8) == -signal.SIGKILL
    family(tmp_path, after=orphan.pid)


def test_one_signal_stops_everybody_and_leaves_nothing(start: Start, tmp_path: Path) -> None:
    supervisor = start("family", "brief")
    pgid = family(tmp_path)
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(timeout=8) == 0
    assert members(pgid) == []
    assert list(tmp_path.glob("*.pid")) == []


def test_a_second_signal_does_not_wait_for_the_stubborn(start: Start, tmp_path: Path) -> None:
    supervisor = start("stubborn")
    pgid = group(tmp_path, "stubborn")
    time.sleep(0.3)  # it must have had time to become stubborn
    supervisor.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert supervisor.poll() is None
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(timeout=4) == 0
    assert members(pgid) == []


def test_two_supervisors_never_share_a_child(start: Start, tmp_path: Path) -> None:
    start("family")
    family(tmp_path)
    second = start("family")
    assert second.wait(timeout=8) == 1
    assert second.stderr is not None
    assert "family is already being served" in second.stderr.read()


def test_a_number_that_now_belongs_to_somebody_else_is_never_killed(tmp_path: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        (tmp_path / "web.pid").write_text(f"{stranger.pid} 1\n")  # started at another time
        assert process_groups.pgid(tmp_path, "web") is None
        assert not process_groups.kill(tmp_path, "web")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("text", ["", "nonsense", "1 1", "-5 0", "0 0"])
def test_a_broken_pid_file_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "web.pid").write_text(text)
    assert process_groups.pgid(tmp_path, "web") is None
