"""A whole installation for the chaos run: its own PostgreSQL, and `manage.py serve` as ever."""

import http.client
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

from tests.doubles.twilio import ACCOUNT_SID, AUTH_TOKEN

ROOT = Path(__file__).resolve().parents[1]
FROM = "+14155550199"
_chance = random.SystemRandom()
# What dying processes and a dying database may raise.
EXPLAINED = (
    "OperationalError",
    "InterfaceError",
    "AdminShutdown",
    "PoolTimeout",
    "failed to start: sentinel exited",
)


def free_port() -> int:
    """Return a port nobody listens at now, below those the system hands out by itself: one of
    these might be somebody else's before it is used."""
    while True:
        port = _chance.randrange(10_240, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class House:
    """`with House(twilio_url) as house:` serves until the end of the block."""

    prefix = "alertops-chaos-"

    def __init__(self, twilio_url: str, *, keep: bool = False) -> None:
        self.home = Path(tempfile.mkdtemp(prefix=self.prefix, dir="/var/tmp"))
        self.home.chmod(0o755)  # the database's own user must get in
        self.var = self.home / "var"
        self.var.mkdir(mode=0o755)
        self.port = free_port()
        self.keep = keep
        self.environment = {
            "VAR_DIR": str(self.var),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "SELF_TESTS": "no",  # what is counted is what the harness sent
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_URL": "",
            "TWILIO_API_URL": twilio_url,
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_FROM": FROM,
            "PUSH_ALLOW_PRIVATE": "yes",
        }
        self._serve: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        log = (self.home / "serve.log").open("ab")
        with log:
            self._serve = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.full_environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            if not self.wait_green(120):
                raise RuntimeError(f"serve did not become green; see {self.home}/serve.log")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._serve is not None and self._serve.poll() is None:
            self._serve.terminate()
            try:
                self._serve.wait(20)
            except subprocess.TimeoutExpired:
                self._serve.kill()
                self._serve.wait()
        for pid in self.postmaster():
            kill(pid, signal.SIGQUIT)
        if not self.keep:
            shutil.rmtree(self.home, ignore_errors=True)

    def full_environment(self) -> dict[str, str]:
        """Return the environment in which `manage.py` means this house."""
        return {**os.environ, **self.environment}

    # What it says of itself.

    def get(self, path: str, timeout: float = 2.0) -> tuple[int, Any]:
        """GET and return status and JSON; (0, None) where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return 0, None
        finally:
            connection.close()
        with suppress(ValueError):
            return answer.status, json.loads(body)
        return answer.status, None

    def green(self) -> bool:
        """Say whether /health/engine is."""
        return self.get("/health/engine")[0] == 200

    def wait_green(self, seconds: float) -> bool:
        """Wait for green; False if it does not come."""
        end = time.monotonic() + seconds
        while not self.green():
            if time.monotonic() > end or self._serve is None or self._serve.poll() is not None:
                return False
            time.sleep(0.1)
        return True

    def surprises(self) -> list[str]:
        """Return the errors of the log that a lost process or database does not explain."""
        found = []
        for line in (self.home / "serve.log").read_text(errors="replace").splitlines():
            with suppress(ValueError):
                facts = json.loads(line)
                raised = str(facts.get("exception") or "")
                explained = not raised or any(word in raised for word in EXPLAINED)
                if facts["level"] in {"error", "critical"} and not explained:
                    reason = raised.strip().splitlines()[-1]
                    found.append(f"{facts['logger']}: {facts['message']}: {reason}"[:300])
        return found

    # Its processes, by what they do.

    def _leader(self, name: str) -> psutil.Process | None:
        with suppress(OSError, ValueError, IndexError, psutil.Error):
            text = (self.var / "run" / f"{name}.pid").read_text(encoding="ascii")
            return psutil.Process(int(text.split()[0]))
        return None

    def leader(self, name: str) -> list[int]:
        """Return the pid of the web, worker or watchdog leader, as a list of one or none."""
        process = self._leader(name)
        return [process.pid] if process else []

    def web_workers(self) -> list[int]:
        """Return the processes that answer requests."""
        return [child.pid for child in _children(self._leader("web"))]

    def sentinel(self) -> list[int]:
        """Return django-q's sentinel."""
        return [child.pid for child in _children(self._leader("worker"))]

    def cluster(self, word: str) -> list[int]:
        """Return the sentinel's children whose title ends in `word`: idle, pusher, monitor."""
        found = []
        for sentinel in _children(self._leader("worker")):
            for child in _children(sentinel):
                with suppress(psutil.Error):
                    if " ".join(child.cmdline()).rstrip().endswith(word):
                        found.append(child.pid)
        return found

    def loop(self, name: str) -> list[int]:
        """Return the process that runs this loop, by its heartbeat row."""
        rows = self.query("SELECT pid FROM alertops_loopbeat WHERE name = %s", [name])
        family = set(self._family())
        return [int(pid) for (pid,) in rows or [] if pid in family]

    def _family(self) -> Iterator[int]:
        if self._serve is not None:
            with suppress(psutil.Error):
                for child in psutil.Process(self._serve.pid).children(recursive=True):
                    yield child.pid

    # Its database.

    @property
    def database(self) -> Any:
        """Return the place of the embedded PostgreSQL."""
        from alertops import embedded_place

        return embedded_place.find(self.var)

    def query(self, sql: str, values: list[object] | None = None) -> list[tuple[Any, ...]] | None:
        """Run one statement over a fresh connection; None while the database is down."""
        import psycopg

        try:
            with psycopg.connect(self.database.url, connect_timeout=2) as connection:
                connection.execute("SET statement_timeout = '20s'")
                return connection.execute(sql.encode(), values or []).fetchall()
        except psycopg.Error:
            return None

    def postmaster(self) -> list[int]:
        """Return PostgreSQL's first process."""
        with suppress(OSError, ValueError, IndexError):
            text = (self.database.data / "postmaster.pid").read_text(encoding="utf-8")
            return [int(text.split()[0])]
        return []

    def backends(self) -> list[int]:
        """Return the processes that serve PostgreSQL's connections."""
        found = []
        for pid in self.postmaster():
            with suppress(psutil.Error):
                for child in psutil.Process(pid).children():
                    with suppress(psutil.Error):
                        if "alertops" in " ".join(child.cmdline()):
                            found.append(child.pid)
        return found


def _children(process: psutil.Process | None) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.children() if process else []
    return []


def kill(pid: int, sign: int = signal.SIGKILL) -> bool:
    """Send a signal; False when the process is gone already."""
    with suppress(ProcessLookupError):
        os.kill(pid, sign)
        return True
    return False
