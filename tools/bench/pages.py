"""What the provider received: the Twilio double's journal, read as it grows."""

import re
import time
from collections import Counter
from pathlib import Path

from tests.doubles import journal

MARK = re.compile(r"\b([a-z]+\d*)-(\d{7})\b")


class Pages:
    """When the first text about each event arrived (monotonic), by label and number."""

    def __init__(self, path: Path) -> None:
        self._path, self._end = path, 0
        self._first: dict[str, dict[int, float]] = {}
        self.count = 0
        self.by_number: Counter[str] = Counter()
        """Texts each number received, whatever they said."""

    def look(self) -> None:
        """Read what is new."""
        part = journal.read_from(self._path, self._end)
        self._end = part.end
        for line in part.facts:
            if line["what"] != "accepted":
                continue
            self.by_number[line["to"]] += 1
            if found := MARK.search(line["body"]):
                self.count += 1
                self._first.setdefault(found[1], {}).setdefault(int(found[2]), line["mono"])

    def wait(self, label: str, count: int, seconds: float) -> dict[int, float]:
        """Wait until `count` different events were paged, or until nothing comes any more."""
        quiet, seen = time.monotonic(), -1
        while True:
            self.look()
            first = self._first.get(label, {})
            now = time.monotonic()
            if len(first) != seen:
                quiet, seen = now, len(first)
            if seen >= count or now - quiet > seconds:
                return first
            time.sleep(0.05)
