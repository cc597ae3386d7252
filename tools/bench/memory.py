"""Memory of everything `serve` starts, PostgreSQL aside: at rest, and whether it grows."""

import time

from tools.bench import load
from tools.bench.figures import Bench

EVENTS = 100_000


def at_rest(bench: Bench) -> None:
    """Before anything has happened."""
    time.sleep(10)
    bench.keep("memory at rest MB", bench.place.memory())


def after(bench: Bench) -> None:
    """After half of the events, when everything was used once, and after all of them."""
    bench.place.clear()
    half = int(EVENTS / 2 * bench.scale)
    for name in ("memory after 50,000 events MB", "memory after 100,000 events MB"):
        load.run(bench.plan(body="few", count=half))
        bench.place.wait_worked_off()
        time.sleep(5)
        bench.keep(name, bench.place.memory())
    bench.keep(
        "memory grown by the second half %",
        100 * (bench.last(name) / bench.last("memory after 50,000 events MB") - 1),
    )
