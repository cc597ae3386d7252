"""What a double saw, as JSON lines an oracle can read while or after the double runs."""

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import orjson


class Journal:
    """Append-only; each line is flushed to the operating system (it survives our own death), not
    fsynced. `at` is epoch seconds, `mono` is CLOCK_MONOTONIC, the same for all processes."""

    def __init__(self, path: str | Path | None = None) -> None:
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._file = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115

    def write(self, what: str, **facts: Any) -> None:
        """Add one line. A journal without a file keeps nothing."""
        if self._file is None:
            return
        line = {"what": what, "at": time.time(), "mono": time.monotonic(), **facts}
        with self._lock:
            self._file.write(orjson.dumps(line, default=str).decode() + "\n")

    def close(self) -> None:
        """Close the file; later lines are dropped."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def read(path: str | Path, what: str | None = None) -> list[dict[str, Any]]:
    """Return the complete lines of a journal, only those of one kind if asked."""
    file = Path(path)
    if not file.exists():
        return []
    raw = file.read_text(encoding="utf-8")
    lines = raw.split("\n")[:-1]  # a line without its newline is still being written
    facts = [json.loads(line) for line in lines if line]
    return [fact for fact in facts if what is None or fact["what"] == what]


@dataclass(frozen=True)
class Part:
    """New lines of a journal, and where to go on reading."""

    facts: list[dict[str, Any]]
    end: int


def read_from(path: str | Path, start: int) -> Part:
    """Return the complete lines after byte `start`."""
    file = Path(path)
    if not file.exists():
        return Part([], start)
    with file.open("rb") as handle:
        handle.seek(start)
        raw = handle.read()
    whole = raw[: raw.rfind(b"\n") + 1]
    return Part([json.loads(line) for line in whole.splitlines() if line], start + len(whole))
