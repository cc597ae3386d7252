"""What monitoring tools say, turned into alerts: a whole batch in four statements.

The rules are PagerDuty's (semantics §1): a trigger for an open key is appended, for a resolved key
opens a new alert; an acknowledge or resolve for no open alert makes nothing. Six simultaneous
deliveries make one alert because the partial unique index says so.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction

from alertops import prepared
from alerts.bundles import pass_on
from alerts.signals import Hold, Key, Outcome, Signal, held
from alerts.states import SEVERITY_RANK, Kind, Severity, Status, Wake, urgency_of
from alerts.timeline import Fact, record

__all__ = ["Hold", "Outcome", "Signal", "open_alerts"]


@dataclass(slots=True)
class _Open:
    id: int
    status: str
    severity: str
    event_count: int
    quiet: bool
    """Snoozed or held back: it may grow more urgent without waking anybody."""


def open_alerts(signals: Sequence[Signal], *, now: datetime) -> list[Outcome]:
    """Work signals off in order; the answers come in the same order.

    Call it inside a transaction that also stores the outcome. Signals of one key keep their order;
    a run of triggers of one key costs as much as one.
    """
    outcomes: list[Outcome] = [Outcome("no_open_alert")] * len(signals)
    with transaction.atomic(savepoint=False):  # all of it or none: the caller's to undo
        for wave in _waves(signals):
            _work(wave, signals, outcomes, now)
    return outcomes


def _waves(signals: Sequence[Signal]) -> Iterable[dict[Key, list[int]]]:
    """Cut the batch so that each wave has each key once, with one action (repeats folded)."""
    queues: dict[Key, list[list[int]]] = defaultdict(list)
    for index, signal in enumerate(signals):
        runs = queues[signal.key]
        if runs and signals[runs[-1][0]].action == signal.action:
            runs[-1].append(index)
        else:
            runs.append([index])
    depth = 0
    while wave := {key: runs[depth] for key, runs in queues.items() if len(runs) > depth}:
        yield wave
        depth += 1


def _work(
    wave: dict[Key, list[int]], signals: Sequence[Signal], outcomes: list[Outcome], now: datetime
) -> None:
    known = _lock_open(wave)
    facts: list[Fact] = []
    fresh: dict[Key, list[int]] = {}
    again: dict[Key, list[int]] = {}
    appended: list[dict[str, Any]] = []
    moved: dict[str, list[int]] = {"acknowledge": [], "resolve": []}
    for key, run in sorted(wave.items()):
        signal, alert = signals[run[0]], known.get(key)
        if signal.action == "trigger":
            (fresh if alert is None else again)[key] = run
        elif alert is not None:
            _answer(outcomes, run, _done(signal.action), alert.id)
            if signal.action == "resolve" or alert.status == Status.TRIGGERED:
                moved[signal.action].append(alert.id)
                kind = Kind.RESOLVED if signal.action == "resolve" else Kind.ACKNOWLEDGED
                facts.append(Fact(alert.id, kind, now, None, {"via": "source", **signal.facts}))
    if fresh and (late := _insert(fresh, signals, outcomes, now, facts)):
        known |= _lock_open(late)
        again |= {key: fresh[key] for key in late}
    for key, run in again.items():
        appended.append(_append(known[key], [signals[i] for i in run], now, facts))
        _answer(outcomes, run, "appended", known[key].id)
    _update(appended, now)
    _resolve(moved["resolve"], now)
    _acknowledge(moved["acknowledge"], now)
    record(facts)


def _done(action: str) -> str:
    return "resolved" if action == "resolve" else "acknowledged"


def _answer(outcomes: list[Outcome], run: list[int], word: str, alert_id: int) -> None:
    for index in run:
        outcomes[index] = Outcome(word, alert_id)


# Key by key: a join may be planned as one look through all of them.
_LOCK = """
SELECT a.id, a.source_id, a.dedup_key, a.status, a.severity, a.event_count,
       a.snoozed_until IS NOT NULL OR a.suppressed
FROM alerts_alert a
WHERE a.status <> 'resolved' AND a.id = ANY(ARRAY(
    SELECT found.id FROM unnest(%s::bigint[], %s::text[]) AS k(source_id, dedup_key), LATERAL (
        SELECT o.id FROM alerts_alert o
        WHERE o.source_id = k.source_id AND o.dedup_key = k.dedup_key AND o.status <> 'resolved'
        LIMIT 1
    ) AS found))
ORDER BY a.id FOR UPDATE
"""


def _lock_open(wave: Iterable[Key]) -> dict[Key, _Open]:
    """Lock the open alerts of these keys, in one order so that two batches never deadlock."""
    keys = list(wave)
    with prepared.cursor() as cursor:
        cursor.execute(_LOCK, [[source for source, _ in keys], [key for _, key in keys]])
        return {
            (row[1], row[2]): _Open(row[0], row[3], row[4], row[5], row[6])
            for row in cursor.fetchall()
        }


_INSERT = """
INSERT INTO alerts_alert (source_id, dedup_key, title, description, severity, status, group_id,
    assignee_id, policy_hint, tags, links, details, event_count, opened_at, last_event_at, wake_at,
    wake, epoch, suppressed, discard_at, acknowledgement_expires, bundle)
SELECT source_id, dedup_key, title, description, severity, 'triggered', group_id, assignee_id,
    policy_hint, tags, links, details, event_count, %s, %s, wake_at, wake, 1, suppressed,
    discard_at, false, bundle
FROM jsonb_to_recordset(%s::jsonb) AS s(source_id bigint, dedup_key text, title text,
    description text, severity text, group_id bigint, assignee_id bigint, policy_hint bigint,
    tags text[], links jsonb, details jsonb, event_count int, wake_at timestamptz, wake text,
    suppressed boolean, discard_at timestamptz, bundle text)
ON CONFLICT (source_id, dedup_key) WHERE status <> 'resolved'
DO UPDATE SET last_event_at = excluded.last_event_at
RETURNING id, source_id, dedup_key, xmax = 0
"""


def _insert(
    fresh: dict[Key, list[int]],
    signals: Sequence[Signal],
    outcomes: list[Outcome],
    now: datetime,
    facts: list[Fact],
) -> list[Key]:
    """Open alerts, each as the most severe of its signals says: whoever that one is for is paged.

    Returns the keys where another batch was quicker: those alerts are there, and locked, now.
    """
    openers = {key: min(run, key=lambda i: _rank(signals[i])) for key, run in fresh.items()}
    rows = [_row(signals[first], len(fresh[key]), now) for key, first in openers.items()]
    late: list[Key] = []
    with prepared.cursor() as cursor:
        cursor.execute(_INSERT, [now, now, orjson.dumps(rows).decode()])
        for pk, source_id, dedup_key, is_new in cursor.fetchall():
            key = (source_id, dedup_key)
            if not is_new:
                late.append(key)
                continue
            run, signal = fresh[key], signals[openers[key]]
            _answer(outcomes, run, "appended", pk)
            outcomes[openers[key]] = Outcome("suppressed" if signal.hold else "created", pk)
            facts += _opening(pk, signal, now)
            if len(run) > 1:
                facts.append(Fact(pk, Kind.REPEATED, now, None, {"count": len(run)}))
    return late


def _rank(signal: Signal) -> int:
    return SEVERITY_RANK[Severity(signal.severity)]


def _opening(pk: int, signal: Signal, now: datetime) -> list[Fact]:
    """What the timeline begins with."""
    waits = {"wait": signal.wait} if signal.wait else {}
    told = [Fact(pk, Kind.OPENED, now, None, signal.facts | waits)]
    if signal.hold:
        told.append(Fact(pk, Kind.SUPPRESSED, now, None, held(signal.hold)))
    return told


def _row(signal: Signal, count: int, now: datetime) -> dict[str, Any]:
    hold = signal.hold
    wake = Wake.SUPPRESSED if hold else Wake.START
    due = now + timedelta(seconds=signal.wait)
    return {
        "source_id": signal.source_id,
        "dedup_key": signal.dedup_key,
        "title": signal.title,
        "description": signal.description,
        "severity": signal.severity,
        "group_id": signal.group_id,
        "assignee_id": signal.assignee_id,
        "policy_hint": signal.policy_hint,
        "tags": signal.tags,
        "links": signal.links,
        "details": signal.details,
        "event_count": count,
        "wake_at": max(hold.wake_at, due) if hold else due,
        "wake": wake.value if signal.group_id else Wake.ASSIGNED.value,
        "suppressed": hold is not None,
        "discard_at": hold.until if hold and hold.discard else None,
        "bundle": signal.bundle,
    }


def _append(alert: _Open, run: list[Signal], now: datetime, facts: list[Fact]) -> dict[str, Any]:
    """Fold triggers into an open alert: counted, never a new page, unless it grew more urgent."""
    worst = min(run, key=_rank)
    count = alert.event_count + len(run)
    raised = _rank(worst) < SEVERITY_RANK[Severity(alert.severity)]
    louder = raised and urgency_of(worst.severity) != urgency_of(alert.severity)
    if raised:
        change = {"from": alert.severity, "to": worst.severity}
        facts.append(Fact(alert.id, Kind.SEVERITY_RAISED, now, None, change))
    if count <= _REPEATS_TOLD or count // 100 != alert.event_count // 100:
        facts.append(Fact(alert.id, Kind.REPEATED, now, None, {"count": count}))
    return {
        "id": alert.id,
        "n": len(run),
        "severity": worst.severity if raised else alert.severity,
        # Somebody paged by the quiet rules must now be paged by the loud ones.
        "restart": louder and alert.status == Status.TRIGGERED and not alert.quiet,
        # What has become loud follows no quiet one, also not once it is let go.
        "alone": louder,
        # What waits to be paged waits no longer than if it had been as bad from the start.
        "due": now + timedelta(seconds=worst.wait) if raised and not alert.quiet else None,
    }


_REPEATS_TOLD = 5
_UPDATE = """
UPDATE alerts_alert a
SET event_count = a.event_count + r.n, last_event_at = %s, severity = r.severity,
    wake_at = CASE WHEN r.restart OR r.alone AND a.parent_id IS NOT NULL
                        AND a.status = 'acknowledged' THEN %s
                   WHEN a.wake IN ('start', 'assigned') AND a.status = 'triggered'
                   THEN least(a.wake_at, r.due)
                   ELSE a.wake_at END,
    wake = CASE WHEN a.status = 'acknowledged' THEN a.wake
                WHEN r.restart AND a.group_id IS NOT NULL THEN 'start'
                WHEN r.restart THEN 'assigned'
                WHEN r.alone AND a.wake = 'attached' AND a.group_id IS NULL THEN 'assigned'
                WHEN r.alone AND a.wake = 'attached' THEN 'suppressed'
                ELSE a.wake END,
    epoch = a.epoch + r.restart::int,
    parent_id = CASE WHEN r.alone THEN NULL ELSE a.parent_id END
FROM jsonb_to_recordset(%s::jsonb)
  AS r(id bigint, n int, severity text, restart boolean, alone boolean, due timestamptz)
WHERE a.id = r.id
"""


def _update(rows: list[dict[str, Any]], now: datetime) -> None:
    if rows:
        with prepared.cursor() as cursor:
            cursor.execute(_UPDATE, [now, now, orjson.dumps(rows).decode()])


def _resolve(ids: list[int], now: datetime) -> None:
    if not ids:
        return
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            UPDATE alerts_alert
            SET status = 'resolved', resolved_at = %s, last_event_at = %s, wake_at = NULL,
                snoozed_until = NULL, suppressed = false, discard_at = NULL,
                acknowledgement_expires = false, epoch = epoch + 1
            WHERE id = ANY(%s)
            """,
            [now, now, ids],
        )
    pass_on(ids, now)


def _acknowledge(ids: list[int], now: datetime) -> None:
    if not ids:
        return
    with prepared.cursor() as cursor:
        cursor.execute(
            """
            UPDATE alerts_alert
            SET status = 'acknowledged', acknowledged_at = %s, last_event_at = %s,
                wake_at = %s, wake = 'acknowledged', snoozed_until = NULL, suppressed = false,
                discard_at = NULL, epoch = epoch + 1
            WHERE id = ANY(%s)
            """,
            [now, now, now, ids],
        )
