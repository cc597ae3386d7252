"""Working off a replay, a piece at a time, by the one who works off the inbox and after it.

What an event has already done is not done again: a thing it said that led to an alert is passed
over (`spent`). So a replay may be run twice, or die half way, and pages nobody a second time. A dry
one goes the same way and touches no alert: it writes down what it would have opened, for itself
(`Imagined`). Where processes die with a piece in hand again and again, the piece is passed over.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from alertops import doorbell, loops, prepared
from alerts.signals import Outcome, Signal
from integrations import calming, maintenance, spent
from integrations.addresses import addressees
from integrations.asks import Ask, settle
from integrations.models import Imagined, Replay
from integrations.reading import Event, Reading, read_event
from integrations.states import Outcome as Word
from integrations.states import most_telling

PIECE = 250
LINES = 50
TRIES = 3
"""How many processes may die with a piece in hand before it is passed over."""
EACH = 1.0
"""Seconds between two looks for a replay."""
PATIENCE = 60
"""Seconds that what a range opens waits before it pages: its recovery may come next."""
UNCHANGED = "unchanged"

_NEXT = """
SELECT e.id, e.integration_id, e.body, e.content_type, e.content_encoding, e.dialect, e.own_key,
    e.oversized, e.refused, e.attempts, e.key_id, e.received_at, e.headers -> 'address'
FROM integrations_inboundevent e
WHERE e.id > %s AND e.id <= %s AND e.processed_at IS NOT NULL
    AND (%s::bigint IS NULL OR e.integration_id = %s) AND (%s = '' OR e.outcome = %s)
ORDER BY e.id LIMIT %s
"""
_RECALL = """
SELECT k.source_id, k.dedup_key, coalesce(i.is_open, EXISTS (
    SELECT FROM alerts_alert o
    WHERE o.source_id = k.source_id AND o.dedup_key = k.dedup_key AND o.status <> 'resolved'
))
FROM unnest(%s::bigint[], %s::text[]) AS k(source_id, dedup_key)
LEFT JOIN integrations_imagined i
    ON i.replay_id = %s AND i.source_id = k.source_id AND i.dedup_key = k.dedup_key
"""
_REMEMBER = """
INSERT INTO integrations_imagined AS i (replay_id, source_id, dedup_key, is_open)
SELECT %s, n.source_id, n.dedup_key, n.is_open
FROM unnest(%s::bigint[], %s::text[], %s::bool[]) AS n(source_id, dedup_key, is_open)
ON CONFLICT (replay_id, source_id, dedup_key) DO UPDATE SET is_open = excluded.is_open
WHERE i.is_open <> excluded.is_open
"""

_asked = float("-inf")
logger = logging.getLogger(__name__)


def begin() -> bool:
    """Write down that the next piece of the oldest unfinished replay is tried. False when there is
    none. To be committed before `work`: a piece that kills must not be tried for ever."""
    replay = _oldest()
    if replay is not None:
        replay.tries += 1
        replay.save(update_fields=["tries"])
    return replay is not None


def _oldest() -> Replay | None:
    return Replay.objects.filter(finished_at__isnull=True).order_by("id").first()


def work(now: datetime) -> bool:
    """Do the next piece of the oldest unfinished replay. False when there is none.

    Call it while holding the inbox, in its transaction.
    """
    replay = _oldest()
    if replay is None:
        return False
    events = _events(replay)
    if not events:
        replay.finished_at = now
        replay.save(update_fields=["finished_at"])
        forget(replay)
        return True
    if replay.tries > TRIES:
        logger.error("Replay %s was left at event %s too often", replay.pk, events[0].id)
        _count(replay, Counter({Word.ERROR.value: len(events)}))
    else:
        _try(replay, events, now)
    replay.done += len(events)
    replay.reached, replay.tries = events[-1].id, 0
    replay.save(update_fields=["done", "reached", "counts", "lines", "tries"])
    return True


def _try(replay: Replay, events: Sequence[Event], now: datetime) -> None:
    try:
        with transaction.atomic():
            _piece(replay, events, now)
    except Exception:  # a piece that cannot be done must not be tried for ever
        if loops.is_lost():
            raise
        logger.exception("Replay %s failed at event %s", replay.pk, events[0].id)
        _count(replay, Counter({Word.ERROR.value: len(events)}))


def is_due() -> bool:
    """Whether to ask for replays now: while one runs, else once a second."""
    global _asked
    at = time.monotonic()
    if at - _asked < EACH:
        return False
    _asked = at
    return True


def again() -> None:
    """Ask at the next look."""
    global _asked
    _asked = float("-inf")


def forget(replay: Replay) -> None:
    """It is over: what it imagined is of no more use."""
    Imagined.objects.filter(replay=replay).delete()


def _events(replay: Replay) -> list[Event]:
    with prepared.cursor() as cursor:
        source, word = replay.integration_id, replay.outcome
        after = max(replay.reached, replay.first - 1)
        cursor.execute(_NEXT, [after, replay.last, source, source, word, word, PIECE])
        return [Event(row[0], row[1], bytes(row[2]), *row[3:]) for row in cursor.fetchall()]


def _piece(replay: Replay, events: Sequence[Event], now: datetime) -> None:
    known = addressees({event.integration_id for event in events})
    windows = maintenance.active(now)
    readings = [read_event(event, known[event.integration_id], windows) for event in events]
    passed, last = spent.leave_out(readings)
    signals = [signal for reading in readings for signal in reading.signals]
    if replay.is_dry:
        outcomes = _imagine(replay, signals)
    else:
        for signal in signals:
            if isinstance(signal, Signal):
                signal.facts["replay"] = replay.pk
                signal.wait = max(signal.wait, PATIENCE if replay.total > 1 else 0)
        outcomes = settle(signals, now=now)
        calming.gather(readings, outcomes, known, now)
    _tell(replay, readings, outcomes, passed)
    if not replay.is_dry:
        _record(readings, outcomes, last)
        doorbell.ring_on_commit("tick")


def _imagine(replay: Replay, signals: Sequence[Signal | Ask]) -> list[Outcome]:
    """Return what would become of signals, and remember it for those that follow."""
    ours = [signal for signal in signals if isinstance(signal, Signal)]
    keys = sorted({signal.key for signal in ours})
    sources, names = [source for source, _ in keys], [name for _, name in keys]
    with prepared.cursor() as cursor:
        cursor.execute(_RECALL, [sources, names, replay.pk])
        memory = {(source, name): is_open for source, name, is_open in cursor.fetchall()}
    outcomes = []
    for signal in ours:
        is_open = memory[signal.key]
        if signal.action == "trigger":
            word = "appended" if is_open else "suppressed" if signal.hold else "created"
            memory[signal.key] = True
        elif not is_open:
            word = "no_open_alert"
        else:
            word = "resolved" if signal.action == "resolve" else "acknowledged"
            memory[signal.key] = signal.action != "resolve"
        outcomes.append(Outcome(word))
    with prepared.cursor() as cursor:
        cursor.execute(_REMEMBER, [replay.pk, sources, names, [memory[key] for key in keys]])
    return outcomes


def _tell(
    replay: Replay, readings: Sequence[Reading], outcomes: Sequence[Outcome], passed: int
) -> None:
    """Count what became of it, and keep the first few lines to look at."""
    counts = Counter({UNCHANGED: passed} if passed else {})
    start = 0
    for reading in readings:
        for row in reading.rows:
            outcome = outcomes[start + row["signal"]]
            signal = reading.signals[row["signal"]]
            counts[outcome.outcome] += 1
            if len(replay.lines) < LINES and isinstance(signal, Signal):
                replay.lines.append(
                    {
                        "event": reading.event.id,
                        "outcome": outcome.outcome,
                        "alert": outcome.alert_id,
                        "title": signal.title[:120],
                        "key": signal.dedup_key[:80],
                    }
                )
        start += len(reading.signals)
    _count(replay, counts)


def _count(replay: Replay, counts: Counter[str]) -> None:
    replay.counts = dict(Counter(replay.counts) + counts)


_ADD = """
INSERT INTO integrations_eventoutcome
    (event_id, position, dedup_key, outcome, alert_id, route_id, routed_by, detail)
SELECT event_id, position, dedup_key, outcome, alert_id, route_id, routed_by, detail
FROM jsonb_to_recordset(%s::jsonb) AS o(event_id bigint, position int, dedup_key text,
    outcome text, alert_id bigint, route_id bigint, routed_by text, detail text)
"""
_CHANGE = """
UPDATE integrations_inboundevent e SET outcome = d.outcome
FROM jsonb_to_recordset(%s::jsonb) AS d(id bigint, outcome text) WHERE e.id = d.id
"""


def _record(readings: Sequence[Reading], outcomes: Sequence[Outcome], last: dict[int, int]) -> None:
    """Add to each event's log what has become of it now: only what led to an alert."""
    rows: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    start = 0
    for reading in readings:
        event_id, words = reading.event.id, []
        for row in reading.rows:
            outcome = outcomes[start + row.pop("signal")]
            if outcome.alert_id is None:
                continue
            last[event_id] = last.get(event_id, -1) + 1
            row.update(outcome=outcome.outcome, alert_id=outcome.alert_id, position=last[event_id])
            row["detail"] = "; ".join(filter(None, [row["detail"], "replayed"]))
            words.append(outcome.outcome)
            rows.append(row)
        start += len(reading.signals)
        if words:
            changed.append({"id": event_id, "outcome": most_telling(words)})
    if rows:
        with prepared.cursor() as cursor:
            cursor.execute(_ADD, [orjson.dumps(rows).decode()])
            cursor.execute(_CHANGE, [orjson.dumps(changed).decode()])
