"""The inbox: events become alerts, those of an integration in order, in batches, exactly once.

One transaction per batch: alerts, outcomes and "processed" are committed together, so a crash
leaves the events waiting and nothing half done. One runner at a time holds the inbox (an advisory
lock that ends with its transaction), because a recovery must not overtake its alert. An event that
breaks the batch is worked off by itself; one that keeps failing still pages, saying so. So does one
that kills whoever reads it (`suspects`).
"""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import OperationalError, transaction

from alertops import doorbell, loops, prepared
from alerts.signals_in import Outcome
from integrations import calming, maintenance, replaying, retention, spent, suspects
from integrations.addresses import addressees, seen, used
from integrations.asks import settle
from integrations.reading import Event, Reading, poisoned, read_event
from integrations.states import Outcome as Word
from integrations.states import most_telling

logger = logging.getLogger(__name__)

BATCH = 500
SHARE = 100
"""Events of one integration in a batch: whoever comes behind a flood waits for no more of it."""
LOOK = 4
"""How many batches far the others are looked for."""
BYTES = 1024 * 1024
FEW = 8
PAUSE = 0.01
"""Seconds to let events gather where more than FEW came at once: a batch costs what it costs."""
LOCK = 0x1_A1E_27  # the inbox, in PostgreSQL's advisory locks
SLOW = 2.0  # seconds of working one by one before the loop must show that it is alive
PATIENCE = 10  # tries where the database was busy, not the event at fault
_AGAIN = (timedelta(seconds=1), timedelta(seconds=5))


def process(now: datetime) -> datetime | None:
    """Work off one batch. Returns `now` when there was more than that; later events ring."""
    _look_after(now)
    marked: set[int] = set()
    try:
        with transaction.atomic():
            claimed = _claim(now)
            events = suspects.pick(claimed)
            if suspects.is_in_doubt(events, now):
                marked = suspects.mark(events)
            else:
                _work(events, now)
        if suspects.is_guilty(events):
            _failed(events[0], events[0].attempts, now)
        elif marked:
            with transaction.atomic():
                _work([event for event in _claim(now) if event.id in marked], now)
    except Exception as error:  # nothing an event does may stop the inbox
        if loops.is_lost():
            raise
        logger.exception("A batch of the inbox failed (%s); one by one", type(error).__name__)
        suspects.clear(marked)
        return _one_by_one(now)
    if events:
        suspects.worked()
    if len(events) < len(claimed) or _is_full(events):
        return now
    if len(events) > FEW:
        time.sleep(PAUSE)
    return now if replaying.is_due() and _replay(now) else None


def _is_full(events: Sequence[Event]) -> bool:
    """Whether there may be more of them than what was claimed."""
    if len(events) == BATCH or sum(len(event.body) for event in events) >= BYTES:
        return True
    counted = Counter(event.integration_id for event in events)
    return any(count == SHARE for count in counted.values())


def _look_after(now: datetime) -> None:
    for look in (maintenance.look, retention.look, calming.look):
        try:
            look(now)
        except Exception:  # whatever is wrong with one, the others go on and events become alerts
            if loops.is_lost():
                raise
            logger.exception("%s could not be looked after", look.__module__)


def _replay(now: datetime) -> bool:
    """Do a piece of a replay, if there is one: after what has just come in, never before it."""
    try:
        with transaction.atomic():
            has_more = _holds_the_inbox() and replaying.begin()
        if has_more:
            with transaction.atomic():
                has_more = _holds_the_inbox() and replaying.work(now)
    except Exception:
        if loops.is_lost():
            raise
        logger.exception("A replay failed")
        return False
    if has_more:
        replaying.again()
    return has_more


def _holds_the_inbox() -> bool:
    with prepared.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def waiting() -> int:
    """How many events wait (at most 10,000 are counted)."""
    with prepared.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM integrations_inboundevent"
            " WHERE processed_at IS NULL LIMIT 10000) AS w"
        )
        return int(cursor.fetchone()[0])


_CLAIM = """
SELECT e.id, e.integration_id, e.body, e.content_type, e.content_encoding, e.dialect, e.own_key,
    e.oversized, e.refused, e.attempts, e.key_id, e.received_at, e.headers -> 'address',
    e.attempts > 0 AND e.next_try_at IS NULL
FROM (
    SELECT id, sum(size) OVER (ORDER BY id) - size AS before
    FROM (
        SELECT id, size FROM (
            SELECT id, octet_length(body) AS size,
                row_number() OVER (PARTITION BY integration_id ORDER BY id) AS turn
            FROM (
                SELECT id, integration_id, body FROM integrations_inboundevent
                WHERE processed_at IS NULL AND (next_try_at IS NULL OR next_try_at <= %s)
                ORDER BY id LIMIT %s
            ) AS oldest
        ) AS queued
        WHERE turn <= %s ORDER BY id LIMIT %s
    ) AS chosen
) AS measured
JOIN integrations_inboundevent e ON e.id = measured.id
WHERE before < %s
ORDER BY e.id
"""


def _claim(now: datetime, most: int = BATCH) -> list[Event]:
    """Take the oldest events, at most SHARE of one integration, unless somebody else is at it."""
    # A statement of its own: the next one must see what the last holder committed.
    if not _holds_the_inbox():
        return []
    with prepared.cursor() as cursor:
        cursor.execute(_CLAIM, [now, LOOK * most, SHARE, most, BYTES])
        return [Event(row[0], row[1], bytes(row[2]), *row[3:]) for row in cursor.fetchall()]


def _work(events: Sequence[Event], now: datetime) -> None:
    if not events:
        return
    known = addressees({event.integration_id for event in events})
    windows = maintenance.active(now)
    readings = [read_event(event, known[event.integration_id], windows) for event in events]
    spent.hold_to_order(readings)
    signals = [signal for reading in readings for signal in reading.signals]
    calming.damp(signals, known, now)
    outcomes = settle(signals, now=now)
    calming.gather(readings, outcomes, known, now)
    _record(readings, outcomes, now)
    seen({event.integration_id for event in events}, known, now)
    used({event.key_id for event in events if event.key_id is not None}, now)
    if any(outcome.alert_id for outcome in outcomes):
        doorbell.ring_on_commit("tick")


_OUTCOMES = """
INSERT INTO integrations_eventoutcome
    (event_id, position, dedup_key, outcome, alert_id, route_id, routed_by, detail)
SELECT event_id, position, dedup_key, outcome, alert_id, route_id, routed_by, detail
FROM jsonb_to_recordset(%s::jsonb) AS o(event_id bigint, position int, dedup_key text,
    outcome text, alert_id bigint, route_id bigint, routed_by text, detail text)
"""
_DONE = """
UPDATE integrations_inboundevent e
SET processed_at = %s, outcome = d.outcome, detail = d.detail
FROM jsonb_to_recordset(%s::jsonb) AS d(id bigint, outcome text, detail text)
WHERE e.id = d.id
"""


def _record(readings: Sequence[Reading], outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write what became of each event, in two statements."""
    rows: list[dict[str, Any]] = []
    done: list[dict[str, Any]] = []
    start = 0
    for reading in readings:
        for row in reading.rows:
            if (index := row.pop("signal")) is not None:
                outcome = outcomes[start + index]
                row["outcome"], row["alert_id"] = outcome.outcome, outcome.alert_id
                row["detail"] = row["detail"] or outcome.detail
        start += len(reading.signals)
        rows += reading.rows
        word = most_telling(row["outcome"] for row in reading.rows)
        remarks = dict.fromkeys([reading.detail, *(row["detail"] for row in reading.rows)])
        done.append(
            {
                "id": reading.event.id,
                "outcome": Word.ERROR.value if reading.is_error else word,
                "detail": "; ".join(filter(None, remarks))[:2000],
            }
        )
    with prepared.cursor() as cursor:
        if rows:
            cursor.execute(_OUTCOMES, [orjson.dumps(rows).decode()])
        cursor.execute(_DONE, [now, orjson.dumps(done).decode()])


def _one_by_one(now: datetime) -> datetime | None:
    """After a batch that failed: each event in a transaction of its own, the guilty put aside."""
    tried: set[int] = set()
    ends = time.monotonic() + SLOW
    while time.monotonic() < ends:
        event: Event | None = None
        try:
            with transaction.atomic():
                event = next(iter(_claim(now, 1)), None)
                if event is None or event.id in tried:
                    return None
                tried.add(event.id)
                _work([event], now)
        except Exception as error:  # nothing an event does may stop the inbox
            if event is None or loops.is_lost():
                raise
            logger.exception("Event %s failed (try %s)", event.id, event.attempts + 1)
            patience = PATIENCE if isinstance(error, OperationalError) else suspects.TRIES
            _failed(event, patience, now)
    return now


def _failed(event: Event, tries: int, now: datetime) -> None:
    """Try again later; after so many tries page somebody about it instead."""
    attempts = event.attempts + 1
    if attempts >= tries:
        try:
            with transaction.atomic():
                known = addressees({event.integration_id})
                poison = poisoned(event, known[event.integration_id], attempts)
                _record([poison], settle(poison.signals, now=now), now)
                doorbell.ring_on_commit("tick")
            return
        except Exception:
            if loops.is_lost():
                raise
            logger.exception("Event %s cannot even be reported", event.id)
    wait = _AGAIN[min(attempts, len(_AGAIN)) - 1]
    with prepared.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_inboundevent SET attempts = %s, next_try_at = %s WHERE id = %s",
            [min(attempts, 1000), now + wait, event.id],
        )
