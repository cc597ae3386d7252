"""One integration is flooded: what its neighbours feel of it, who is paged, what is lost.

It has the limits every integration begins with and looks for storms. The neighbours' events are
timed twice, side by side: while nothing else happens, and while the flood goes on.
"""

import time

from tools.bench import load
from tools.bench.figures import Bench, percentile
from tools.bench.load import Sent

FLOOD = 1000
"""Events a second."""
NEIGHBOURS = 50
SECONDS = 30
_ROWS = "SELECT count(*) FROM integrations_inboundevent WHERE integration_id = %s AND refused = 0"
_ALERTED = """
SELECT count(DISTINCT o.event_id) FROM integrations_eventoutcome o
JOIN integrations_inboundevent e ON e.id = o.event_id
WHERE e.integration_id = %s AND e.refused = 0 AND o.alert_id IS NOT NULL
"""


def flood(bench: Bench) -> None:
    """Every event with a key of its own, then all of them with one."""
    accepts, waits = _neighbours(bench, "flood, neighbours' {} quiet", None)
    for body, name in (("distinct", "flood"), ("same", "flood of one key")):
        found = _neighbours(bench, f"{name}, neighbours' {{}}", body)
        bench.keep(f"{name}, neighbours' p99 / quiet", found[0] / accepts)
        bench.keep(f"{name}, neighbours' first page / quiet", found[1] / waits)


def _neighbours(bench: Bench, name: str, body: str | None) -> tuple[float, float]:
    """Send the neighbours' events, perhaps while a flood goes on. Returns both p99, in ms."""
    place, pages = bench.place, bench.pages
    place.clear()
    time.sleep(0.5)
    pages.look()
    paged = {phone: pages.by_number[phone] for phone in bench.scene.flooded_phones}
    count = int(NEIGHBOURS * (SECONDS + 1) * bench.scale)
    plan = bench.plan(rate=NEIGHBOURS, count=count)
    running = load.start(plan)
    time.sleep(0.5)
    if body is not None:
        _flood(bench, name.partition(",")[0], body)
    sent = load.collect(running)
    if sent.count != count:
        raise RuntimeError(f"A neighbour's event was refused: {sent.statuses}")
    first = pages.wait(plan.label, count, 30)
    if len(first) < count:
        raise RuntimeError(f"{count} events of neighbours were accepted, {len(first)} paged.")
    accepts = percentile([at - sent.asked[n] for n, at in sent.accepted.items()], 0.99) * 1000
    waits = percentile([first[int(n)] - at for n, at in sent.accepted.items()], 0.99) * 1000
    bench.keep(name.format("p99 ms"), accepts)
    bench.keep(name.format("first page p99 ms"), waits)
    if body is not None:
        time.sleep(2)
        pages.look()
        got = [pages.by_number[phone] - before for phone, before in paged.items()]
        bench.keep(f"{name.partition(',')[0]}, pages to its group", sum(got))
    return accepts, waits


def _flood(bench: Bench, name: str, body: str) -> None:
    """Flood it, and make sure that whatever was accepted is there and has its alert."""
    scene, place = bench.scene, bench.place
    count = int(FLOOD * SECONDS * bench.scale)
    plan = bench.plan([scene.flooded], body=body, rate=FLOOD, count=count)
    sent = load.collect(load.start(plan))
    if set(sent.statuses) - {"202", "429"}:
        raise RuntimeError(f"A flood is accepted or refused, nothing else: {sent.statuses}")
    place.wait_worked_off()
    _nothing_is_lost(bench, sent)
    bench.keep(f"{name}, sent a second", count / (sent.ended - sent.began))
    bench.keep(f"{name}, accepted", sent.count)


def _nothing_is_lost(bench: Bench, sent: Sent) -> None:
    for what, statement in (("stored", _ROWS), ("alerts", _ALERTED)):
        found = bench.place.one(statement, [bench.scene.flooded_id])
        if found != sent.count:
            raise RuntimeError(f"{sent.count} events of the flood were accepted, {found} {what}.")
