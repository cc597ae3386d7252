"""The deaths: which process each kind kills, how often each is chosen, and what was recovered.

A frozen process (SIGSTOP) is no death but worse: it wakes up after its lease and goes on where it
stood, with everything it had in its hands.
"""

import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from tests.doubles.journal import Journal
from tools.chaos_house import House, kill


@dataclass(frozen=True)
class Kind:
    """One kind of death. `weight` is its share of the storm; dear ones are rarer."""

    name: str
    find: Callable[[House], list[int]]
    weight: int
    sign: int = signal.SIGKILL
    frozen: float = 0.0
    """Seconds after which it wakes up again, longer than any lease."""


FREEZE = 20.0
KINDS = (
    Kind("web worker", lambda house: house.web_workers(), 14),
    Kind("web", lambda house: house.leader("web"), 4),
    Kind("inbox", lambda house: house.loop("inbox"), 12),
    Kind("tick", lambda house: house.loop("tick"), 12),
    Kind("sender", lambda house: house.loop("outbox"), 16),
    Kind("watchdog", lambda house: house.leader("watchdog"), 8),
    Kind("idle worker", lambda house: house.cluster("idle"), 8),
    Kind("monitor", lambda house: house.cluster("monitor"), 6),
    Kind("pusher", lambda house: house.cluster("pusher"), 6),
    Kind("sentinel", lambda house: house.sentinel(), 4),
    Kind("cluster", lambda house: house.leader("worker"), 3),
    Kind("postgres backend", lambda house: house.backends(), 4),
    Kind("postgres immediate", lambda house: house.postmaster(), 2, signal.SIGQUIT),
    Kind("postgres", lambda house: house.postmaster(), 2),
    Kind("frozen sender", lambda house: house.loop("outbox"), 4, signal.SIGSTOP, FREEZE),
    Kind("frozen tick", lambda house: house.loop("tick"), 3, signal.SIGSTOP, FREEZE),
    Kind("frozen inbox", lambda house: house.loop("inbox"), 3, signal.SIGSTOP, FREEZE),
    Kind("frozen watchdog", lambda house: house.leader("watchdog"), 2, signal.SIGSTOP, FREEZE),
)


class Reaper:
    """Kills, and writes down whom and when. The same seed chooses the same kinds and pauses."""

    def __init__(self, house: House, journal: Journal, seed: int) -> None:
        self._house, self._journal = house, journal
        self._random = random.Random(f"reaper {seed}")
        self.count = 0
        self._frozen: dict[int, float] = {}
        self._waking = threading.Lock()

    def strike(self, kind: Kind) -> float | None:
        """Kill one process of this kind; return when (monotonic), None when there is none now."""
        place = self._random.random()  # drawn even for nobody: a replay must not lose its step
        pids = sorted(kind.find(self._house))
        if not pids:
            self._journal.write("no target", kind=kind.name)
            return None
        pid = pids[int(place * len(pids))]
        at = time.monotonic()
        if not kill(pid, kind.sign):
            self._journal.write("no target", kind=kind.name)
            return None
        if kind.frozen:
            self._freeze(pid, kind.frozen)
        self.count += 1
        self._journal.write("fault", kind=kind.name, pid=pid, number=self.count)
        return at

    def _freeze(self, pid: int, seconds: float) -> None:
        """Wake it up in so many seconds, unless somebody has killed it by then."""
        with self._waking:
            self._frozen[pid] = psutil.Process(pid).create_time()
        timer = threading.Timer(seconds, self._wake, [pid])
        timer.daemon = True
        timer.start()

    def _wake(self, pid: int) -> None:
        with self._waking, suppress(psutil.Error):
            born = self._frozen.pop(pid, None)
            if born is not None and psutil.Process(pid).create_time() == born:
                kill(pid, signal.SIGCONT)

    def wake_all(self) -> None:
        """Nothing stays frozen at the end of a run."""
        for pid in list(self._frozen):
            self._wake(pid)

    def storm(self, faults: int, pause: float, kinds: Sequence[Kind]) -> None:
        """Kill `faults` times, `pause` seconds apart on average."""
        weights = [kind.weight for kind in kinds]
        goal = self.count + faults
        hit = True
        while self.count < goal:
            (kind,) = self._random.choices(kinds, weights)
            rest = self._random.expovariate(1 / pause)
            time.sleep(rest if hit else 0.05)
            hit = self.strike(kind) is not None
