"""The figures: each measures one thing once, and says it in numbers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.doubles.process import DoubleProcess
from tools.bench import load
from tools.bench.load import Plan
from tools.bench.pages import Pages
from tools.bench.place import Place
from tools.bench.scene import Scene

REPLY = 0.02  # the provider's answer, seconds


@dataclass
class Bench:
    """Everything a figure needs, and what was measured so far: by name, one value a run."""

    place: Place
    scene: Scene
    twilio: DoubleProcess
    pages: Pages
    scale: float = 1.0
    """How long to measure: 1 in full, less for a quick look."""
    samples: dict[str, list[float]] = field(default_factory=dict)
    suffix: str = ""
    """Told behind the names of what is measured now."""
    _labels: int = 0

    def keep(self, name: str, value: float) -> None:
        self.samples.setdefault(name + self.suffix, []).append(value)
        print(f"  {name + self.suffix}: {value:.4g}", flush=True)

    def last(self, name: str) -> float:
        return self.samples[name + self.suffix][-1]

    def label(self) -> str:
        """Return a word no other measurement has."""
        self._labels += 1
        return f"bench{self._labels}"

    def plan(self, paths: list[str] | None = None, **wishes: float | str) -> Plan:
        return Plan(self.place.port, paths or self.scene.paths, self.label(), **wishes)  # type: ignore[arg-type]


def percentile(values: list[float], share: float) -> float:
    """Return the value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def accept(bench: Bench) -> None:
    """Events accepted for good a second, distinct keys, while all that follows is being done."""
    take(bench, "accept", "distinct")
    lasted = bench.last("accept")
    bench.keep("accept / L", lasted / bench.last("L"))


def one_key(bench: Bench) -> None:
    """The same with one dedup key: the worst a database can be sent."""
    take(bench, "one key", "same")
    bench.keep("one key / distinct", bench.last("one key") / bench.last("accept"))


def take(bench: Bench, name: str, body: str) -> None:
    """Send as fast as answers come; make sure that every 202 has its row."""
    place = bench.place
    place.clear()
    before = place.one("SELECT count(*) FROM integrations_inboundevent")
    start = place.cpu()
    sent = load.run(bench.plan(body=body, seconds=5 * bench.scale))
    spent = place.cpu().since(start)
    rows = place.one("SELECT count(*) FROM integrations_inboundevent") - before
    if rows != sent.count:
        raise RuntimeError(f"{sent.count} events were accepted, {rows} are stored.")
    left = place.one("SELECT count(*) FROM integrations_inboundevent WHERE processed_at IS NULL")
    bench.keep(name, sent.rate)
    bench.keep(f"{name} p50 ms", percentile(sent.latencies, 0.5) * 1000)
    bench.keep(f"{name} p99 ms", percentile(sent.latencies, 0.99) * 1000)
    bench.keep(f"{name} worked off meanwhile", 1 - left / sent.count)
    bench.keep(f"{name} CPU ms", spent.total * 1000 / sent.count)


def bodies(bench: Bench) -> None:
    """Alerts stored a second when 100 of them come in one body."""
    place = bench.place
    place.clear()
    before = place.one("SELECT count(*) FROM alerts_alert")
    plan = bench.plan([bench.scene.alertmanager], body="alertmanager", connections=4)
    plan.count = max(4, int(60 * bench.scale))
    sent = load.run(plan)
    ended = place.wait_worked_off()
    alerts = place.one("SELECT count(*) FROM alerts_alert") - before
    if alerts != plan.count * load.ALERTS:
        raise RuntimeError(f"{plan.count * load.ALERTS} alerts were sent, {alerts} are open.")
    bench.keep("alerts in bodies", alerts / (ended - sent.began - min(sent.latencies)))


def first_page(rate: int, seconds: float) -> Callable[[Bench], None]:
    """From an event's 202 to its page at the provider, at a steady rate."""

    def measure(bench: Bench) -> None:
        bench.place.clear()
        time.sleep(0.5)
        start, began = bench.place.cpu(), time.monotonic()
        plan = bench.plan(rate=rate, count=max(10, int(rate * seconds * bench.scale)))
        sent = load.run(plan)
        paged = bench.pages.wait(plan.label, plan.count, 15)
        spent = bench.place.cpu().since(start).total
        if len(paged) < plan.count:
            raise RuntimeError(f"{plan.count} events were accepted, {len(paged)} paged.")
        waits = [paged[int(n)] - at for n, at in sent.accepted.items()]
        bench.keep(f"first page at {rate}/s p50 ms", percentile(waits, 0.5) * 1000)
        bench.keep(f"first page at {rate}/s p99 ms", percentile(waits, 0.99) * 1000)
        idle = bench.samples.get("idle CPU", [0.0])[-1] * (time.monotonic() - began)
        bench.keep(f"CPU at {rate}/s ms", (spent - idle) * 1000 / plan.count)

    return measure


def sustained(bench: Bench) -> None:
    """Events that became pages a second: sent as fast as they are taken, until the last page."""
    _sustain(bench, "pages")


def sustained_with_receipts(bench: Bench) -> None:
    """The same while the provider reports three states of every text."""
    bench.twilio.knobs(callbacks=True)
    try:
        _sustain(bench, "pages with receipts")
        time.sleep(2)
    finally:
        bench.twilio.knobs(callbacks=False)


def _sustain(bench: Bench, name: str) -> None:
    place = bench.place
    place.clear()
    time.sleep(0.5)
    start = place.cpu()
    plan = bench.plan(count=max(200, int(4000 * bench.scale)))
    sent = load.run(plan)
    paged = bench.pages.wait(plan.label, plan.count, 20)
    spent = place.cpu().since(start)
    if len(paged) < plan.count:
        raise RuntimeError(f"{plan.count} events were accepted, {len(paged)} paged.")
    took = max(paged.values()) - sent.began
    bench.keep(name, plan.count / took)
    bench.keep(f"{name}: CPU ms", spent.total * 1000 / plan.count)
    bench.keep(f"{name}: CPU ms of PostgreSQL", spent.postgres * 1000 / plan.count)


def idle(bench: Bench) -> None:
    """CPU a second of a house where nothing happens."""
    bench.place.clear()
    time.sleep(1)
    start, began = bench.place.cpu(), time.monotonic()
    time.sleep(10 * max(0.3, bench.scale))
    spent = bench.place.cpu().since(start).total
    bench.keep("idle CPU", spent / (time.monotonic() - began))
