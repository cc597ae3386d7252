"""Ten thousand events of the log, replayed for real while the house lives on."""

import time

from tools.bench import load
from tools.bench.dressed import ask
from tools.bench.figures import Bench, percentile

EVENTS = 10_000
NEW = 20
"""Events a second that come in meanwhile."""


def replay(bench: Bench) -> None:
    """Events replayed a second, how often its page has something new to say, and how late what
    comes in meanwhile is paged."""
    place = bench.place
    place.clear()
    ask(bench, "drop")
    load.run(bench.plan(count=int(EVENTS * bench.scale)))
    place.wait_worked_off()
    ask(bench, "off")
    number = int(ask(bench, "replay").splitlines()[-1])
    plan = bench.plan(rate=NEW, count=int(NEW * 8 * bench.scale))
    running, seen = load.start(plan), set()
    while True:
        done, took, total = place.sql(
            "SELECT done, extract(epoch FROM finished_at - created_at)::float8, total"
            " FROM integrations_replay WHERE id = %s",
            [number],
        )[0]
        seen.add(done)
        if took is not None:
            break
        time.sleep(0.05)
    sent = load.collect(running)
    alerts = place.one("SELECT count(*) FROM alerts_alert")
    if done != total or alerts != total + plan.count:
        raise RuntimeError(f"Of {total} events {done} were replayed, {alerts} alerts are there.")
    first = bench.pages.wait(plan.label, plan.count, 15)
    waits = [first[int(n)] - at for n, at in sent.accepted.items()]
    bench.keep("replayed a second", total / took)
    bench.keep("replay, steps of its progress", len(seen))
    bench.keep("replay, first page meanwhile p99 ms", percentile(waits, 0.99) * 1000)
