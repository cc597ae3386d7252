"""What a replay passes over: what is done already, and what would let the past silence the present.
The last counts as well for an event that is tried again behind those that came after it.

What people did (acknowledge, snooze, note) is not repeated, and a recovery closes nothing that a
later event says is firing.
"""

from collections.abc import Sequence
from typing import Any

from alertops import prepared
from alerts.signals import Signal
from integrations.asks import Ask
from integrations.reading import Reading

_VERB = "acknowledge"

_DONE = """
SELECT event_id, dedup_key, max(position), bool_or(alert_id IS NOT NULL)
FROM integrations_eventoutcome WHERE event_id = ANY(%s::bigint[]) GROUP BY event_id, dedup_key
"""
_OVERTAKEN = """
SELECT k.event_id, k.dedup_key
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS k(event_id, source_id, dedup_key), LATERAL (
    SELECT o.id FROM alerts_alert o
    WHERE o.source_id = k.source_id AND o.dedup_key = k.dedup_key AND o.status <> 'resolved'
    LIMIT 1
) AS a
WHERE EXISTS (
    SELECT 1 FROM integrations_eventoutcome o WHERE o.alert_id = a.id AND o.event_id > k.event_id
        AND o.outcome IN ('created', 'suppressed', 'appended')
)
"""


def leave_out(readings: Sequence[Reading]) -> tuple[int, dict[int, int]]:
    """Take out of the readings what is not to be done. Returns how many things were passed over,
    and the last position of each event's log."""
    done, last = _before([reading.event.id for reading in readings])
    return _leave_out(readings, done | _overtaken(readings, ("resolve",))), last


def hold_to_order(readings: Sequence[Reading]) -> None:
    """Take out of events that were put aside what later ones have overtaken: that it is over, or in
    hand, was said of what has fired again since."""
    late = [reading for reading in readings if reading.event.attempts]
    over = _overtaken(late, ("resolve", _VERB)) if late else set()
    for reading in late if over else ():
        kept: list[Signal | Ask] = []
        grouped: dict[int, int] = {}
        for row in reading.rows:
            if (index := row["signal"]) is None:
                continue
            signal = reading.signals[index]
            is_late = isinstance(signal, Signal) and signal.action in ("resolve", _VERB)
            if is_late and (reading.event.id, row["dedup_key"]) in over:
                row["signal"], row["detail"] = None, "It has fired again since."
                continue
            if index in reading.grouped:
                grouped[len(kept)] = reading.grouped[index]
            row["signal"] = len(kept)
            kept.append(signal)
        reading.signals, reading.grouped = kept, grouped


def _before(ids: list[int]) -> tuple[set[tuple[int, str]], dict[int, int]]:
    """Return what these events have already led to, and the last position of each one's log."""
    done: set[tuple[int, str]] = set()
    last: dict[int, int] = {}
    with prepared.cursor() as cursor:
        cursor.execute(_DONE, [ids])
        for event_id, dedup_key, position, has_alert in cursor.fetchall():
            last[event_id] = max(last.get(event_id, -1), position)
            if has_alert:
                done.add((event_id, dedup_key))
    return done, last


def _overtaken(readings: Sequence[Reading], words: Sequence[str]) -> set[tuple[int, str]]:
    """Return what says one of these words of an alert that has fired again since."""
    over = [
        (reading.event.id, *signal.key)
        for reading in readings
        for signal in reading.signals
        if isinstance(signal, Signal) and signal.action in words
    ]
    if not over:
        return set()
    with prepared.cursor() as cursor:
        cursor.execute(_OVERTAKEN, [list(each) for each in zip(*over, strict=True)])
        return {(event_id, dedup_key) for event_id, dedup_key in cursor.fetchall()}


def _leave_out(readings: Sequence[Reading], spent: set[tuple[int, str]]) -> int:
    """Take out of the readings what is spent, and verbs: what people did is not repeated."""
    passed = 0
    for reading in readings:
        kept: list[Signal | Ask] = []
        grouped: dict[int, int] = {}
        rows: list[dict[str, Any]] = []
        for row in reading.rows:
            index = row["signal"]
            signal = reading.signals[index] if index is not None else None
            is_spent = (reading.event.id, row["dedup_key"]) in spent
            if signal is None or is_spent or isinstance(signal, Ask) or signal.action == _VERB:
                passed += 1
                continue
            if index in reading.grouped:
                grouped[len(kept)] = reading.grouped[index]
            row["signal"] = len(kept)
            kept.append(signal)
            rows.append(row)
        passed += not reading.rows
        reading.signals, reading.rows, reading.grouped = kept, rows, grouped
    return passed
