"""Kill everything, again and again, under load and provider faults, and see whether a page is lost.

    python -m tools.chaos --n 500 --seed 7      (make chaos N=500 SEED=7)
    python -m tools.chaos --replay 7

Starts a PostgreSQL and `manage.py serve` of its own with doubles of Twilio and a push service.
First each kind of death alone, to measure the recovery; then a storm of them. Ends non-zero when a
page was lost, more than 0.2 % came twice, a promise broke, or a recovery took over 15 s.
"""

import argparse
import random
import statistics
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from tests.doubles import journal
from tests.doubles.journal import Journal
from tests.doubles.process import DoubleProcess
from tools.chaos_faults import KINDS, Kind, Reaper
from tools.chaos_house import ROOT, House
from tools.chaos_load import Load
from tools.chaos_oracle import KEY, PROMISES, Verdict, by_kind, heard, judge, unfinished
from tools.chaos_scene import Scene, build

MOST_DOUBLES = 0.2  # per cent
LONGEST_RECOVERY = 15.0
WATCH = 6.0  # a dead loop shows only when its heartbeat is stale
CALM = {"list_lag": 0.5, "callback_loss": 0.0, "callback_duplicate": 0.0}
FAULTY = {  # 10 % of the creates
    "accept_then_500": 0.025,
    "accept_then_reset": 0.025,
    "too_many": 0.01,
    "slow": 0.02,
    "slow_seconds": 1.0,
    "accept_rate": 0.978,
    "list_lag": 1.0,
    "callback_loss": 0.05,
    "callback_duplicate": 0.05,
    "callback_reorder": 0.1,
}


@dataclass
class Run:
    """One chaos run and what it found."""

    seed: int
    folder: Path
    recovery: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    samples: list[str] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Return where a journal is."""
        return self.folder / f"{name}.jsonl"

    @property
    def accepted(self) -> list[Path]:
        """What the providers took."""
        return [self.path("accepted"), self.path("pushed")]


class Ear:
    """Follows the providers' journals while they are being written."""

    def __init__(self, paths: list[Path], scene: Scene, load: Load) -> None:
        self._load = load
        self._last = {team.secondary for team in scene.teams}
        self._paged: dict[str, float] = {}
        self._changed = threading.Condition()
        for path in paths:
            threading.Thread(target=self._follow, args=[path], daemon=True).start()

    def _follow(self, path: Path) -> None:
        done = 0
        while True:
            lines = journal.read_from(path, done)
            done = lines.end
            for line in lines.facts:
                if line["what"] == "accepted":
                    self._hear(*heard(line), line["mono"])
            time.sleep(0.05)

    def _hear(self, body: str, to: str, at: float) -> None:
        for key in KEY.findall(body):
            if key not in self._paged:
                with self._changed:
                    self._paged[key] = at
                    self._changed.notify_all()
                self._load.paged(key)
            if to in self._last:
                self._load.climbed(key)

    def paged(self, key: str, timeout: float) -> float | None:
        """Wait for the first page of `key`; return when (monotonic)."""
        with self._changed:
            self._changed.wait_for(lambda: key in self._paged, timeout)
            return self._paged.get(key)


def main() -> int:
    """Run, report, and say by the exit code whether it is good."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--n", type=int, default=500, help="deaths in all")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--replay", type=int, default=None, metavar="SEED")
    parser.add_argument("--rate", type=float, default=8.0, help="events a second")
    parser.add_argument(
        "--pause", type=float, default=1.1, help="seconds between deaths of the storm"
    )
    parser.add_argument("--each", type=int, default=2, help="measured deaths of each kind")
    parser.add_argument("--only", default="", metavar="WORD", help="kinds named so, e.g. frozen")
    parser.add_argument("--keep", action="store_true", help="keep journals, logs and database")
    wish = parser.parse_args()
    seed = next((s for s in (wish.replay, wish.seed) if s is not None), None)
    seed = random.SystemRandom().randrange(100_000) if seed is None else seed
    run = Run(seed, Path(mkdtemp(prefix="alertops-chaos-journals-")))
    print(f"chaos: seed {seed}, {wish.n} deaths, journals in {run.folder}", flush=True)
    options = {"journal": run.path("accepted"), "seed": seed, "call_outcome": "answered"}
    with (
        DoubleProcess("tests.doubles.twilio", **options, **CALM) as twilio,
        DoubleProcess("tests.doubles.push", journal=run.path("pushed")) as push,
        House(twilio.base_url, keep=wish.keep) as house,
    ):
        scene = build(house.full_environment(), str(ROOT), push, alerts=_alerts(wish))
        began = time.monotonic()
        _play(run, house, twilio, scene, wish)
        verdict = judge(house, scene, run.path("answers"), run.accepted, run.samples)
        verdict.broken += [f"an error in the log: {words}" for words in house.surprises()]
        good = report(run, verdict, time.monotonic() - began)
    if good and not wish.keep:
        for file in run.folder.iterdir():
            file.unlink()
        run.folder.rmdir()
    return 0 if good else 1


def _alerts(wish: argparse.Namespace) -> int:
    """Return how many alerts a quarter of an hour of this run will hold, generously."""
    measured = min(wish.each * len(KINDS), wish.n)
    seconds = measured * 12 + (wish.n - measured) * wish.pause * 2 + 60
    return int(wish.rate * min(seconds, 900))


def _play(
    run: Run, house: House, twilio: DoubleProcess, scene: Scene, wish: argparse.Namespace
) -> None:
    answers = Journal(run.path("answers"))
    load = Load(house.port, scene, answers, seed=run.seed, rate=wish.rate)
    ear = Ear(run.accepted, scene, load)
    reaper = Reaper(house, Journal(run.path("faults")), run.seed)
    watching = threading.Event()
    watcher = threading.Thread(target=_sample, args=(house, run, watching), daemon=True)
    load.start()
    watcher.start()
    try:
        kinds = [kind for kind in KINDS if wish.only in kind.name]
        each = min(wish.each, wish.n // len(kinds))
        for number in range(each):
            for kind in kinds:
                _measure(run, house, reaper, load, ear, kind, number)
        twilio.knobs(**FAULTY)
        print(f"storm: {wish.n - reaper.count} deaths", flush=True)
        reaper.storm(wish.n - reaper.count, wish.pause, kinds)
        reaper.wake_all()
        twilio.knobs(**dict.fromkeys(FAULTY, 0.0) | {"accept_rate": 1.0, "list_lag": 0.5})
        print("calm: waiting for the last pages", flush=True)
        load.stop()
        _settle(run, house, scene)
    finally:
        reaper.wake_all()
        watching.set()
        watcher.join(10)
        answers.close()


def _measure(
    run: Run, house: House, reaper: Reaper, load: Load, ear: Ear, kind: Kind, number: int
) -> None:
    """Kill one; recovered is: a new event pages, and the house says green and stays so."""
    house.wait_green(60)
    time.sleep(1.0)
    at = reaper.strike(kind)
    if at is None:
        return
    name = f"{kind.name} {number}"
    prober = threading.Thread(target=load.probe, args=(name,), daemon=True)
    prober.start()
    red = at
    calm = time.monotonic()
    while time.monotonic() < at + WATCH or time.monotonic() - calm < 1.0:
        if not house.green():
            red = calm = time.monotonic()
        if time.monotonic() > at + 60:
            break
        time.sleep(0.1)
    paged = ear.paged(f"probe-{run.seed}-{name}", 60) or at + 60
    took = max(paged - at, red - at)
    run.recovery[kind.name].append(took)
    print(f"  {name:22} paged {paged - at:5.2f} s, green {red - at:5.2f} s", flush=True)


def _sample(house: House, run: Run, stop: threading.Event) -> None:
    """Once a second: does every promise hold? While the database is down nobody can say."""
    seen = set()
    while not stop.wait(1.0):
        for words, sql in PROMISES.items():
            rows = house.query(sql)
            if rows and words not in seen:
                seen.add(words)
                run.samples.append(f"{words}, during the run: {[row[0] for row in rows[:5]]}")


def _settle(run: Run, house: House, scene: Scene, patience: float = 120.0) -> None:
    """Wait until everybody who should be paged was, or it is clear that somebody never will."""
    house.wait_green(60)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not unfinished(scene, run.path("answers"), run.accepted):
            break
        time.sleep(1.0)
    time.sleep(5.0)  # a double would come now


def report(run: Run, verdict: Verdict, seconds: float) -> bool:
    """Print what was found; True when all is as promised."""
    deaths = by_kind(run.path("faults"))
    print(f"\nseed {run.seed}: {sum(deaths.values())} deaths in {seconds:.0f} s")
    for kind, count in deaths.most_common():
        print(f"  {kind:20} {count}")
    delays = sorted(verdict.delays) or [0.0]
    print(
        f"{verdict.alerts} alerts, {verdict.pages} pages, {verdict.needless} recovered unpaged"
        f" ({verdict.silent} after more than 30 s)"
    )
    print(
        f"event to page under fire: p50 {statistics.median(delays):.2f} s, max {delays[-1]:.2f} s"
    )
    print("recovery (s)           p50    max")
    for kind, times in run.recovery.items():
        print(f"  {kind:20} {statistics.median(times):5.2f}  {max(times):5.2f}")
    slow = [kind for kind, times in run.recovery.items() if max(times) > LONGEST_RECOVERY]
    good = True
    for words, found in (
        ("lost", verdict.lost),
        ("202 without its row", verdict.rowless),
        ("paged after a known acknowledgement", verdict.late),
        ("paged, but was not to be", verdict.strangers),
        ("promises broken", verdict.broken),
        (f"recoveries over {LONGEST_RECOVERY:.0f} s", slow),
    ):
        print(f"{words}: {len(found)} {found[:5] if found else ''}")
        good = good and not found
    print(
        f"doubles: {len(verdict.doubles)} = {verdict.doubled_percent:.3f} % {verdict.doubles[:5]}"
    )
    good = good and verdict.doubled_percent <= MOST_DOUBLES
    print("GOOD" if good else f"NOT GOOD - again with: make chaos SEED={run.seed}")
    return good


if __name__ == "__main__":
    sys.exit(main())
