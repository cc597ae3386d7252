"""Token buckets, one per integration, in the memory of each web process.

The rate of an integration is shared out evenly among the web processes, so nothing has to be
asked of the database before an event is stored. What a bucket knows of its integration (rate and
burst) comes back with every stored event, so a change counts from the next event on.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

QUIET = 60.0
"""Seconds without a refusal after which a storm is over."""


@dataclass(slots=True)
class Bucket:
    """What one integration may still send to this process. Not shared between processes."""

    rate: float  # events a second
    burst: float
    level: float
    filled_at: float
    refused: int = 0
    """Refusals not yet written down."""
    sign: int = 0
    """The newest event that says so."""
    refused_at: float = field(default=-QUIET)
    told_at: float = field(default=-QUIET)

    def take(self, at: float) -> bool:
        """Take one event, or refuse it."""
        if self.level_at(at) < 1.0:
            return False
        self.level -= 1.0
        return True

    def level_at(self, at: float) -> float:
        """Fill it up to this instant and return how many events it holds."""
        self.level = min(self.burst, self.level + (at - self.filled_at) * self.rate)
        self.filled_at = at
        return self.level

    def refuse(self, at: float) -> int:
        """Count a refusal. Returns how many are to be told now: the first of an episode at once,
        the rest once a minute."""
        tells = self.tells(at)
        self.refused += 1
        self.refused_at = at
        return self._tell(at) if tells else 0

    def tells(self, at: float) -> bool:
        """Whether the next refusal is one to be told."""
        return at - self.refused_at >= QUIET or at - self.told_at >= QUIET

    def _tell(self, at: float) -> int:
        count, self.refused, self.told_at = self.refused, 0, at
        return count

    def wait(self) -> int:
        """Whole seconds until the next event would be taken."""
        return max(1, ceil((1.0 - self.level) / self.rate))


class Rest(NamedTuple):
    """Refusals not yet added to the sign they belong to."""

    bucket: Bucket
    sign: int
    refused: int


class Buckets:
    """All buckets of this process. Only keys that exist have one, so strangers fill no memory.
    The keys of one integration share its bucket: a second key is not a second helping."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}
        self._by_integration: dict[int, Bucket] = {}
        self._lock = threading.Lock()

    def ask(self, key_hash: str, at: float) -> tuple[int, int]:
        """Take one event of this key. Returns the seconds to wait (0: go on) and how many
        refusals the inbox is to be told of: say `told` or `untold` then."""
        with self._lock:
            bucket = self._buckets.get(key_hash)
            if bucket is None:
                return 0, 0
            if bucket.take(at):
                return 0, 0
            return bucket.wait(), bucket.refuse(at)

    def turn_away(self, key_hash: str, at: float) -> int:
        """Refuse another event where that is all there is to do: returns the seconds to wait, or 0
        where `ask` must decide."""
        bucket = self._buckets.get(key_hash)
        if bucket is None:
            return 0
        with self._lock:
            if bucket.level_at(at) >= 1.0 or bucket.tells(at):
                return 0
            bucket.refuse(at)
            return bucket.wait()

    def told(self, key_hash: str, sign: int) -> None:
        """The inbox has been told, by this event."""
        with self._lock:
            if bucket := self._buckets.get(key_hash):
                bucket.sign = sign

    def untold(self, key_hash: str, refused: int) -> None:
        """The inbox could not be told: the next refusal tries again."""
        with self._lock:
            if bucket := self._buckets.get(key_hash):
                bucket.refused += refused
                bucket.told_at = bucket.refused_at = -QUIET

    def rest(self) -> list[Rest]:
        """Take the refusals since the inbox was last told."""
        with self._lock:
            loud = [each for each in self._by_integration.values() if each.refused and each.sign]
            found = [Rest(bucket, bucket.sign, bucket.refused) for bucket in loud]
            for bucket in loud:
                bucket.refused = 0
        return found

    def give_back(self, rest: Iterable[Rest]) -> None:
        """They could not be written down: they are of the next rest."""
        with self._lock:
            for one in rest:
                one.bucket.refused += one.refused

    def learn(
        self, key_hash: str, integration: int, per_minute: int, burst: int, shares: int, at: float
    ) -> None:
        """Remember the limits of a key that has just proved to exist."""
        rate, size = per_minute / 60.0 / shares, max(1.0, burst / shares)
        bucket = self._buckets.get(key_hash)
        if bucket is None:
            with self._lock:
                bucket = self._by_integration.get(integration)
                if bucket is None:
                    bucket = Bucket(rate, size, size, at)
                    self._by_integration[integration] = bucket
                bucket.take(at)
                self._buckets[key_hash] = bucket
        elif bucket.rate != rate or bucket.burst != size:
            bucket.rate, bucket.burst = rate, size

    def forget(self, key_hash: str) -> None:
        """This key is not one, or no longer."""
        with self._lock:
            self._buckets.pop(key_hash, None)
