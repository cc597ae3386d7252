"""Working off a replay, a piece at a time, by the one who works off the inbox and after it.

What an event has already done is not done again: a thing it said that led to an alert is passed
over (`spent`). So a replay may be run twice, or die half way, and pages nobody a second time. A dry
one goes the same way and writes nothing; it remembers what it would have opened in this process,
and begins anew when another process takes it up. Where a process died with a piece in hand, a dry
one is stopped; a real one goes on, and passes the piece over if that happens again and again.
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from alertops import doorbell, loops, prepared
from alerts.signals import Key, Outcome, Signal
from integrations import calming, maintenance, spent
from integrations.addresses import addressees
from integrations.asks import Ask, settle
from integrations.models import Replay
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
_OPEN = """
SELECT k.source_id, k.dedup_key
FROM unnest(%s::bigint[], %s::text[]) AS k(source_id, dedup_key), LATERAL (
    SELECT FROM alerts_alert o
    WHERE o.source_id = k.source_id AND o.dedup_key = k.dedup_key AND o.status <> 'resolved'
    LIMIT 1
) AS a
"""


@dataclass(slots=True)
class _Dry:
    """What a dry replay would have opened and closed so far."""

    replay: int
    open: dict[Key, bool] = field(default_factory=dict)


_dry: _Dry | None = None
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
    _begin(replay)
    events = _events(replay)
    was_left = replay.is_dry and replay.tries > 1
    if was_left or not events:
        replay.finished_at, replay.stopped = now, was_left
        replay.save(update_fields=["finished_at", "stopped"])
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


def _begin(replay: Replay) -> None:
    """Where a dry one was begun elsewhere, what it would have opened is not known here: anew."""
    global _dry
    if replay.is_dry and (_dry is None or _dry.replay != replay.pk):
        _dry = _Dry(replay.pk)
        replay.done, replay.reached, replay.counts, replay.lines = 0, replay.first - 1, {}, []


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
        outcomes = _imagine(signals)
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


def _imagine(signals: Sequence[Signal | Ask]) -> list[Outcome]:
    """Return what would become of signals, and remember it for those that follow."""
    memory = _dry.open if _dry is not None else {}
    ours = [signal for signal in signals if isinstance(signal, Signal)]
    unknown = sorted({signal.key for signal in ours} - memory.keys())
    with prepared.cursor() as cursor:
        cursor.execute(_OPEN, [[source for source, _ in unknown], [key for _, key in unknown]])
        are_open = set(cursor.fetchall())
    memory.update({key: key in are_open for key in unknown})
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
