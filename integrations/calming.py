"""Much at once, paged once: grouping, storms and flapping, batch by batch.

What is counted here lives in the memory of the process that works off the inbox. Forgetting it
(a restart) pages a few times more, never less.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from alerts import bundles
from alerts.signals import Outcome, Signal
from alerts.signals_in import open_alerts
from integrations.addresses import Addressee
from integrations.asks import Ask
from integrations.reading import Reading

STORM = "alertops:alert-storm"
"""The key of the alert that stands for all that an integration opens in a storm."""
_MINUTE = timedelta(minutes=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_KEYS = 20_000


class Memory:
    """What was opened and what recovered lately."""

    def __init__(self) -> None:
        self.opened: dict[int, deque[tuple[datetime, int]]] = {}
        self.flips: OrderedDict[tuple[int, str], deque[datetime]] = OrderedDict()
        self.firing: OrderedDict[tuple[int, str], None] = OrderedDict()


_memory = Memory()


def forget() -> None:
    """Start anew (tests)."""
    global _memory
    _memory = Memory()


def damp(signals: Sequence[Signal | Ask], known: Mapping[int, Addressee], now: datetime) -> None:
    """Let what flaps wait: it pages only when it has fired for as long as its integration says."""
    for signal in signals:
        addressee = known[signal.source_id]
        if isinstance(signal, Ask) or not addressee.flap_count:
            continue
        key = signal.key
        if signal.action == "resolve":
            if key in _memory.firing:
                del _memory.firing[key]
                _flips(key).append(now)
        elif signal.action == "trigger":
            _memory.firing[key] = None
            flips = _flips(key)
            since = now - timedelta(seconds=addressee.flap_seconds)
            while flips and flips[0] <= since:
                flips.popleft()
            if len(flips) >= addressee.flap_count:
                signal.wait = max(signal.wait, addressee.flap_seconds)
                signal.facts["flapping"] = len(flips)
    for table in (_memory.flips, _memory.firing):
        while len(table) > _KEYS:
            table.popitem(last=False)


def _flips(key: tuple[int, str]) -> deque[datetime]:
    flips = _memory.flips.pop(key, None)
    if flips is None:
        flips = deque(maxlen=100)
    _memory.flips[key] = flips
    return flips


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
    if any(addressee.storm_after for addressee in known.values()):
        _weather(readings, outcomes, known, now)


def _weather(
    readings: Sequence[Reading],
    outcomes: Sequence[Outcome],
    known: Mapping[int, Addressee],
    now: datetime,
) -> None:
    """Put what an integration opens beyond its limit under one storm alert."""
    opened: dict[int, list[int]] = {}
    signals = [signal for reading in readings for signal in reading.signals]
    for signal, outcome in zip(signals, outcomes, strict=True):
        fresh = outcome.outcome == "created" and outcome.alert_id is not None
        if fresh and known[signal.source_id].storm_after:
            opened.setdefault(signal.source_id, []).append(outcome.alert_id or 0)
    for source_id, ids in opened.items():
        addressee = known[source_id]
        recent = _memory.opened.setdefault(source_id, deque())
        while recent and recent[0][0] <= now - _MINUTE:
            recent.popleft()
        room = max(0, addressee.storm_after - sum(count for _, count in recent))
        recent.append((now, len(ids)))
        if len(ids) > room:
            storm = open_alerts([_storm(addressee)], now=now)[0]
            if storm.alert_id is not None:
                bundles.follow(storm.alert_id, ids[room:], now, by="storm")


def _storm(addressee: Addressee) -> Signal:
    default = addressee.default
    return Signal(
        addressee.id,
        STORM,
        "trigger",
        f"Alert storm: {addressee.name} opens more than {addressee.storm_after} alerts a minute",
        "The alerts beyond that are attached to this one and page nobody by themselves. Resolving "
        "this alert by hand resolves them too.",
        group_id=default.group_id,
        assignee_id=default.assignee_id,
        policy_hint=default.policy_id,
        facts={"integration": addressee.name},
    )
