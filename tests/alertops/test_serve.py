"""`manage.py serve`, for real, with the embedded PostgreSQL: one house, and what happens to it."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from alertops import embedded_place, embedded_postgres, process_groups
from alertops.web import MOST_THREADS
from tools import memory

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("web", "worker", "watchdog")

pytestmark = pytest.mark.slow


class House:
    """A running installation in a folder of its own."""

    def __init__(self) -> None:
        self.var = Path(tempfile.mkdtemp(prefix="alertops-serve-", dir="/tmp"))
        self.var.chmod(0o755)
        self.run_dir = self.var / "run"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = self.serve()

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {**kept, "VAR_DIR": str(self.var), "PORT": str(self.port), "DATABASE_URL": ""}

    def serve(self) -> "subprocess.Popen[bytes]":
        with (self.var / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT, env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as got:
                return got.status, json.loads(got.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())
        except OSError:
            return 0, None

    def is_ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def log(self) -> str:
        return (self.var / "log").read_text()

    def groups(self) -> dict[str, int | None]:
        return {name: process_groups.pgid(self.run_dir, name) for name in NAMES}

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for name in NAMES:
            process_groups.kill(self.run_dir, name)
        place = embedded_place.find(self.var)
        embedded_postgres.stop(place, patience=1.0)
        for folder in (self.var, Path(place.home)):
            rmtree(folder, ignore_errors=True)


def soon(promise: Callable[[], object], house: House, seconds: float = 90.0) -> None:
    ends = time.monotonic() + seconds
    while True:
        with suppress(OSError, ValueError):
            if promise():
                return
        assert time.monotonic() < ends, house.log()[-3000:]
        time.sleep(0.05)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House()
    try:
        soon(house.is_ready, house)
        yield house
    finally:
        house.close()


def test_it_serves_and_every_child_has_its_pid_file(house: House) -> None:
    soon(lambda: all(house.groups().values()), house)
    assert house.get("/healthz") == (200, {"status": "ok"})


def test_every_loop_beats_within_seconds_of_the_start(house: House) -> None:
    soon(lambda: house.get("/health/engine")[0] == 200, house, 40.0)


def test_it_fits_into_its_memory(house: House) -> None:
    total = sum(memory.pss(pid) for pid in memory.tree(house.run_dir))
    assert 0 < total < memory.BUDGET_MB


@pytest.mark.parametrize("name", NAMES)
def test_each_child_comes_back_after_kill_9(house: House, name: str) -> None:
    old = process_groups.pgid(house.run_dir, name)
    assert old is not None
    os.kill(old, signal.SIGKILL)
    soon(lambda: process_groups.pgid(house.run_dir, name) not in {None, old}, house, 30.0)
    soon(house.is_ready, house, 30.0)


def test_a_killed_database_comes_back(house: House) -> None:
    place = embedded_place.find(house.var)
    os.kill(int((place.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    soon(lambda: not embedded_postgres.is_ready(place), house, 30.0)
    soon(house.is_ready, house, 30.0)


def test_senders_that_stall_do_not_shut_the_door_for_the_others(house: House) -> None:
    start = b"POST /integrations/%s/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
    with ExitStack() as stack:
        for _ in range(3 * MOST_THREADS):
            stalled = socket.create_connection(("127.0.0.1", house.port), timeout=5)
            stack.enter_context(stalled).sendall(start % (b"k" * 32))
        soon(lambda: house.get("/healthz")[0] == 200, house, 15.0)


def test_a_second_house_at_the_same_place_is_refused_with_a_sentence(house: House) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT, env=house.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "is already being served" in done.stderr.splitlines()[-1]


def test_it_survives_the_death_of_everything_and_one_ctrl_c_stops_it(house: House) -> None:
    house.process.kill()
    house.process.wait()
    soon(lambda: not any(house.groups().values()), house, 30.0)
    said = len(house.log())
    house.process = house.serve()
    soon(house.is_ready, house)
    began = time.monotonic()
    house.process.send_signal(signal.SIGINT)
    assert house.process.wait(timeout=30) == 0, house.log()[-3000:]
    assert time.monotonic() - began < 10
    assert not any(house.groups().values())
    assert not embedded_postgres.is_up(house.var)
    assert "Traceback" not in house.log()[said:]
