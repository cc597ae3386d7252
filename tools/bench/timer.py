"""The timer: a hundred thousand escalations that want their next step at one instant, or spread.

The rows are written straight into the tables, in the middle of a policy. Everything runs as in
production: while the tick queues notifications, the dispatcher sends them and holds back what is
over a person's cap. Measured is the queueing: an instant later would be the tick's fault.
"""

import itertools
import time
from collections import deque

from tools.bench.figures import Bench, percentile

ESCALATIONS = 100_000
SPREAD = 60.0
LOOK = 0.02  # seconds between two looks of the bench; lateness is measured no finer
REACH = 0.5  # seconds by which rows may be committed out of their order
BACK = 5  # looks after which the bench looks so far back: what comes out of order counts as later

_ALERTS = """
INSERT INTO alerts_alert (dedup_key, title, description, severity, status, group_id, tags, links,
    details, event_count, opened_at, last_event_at, acknowledgement_expires, suppressed, wake_at,
    wake, epoch)
SELECT '', 'Disk full on db-' || n, '', 'critical', 'triggered', g.ids[1 + n %% cardinality(g.ids)],
    '{}', '[]', '{}', 1, now(), now(), false, false, to_timestamp(%s + %s::float8 * n / %s),
    'step', 1
FROM generate_series(0, %s - 1) AS n,
    (SELECT array_agg(id ORDER BY id) AS ids FROM groups_group) AS g
"""
_ESCALATIONS = """
INSERT INTO escalation_escalation (alert_id, version_id, chosen_by, round, level, member, send,
    fired, started_at)
SELECT id, %s, 'group', 0, 1, 0, 0, 1, now() FROM alerts_alert WHERE wake = 'step' AND id >= %s
"""
_QUEUED = "SELECT last_value - (NOT is_called)::int FROM escalation_notification_id_seq"
_COUNT = "SELECT count(*) FROM escalation_notification WHERE alert_id >= %s"


def storm(bench: Bench) -> None:
    """Seconds until all of them have their notifications, due at one instant."""
    count = int(ESCALATIONS * bench.scale)
    at, first = _prepare(bench, count, 0.0)
    place, start = bench.place, _queued(bench)
    made = 0
    while made < count:
        if time.time() > at + 120:
            raise RuntimeError(f"{_queued(bench) - start} of {count} steps were taken in 120 s.")
        time.sleep(LOOK)
        if _queued(bench) - start >= count:  # begun; committed when they can be counted
            made = place.one(_COUNT, [first])
    bench.keep("storm, all queued s", (time.time() - at) * ESCALATIONS / count)


def spread(bench: Bench) -> None:
    """How late each is queued when they are due over a minute."""
    count, seconds = int(ESCALATIONS * bench.scale), SPREAD * bench.scale
    at, first = _prepare(bench, count, seconds)
    seen: dict[int, float] = {}
    last = floor = bench.place.one("SELECT coalesce(max(id), 0) FROM escalation_notification")
    floors: deque[tuple[float, int]] = deque()
    for look in itertools.count():
        if len(seen) >= count or time.time() > at + seconds + 60:
            break
        rows = bench.place.sql(
            "SELECT id, alert_id FROM escalation_notification WHERE id > %s AND alert_id + 0 >= %s",
            [last if look % BACK else floor, first],
        )
        now = time.time()
        for number, alert in rows:
            last = max(last, number)
            seen.setdefault(alert, now)
        floors.append((now, last))
        while now - floors[0][0] > REACH:
            floor = floors.popleft()[1]
        time.sleep(LOOK)
    if len(seen) < count:
        raise RuntimeError(f"Of {count} steps {len(seen)} were taken.")
    late = [when - (at + seconds * (alert - first) / count) for alert, when in seen.items()]
    bench.keep("spread, late p50 ms", percentile(late, 0.5) * 1000)
    bench.keep("spread, late p99 ms", percentile(late, 0.99) * 1000)


def _prepare(bench: Bench, count: int, seconds: float) -> tuple[float, int]:
    """Write the rows; return when the first is due and the id of the first alert."""
    place = bench.place
    place.clear()
    at = time.time() + 10 + 25 * bench.scale
    first = place.one("SELECT coalesce(max(id), 0) + 1 FROM alerts_alert")
    place.sql(_ALERTS, [at, seconds, count, count])
    first = place.one("SELECT min(id) FROM alerts_alert WHERE id >= %s", [first])
    place.sql(_ESCALATIONS, [bench.scene.version_id, first])
    place.sql("ANALYZE alerts_alert, escalation_escalation")
    place.sql("CHECKPOINT")
    if time.time() > at - 1:
        raise RuntimeError("The machine is too slow to write the rows in time.")
    time.sleep(at - time.time())
    return at, first


def _queued(bench: Bench) -> int:
    """How many notifications were ever queued; asks the sequence, so it costs nothing."""
    return int(bench.place.one(_QUEUED))
