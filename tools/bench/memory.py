"""Memory of everything `serve` starts, PostgreSQL aside: at rest, and whether it grows."""

import time

from tools.bench import load
from tools.bench.figures import Bench

LUMP = 50_000
WARM = 6
"""Lumps before the measured ones. A loop goes on in another worker each minute, and a worker keeps
what it needed at its busiest: only when all six have had their turns nothing is new any more."""
MEASURED = 2


def at_rest(bench: Bench) -> None:
    """Before anything has happened."""
    time.sleep(10)
    bench.keep("memory at rest MB", bench.place.memory())


def after(bench: Bench) -> None:
    """When everything was used, and after 100,000 more events."""
    bench.place.clear()
    _lumps(bench, WARM)
    before = bench.place.memory()
    bench.keep("memory in use MB", before)
    _lumps(bench, MEASURED)
    bench.keep("memory 100,000 events later MB", bench.place.memory())
    grown = 100 * (bench.last("memory 100,000 events later MB") / before - 1)
    bench.keep("memory grown by 100,000 events %", grown)


def _lumps(bench: Bench, count: int) -> None:
    for _ in range(count):
        load.run(bench.plan(body="few", count=int(LUMP * bench.scale)))
        bench.place.wait_worked_off()
        time.sleep(5)
