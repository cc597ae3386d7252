"""Where the bench runs: a house of its own, what it costs and what is in its database."""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg

from tools.chaos_house import House

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU spent so far by everything `serve` started, and by PostgreSQL."""

    product: float
    postgres: float

    def since(self, start: "Cpu") -> "Cpu":
        return Cpu(self.product - start.product, self.postgres - start.postgres)

    @property
    def total(self) -> float:
        return self.product + self.postgres


class Place(House):
    """`with Place(twilio_url) as place:` serves as in production, with a database of its own."""

    prefix = "alertops-bench-"

    def __init__(self, twilio_url: str, *, keep: bool = False) -> None:
        super().__init__(twilio_url, keep=keep)
        self._db: psycopg.Connection[tuple[Any, ...]] | None = None
        self.aged = False
        """Whether the tables hold old rows that must stay."""

    def __exit__(self, *args: object) -> None:
        if self._db is not None:
            self._db.close()
        super().__exit__(*args)

    def __enter__(self) -> Self:
        super().__enter__()
        self._db = psycopg.connect(self.url, autocommit=True)
        self._db.execute("SET lock_timeout = '30s'")
        return self

    @property
    def url(self) -> str:
        return str(self.database.url)

    @property
    def socket_dir(self) -> str:
        return str(self.database.socket_dir)

    def sql(self, statement: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement on the bench's one connection."""
        assert self._db is not None
        cursor = self._db.execute(statement.encode(), list(values) or None)
        return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, values: Iterable[object] = ()) -> Any:
        """Return the first value of the first row."""
        return self.sql(statement, values)[0][0]

    # What it costs.

    def cpu(self) -> Cpu:
        """Add up every process, and what its children that have died left behind."""
        return Cpu(
            sum(_seconds(pid) for pid in self.product_pids()),
            sum(_seconds(pid) for pid in self.postgres_pids()),
        )

    def product_pids(self) -> list[int]:
        """Everything `manage.py serve` started, PostgreSQL aside, and itself."""
        assert self._serve is not None
        database = set(self.postgres_pids())
        return [pid for pid in _tree(self._serve.pid) if pid not in database]

    def postgres_pids(self) -> list[int]:
        """PostgreSQL's processes; not the one that serves the bench itself."""
        own = self._db.info.backend_pid if self._db is not None else 0
        return [pid for main in self.postmaster() for pid in _tree(main) if pid != own]

    def memory(self) -> float:
        """Return the PSS of everything `serve` started, PostgreSQL aside, in MB."""
        return sum(_pss(pid) for pid in self.product_pids())

    # What is in it.

    def is_worked_off(self) -> bool:
        """Say whether every event has been looked at."""
        return not self.one(
            "SELECT EXISTS (SELECT FROM integrations_inboundevent WHERE processed_at IS NULL)"
        )

    def wait_worked_off(self, seconds: float = 300.0) -> float:
        """Wait for the inbox to be empty; return when it was (monotonic)."""
        end = time.monotonic() + seconds
        while not self.is_worked_off():
            if time.monotonic() > end:
                raise RuntimeError("The inbox was not worked off in time.")
            time.sleep(0.02)
        return time.monotonic()

    def clear(self) -> None:
        """Forget what the last measurement left, so that the next one begins as it did."""
        if self.aged:
            for statement in _RETIRE:
                self.sql(statement)
        else:
            self._truncate()
            self.sql("UPDATE escalation_circuit SET failures = 0, open_until = NULL")
        self.sql("CHECKPOINT")

    def _truncate(self) -> None:
        for _ in range(20):
            with suppress(psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable):
                self.sql("TRUNCATE integrations_inboundevent, alerts_alert CASCADE")
                return
        raise RuntimeError("The house is too busy for its tables to be emptied.")


_RETIRE = (
    """
UPDATE integrations_inboundevent SET processed_at = now(), outcome = 'ignored'
WHERE processed_at IS NULL
""",
    """
UPDATE alerts_alert SET status = 'resolved', resolved_at = now(), wake_at = NULL,
    acknowledgement_expires = false, snoozed_until = NULL
WHERE status <> 'resolved'
""",
    """
UPDATE escalation_notification SET state = 'cancelled', ended_at = now(), lease_until = NULL
WHERE state IN ('pending', 'unknown') OR state = 'sending'
""",
    """
UPDATE escalation_notification
SET proof_due_at = NULL, accepted_at = accepted_at - interval '1 day'
WHERE accepted_at > now() - interval '15 min'
""",
)


def _tree(pid: int) -> list[int]:
    with suppress(psutil.Error):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return []


def _seconds(pid: int) -> float:
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return sum(int(value) for value in fields[11:15]) / TICKS
    return 0.0


def _pss(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
