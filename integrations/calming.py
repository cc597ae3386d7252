"""Much at once, paged once: grouping, storms and flapping, batch by batch.

What is counted here lives in the memory of the process that works off the inbox, so that it costs
an event nothing. A process that has not been at it for a moment reads from the alerts what it
missed: once, and only of integrations that ask for it.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from alertops import prepared
from alerts import bundles
from alerts.signals import Outcome, Signal
from integrations import storms, texts
from integrations.addresses import Addressee
from integrations.asks import Ask
from integrations.reading import Reading

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_KEYS = 20_000
_GAP = 3.0
"""Seconds without a look after which somebody else may have worked off the inbox meanwhile."""
_BACK = timedelta(seconds=5)
"""What is remembered of a time that has not come yet is of before a clock was set back."""
_EACH = 15.0
"""Seconds between two looks for storms that are over."""


class Memory:
    """What was opened and what recovered lately."""

    def __init__(self) -> None:
        self.sky: storms.Sky = {}
        self.flips: OrderedDict[tuple[int, str], deque[datetime]] = OrderedDict()
        self.firing: OrderedDict[tuple[int, str], datetime] = OrderedDict()
        """When what fires is paged, or will be if it stays."""
        self.paged: OrderedDict[tuple[int, str], datetime] = OrderedDict()
        self.damped: set[int] = set()
        self.watched: set[int] = set()
        """Integrations whose flaps, whose storms of before are here."""
        self.looked = time.monotonic()
        self.now = _EVER
        self.ended = float("-inf")


_memory = Memory()


def forget() -> None:
    """Start anew: what is needed of the past is read again."""
    global _memory
    _memory = Memory()


def look(now: datetime) -> None:
    """Call it before every batch, holding the inbox: it notices absence, and ends storms."""
    at = time.monotonic()
    if at - _memory.looked > _GAP or now < _memory.now - _BACK:
        forget()
    _memory.looked, _memory.now = at, now
    if at - _memory.ended >= _EACH:
        _memory.ended = at
        storms.end(now)


def damp(signals: Sequence[Signal | Ask], known: Mapping[int, Addressee], now: datetime) -> None:
    """Let what flaps wait: it pages only when it has fired for as long as its integration says,
    and when it has paged nobody for as long. What may be the beginning of a storm waits too."""
    _remember(known, now)
    storms.hesitate(signals, known)
    for signal in signals:
        addressee = known[signal.source_id]
        if isinstance(signal, Ask) or not addressee.flap_count:
            continue
        key = signal.key
        if signal.action == "resolve" and key in _memory.firing:
            due = _memory.firing.pop(key)
            if due <= now:
                _memory.paged[key] = due
            _flips(key).append(now)
        elif signal.action == "trigger" and key not in _memory.firing:
            patience = _patience(signal, addressee, now)
            if patience > signal.wait and signal.bundle:
                # Nobody hears of it for now: what is paged at once must not follow it.
                signal.bundle = texts.digest(signal.bundle, "flapping")[:32]
            signal.wait = max(signal.wait, patience)
            _memory.firing[key] = now + timedelta(seconds=signal.wait)
    for table in (_memory.flips, _memory.firing, _memory.paged):
        while len(table) > _KEYS:
            table.popitem(last=False)


def _patience(signal: Signal, addressee: Addressee, now: datetime) -> int:
    """Seconds until what fires again may page. Whoever flaps without end must be heard too."""
    flips = _flips(signal.key)
    since = now - timedelta(seconds=addressee.flap_seconds)
    while flips and flips[0] <= since:
        flips.popleft()
    if len(flips) < addressee.flap_count:
        return 0
    signal.facts["flapping"] = len(flips)
    return addressee.flap_seconds if _memory.paged.get(signal.key, _EVER) > since else 0


def _flips(key: tuple[int, str]) -> deque[datetime]:
    flips = _memory.flips.pop(key, None)
    if flips is None:
        flips = deque(maxlen=100)
    _memory.flips[key] = flips
    return flips


_LATELY = """
SELECT source_id, dedup_key, opened_at, resolved_at FROM (
    SELECT id, source_id, dedup_key, opened_at, resolved_at, resolved_by_id FROM alerts_alert
    WHERE opened_at > %s AND source_id = %s AND dedup_key NOT LIKE 'alertops:%%'
    ORDER BY opened_at DESC, id DESC LIMIT %s
) AS newest
WHERE resolved_by_id IS NULL ORDER BY id
"""


def _remember(known: Mapping[int, Addressee], now: datetime) -> None:
    """Read the past of integrations that damp what flaps or look for storms, where not done."""
    new = [each for pk, each in known.items() if each.flap_count and pk not in _memory.damped]
    for addressee in new:
        _memory.damped.add(addressee.id)
        since = now - timedelta(seconds=addressee.flap_seconds)
        with prepared.cursor() as cursor:
            cursor.execute(_LATELY, [since, addressee.id, _KEYS])
            for source_id, dedup_key, opened_at, resolved_at in cursor.fetchall():
                key = (source_id, dedup_key)
                if resolved_at is None:
                    _memory.firing[key] = opened_at
                else:
                    _flips(key).append(resolved_at)
                    _memory.paged.setdefault(key, opened_at)
    watched = [pk for pk, each in known.items() if each.storm_after and pk not in _memory.watched]
    if watched:
        _memory.watched.update(watched)
        _memory.sky |= storms.remembered(watched, now)


def gather(
    readings: Sequence[Reading],
    outcomes: Sequence[Outcome],
    known: Mapping[int, Addressee],
    now: datetime,
) -> None:
    """Attach what was just opened to what it belongs to, before anybody can be paged about it."""
    since: dict[int, datetime] = {}
    start = 0
    for reading in readings:
        for index, seconds in reading.grouped.items():
            outcome = outcomes[start + index]
            if outcome.outcome == "created" and outcome.alert_id is not None:
                since[outcome.alert_id] = now - timedelta(seconds=seconds) if seconds else _EVER
        start += len(reading.signals)
    if since:
        bundles.gather(since, now)
    if any(each.storm_after for each in known.values()) or any(r.event.refused for r in readings):
        storms.gather(_memory.sky, readings, outcomes, known, now)
