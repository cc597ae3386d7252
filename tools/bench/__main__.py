"""How fast the house is, side by side with the limit of the machine, medians of five runs.

    python -m tools.bench                       (make bench)
    python -m tools.bench --quick --only accept --only pages

Starts a PostgreSQL and `manage.py serve` of its own with a Twilio double that answers in 20 ms.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from tests.doubles.process import DoubleProcess
from tools.bench import (
    dressed,
    figures,
    flood,
    limit,
    memory,
    old,
    replay,
    report,
    scene,
    schedules,
    timer,
)
from tools.bench.figures import Bench
from tools.bench.pages import Pages
from tools.bench.place import Place

Figure = Callable[[Bench], None]
MAIN: dict[str, tuple[Figure, ...]] = {
    "accept": (figures.accept, figures.one_key),
    "bodies": (figures.bodies,),
    "latency": (figures.first_page(2, 20), figures.first_page(50, 10)),
    "pages": (figures.sustained,),
}
MORE: dict[str, tuple[Figure, ...]] = {
    "receipts": (figures.sustained_with_receipts,),
    "dressed": (dressed.dressed,),
    "flood": (flood.flood,),
    "replay": (replay.replay,),
    "schedules": (schedules.answers,),
    "storm": (timer.storm,),
    "spread": (timer.spread,),
}
ONCE = ("memory", "old")


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    names = [*MAIN, *MORE, *ONCE]
    parser.add_argument("--runs", type=int, default=None, help="5, or 1 with --quick")
    parser.add_argument("--only", action="append", choices=names, help="may be given repeatedly")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--strict", action="store_true", help="end with 1 when one is missed")
    parser.add_argument("--old", type=int, default=1_000_000, help="old alerts of `old`")
    parser.add_argument("--keep", action="store_true", help="keep the database and the logs")
    wish = parser.parse_args(words)
    wish.runs = wish.runs or (1 if wish.quick else 5)
    wish.only = wish.only or names
    return wish


def main() -> int:
    """Measure, print the table, save it."""
    wish = arguments()
    folder = Path(mkdtemp(prefix="alertops-bench-journal-"))
    journal = folder / "accepted.jsonl"
    knobs = {"callbacks": False, "reply_delay": figures.REPLY}
    with (
        DoubleProcess("tests.doubles.twilio", journal=journal, **knobs) as twilio,
        Place(twilio.base_url, keep=wish.keep) as place,
    ):
        print(f"bench: {place.home}, journal {journal}", flush=True)
        stage = scene.build(place.full_environment())
        limit.prepare(place)
        place.sql("VACUUM ANALYZE")
        bench = Bench(place, stage, twilio, Pages(journal), 0.3 if wish.quick else 1.0)
        measure(bench, wish)
        rows = report.rows(bench.samples)
    journal.unlink()
    folder.rmdir()
    print(report.table(rows))
    print(f"saved in {report.save(bench.samples, rows)}")
    return int(wish.strict and any(row.verdict == "MISSED" for row in rows))


def measure(bench: Bench, wish: argparse.Namespace) -> None:
    """Take every wished figure, run by run, the limit first in each."""
    if "memory" in wish.only:
        memory.at_rest(bench)
    for run in range(wish.runs):
        began = time.monotonic()
        _round(bench, wish, {**MAIN, **MORE})
        print(f"run {run + 1} of {wish.runs}: {time.monotonic() - began:.0f} s", flush=True)
    if "memory" in wish.only:
        memory.after(bench)
    if "old" in wish.only:
        old.fill(bench.place, wish.old)
        bench.suffix = ", old"
        for _ in range(wish.runs):
            _round(bench, wish, MAIN)
        bench.suffix = ""


def _round(bench: Bench, wish: argparse.Namespace, parts: dict[str, tuple[Figure, ...]]) -> None:
    bench.place.clear()
    bench.keep("L", limit.measure(bench.place, max(2, int(5 * bench.scale))))
    figures.idle(bench)
    for name, part in parts.items():
        if name in wish.only or bench.suffix:
            for figure in part:
                figure(bench)


if __name__ == "__main__":
    sys.exit(main())
