"""Storms: what an integration opens beyond its limit pages once, and nothing of it is lost.

Counted are the new alerts of a minute that would page the same: one integration, one group or
person, one policy. Whoever is paged by a route of its own must not vanish in somebody else's storm.
Where storms are looked for, a new alert hesitates for a moment before it pages, so that the first
of a storm are still on hand when it is seen to be one.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alertops import prepared
from alerts import bundles
from alerts.signals import Outcome, Signal
from alerts.signals_in import open_alerts
from integrations.addresses import Addressee
from integrations.asks import Ask
from integrations.reading import REFUSED, Reading

STORM = "alertops:alert-storm"
"""How the key of an alert that stands for a storm begins."""
HESITATION = 1
"""Seconds."""
CALM = timedelta(minutes=5)
"""After so long without another alert beyond the limit a storm is over: the next pages anew."""
LAZY = timedelta(seconds=10)
"""How old the time may be at which the storm's alert says it last heard something."""
_MINUTE = timedelta(minutes=1)

Place = tuple[int, int | None, int | None, int | None]
"""Integration, group, person and policy."""


@dataclass(slots=True)
class Weather:
    """What one place has seen lately."""

    opened: deque[tuple[datetime, int]] = field(default_factory=deque)
    loose: list[int] = field(default_factory=list)
    """Alerts of the last minute that were within the limit."""
    storm: str = ""
    """The key of the last storm's alert."""
    storm_at: datetime | None = None
    leader: int | None = None
    """That alert, as long as it was told of lately."""
    told_at: datetime | None = None

    def room(self, limit: int, now: datetime) -> int:
        """How many more may be opened this minute."""
        while self.opened and self.opened[0][0] <= now - _MINUTE:
            self.opened.popleft()
        if not self.opened:
            self.loose.clear()
        return max(0, limit - sum(count for _, count in self.opened))

    def rages(self, now: datetime) -> bool:
        return self.storm_at is not None and self.storm_at > now - CALM

    def is_told(self, now: datetime) -> bool:
        """Whether the storm's alert has heard of it lately: a hot row is not written each time."""
        return self.told_at is not None and self.told_at > now - LAZY


Sky = dict[Place, Weather]


def hesitate(signals: Sequence[Signal | Ask], known: Mapping[int, Addressee]) -> None:
    """Let what may be the beginning of a storm wait until that can be seen."""
    for signal in signals:
        if isinstance(signal, Ask) or signal.action != "trigger":
            continue
        if known[signal.source_id].storm_after:
            signal.wait = max(signal.wait, HESITATION)


def gather(
    sky: Sky,
    readings: Sequence[Reading],
    outcomes: Sequence[Outcome],
    known: Mapping[int, Addressee],
    now: datetime,
) -> None:
    """Put what was opened beyond the limit under one alert, before anybody is paged about it."""
    opened: dict[Place, list[int]] = {}
    notices: dict[Place, int] = {}
    start = 0
    for reading in readings:
        for index, signal in enumerate(reading.signals, start):
            outcome = outcomes[index]
            if outcome.outcome == "created" and outcome.alert_id is not None:
                place = _place(signal)
                if reading.event.refused:
                    notices[place] = outcome.alert_id
                elif known[place[0]].storm_after:
                    opened.setdefault(place, []).append(outcome.alert_id)
        start += len(reading.signals)
    for place, ids in opened.items():
        _count(sky.setdefault(place, Weather()), place, ids, known[place[0]], now)
    for place, notice in notices.items():
        _attach_notice(sky.get(place), place, notice, known[place[0]], now)


def _place(signal: Signal | Ask) -> Place:
    assert isinstance(signal, Signal)  # nothing else creates an alert
    return signal.source_id, signal.group_id, signal.assignee_id, signal.policy_hint


def _count(
    weather: Weather, place: Place, ids: list[int], addressee: Addressee, now: datetime
) -> None:
    room = weather.room(addressee.storm_after, now)
    weather.opened.append((now, len(ids)))
    if len(ids) <= room:
        weather.loose += ids
        del weather.loose[: -addressee.storm_after]  # a minute has no more within its limit
        return
    early = bundles.unpaged(weather.loose, now) if weather.loose else []
    weather.loose.clear()
    _attach(weather, place, [*early, *ids], addressee, now)


def _attach(
    weather: Weather, place: Place, ids: list[int], addressee: Addressee, now: datetime
) -> None:
    """Attach these to the alert of the storm that goes on; where it has been closed meanwhile, to
    the next."""
    raged, weather.storm_at = weather.rages(now), now
    leader = weather.leader if raged and weather.is_told(now) else None
    if leader is not None and bundles.follow(leader, ids, now, by="storm"):
        return
    if not raged:
        weather.storm = f"{_prefix(place)}{int(now.timestamp())}"
    told = open_alerts([_signal(weather.storm, place, addressee)], now=now)[0]
    weather.leader, weather.told_at = told.alert_id, now
    if told.alert_id is not None:
        bundles.follow(told.alert_id, ids, now, by="storm")


def _prefix(place: Place) -> str:
    return f"{STORM}:" + ".".join(str(part or 0) for part in place[1:]) + ":"


def _signal(key: str, place: Place, addressee: Addressee) -> Signal:
    return Signal(
        addressee.id,
        key,
        "trigger",
        f"Alert storm: {addressee.name} opens more than {addressee.storm_after} alerts a minute",
        "The alerts of this storm are attached to this one and page nobody by themselves."
        " Acknowledging it acknowledges them, and what still joins the storm pages nobody."
        " Resolving it by hand resolves them; it resolves itself once the storm is over and none is"
        " open.",
        group_id=place[1],
        assignee_id=place[2],
        policy_hint=place[3],
        facts={"integration": addressee.name},
    )


def _attach_notice(
    weather: Weather | None, place: Place, notice: int, addressee: Addressee, now: datetime
) -> None:
    """That events were refused is no second page for those who are being paged by the first."""
    if weather is not None and weather.rages(now):
        _attach(weather, place, [notice], addressee, now)
        return
    names = ("source", "group", "assignee", "policy_hint")
    who = dict(zip(names, place, strict=True))
    leader = bundles.ringing(who, now - CALM, now, but=notice)
    if leader is not None:
        bundles.follow(leader, [notice], now, by="storm")


# What a process that has just begun must know, from the rows themselves.

_LATELY = """
SELECT source_id, group_id, assignee_id, policy_hint, opened_at, id, parent_id IS NULL
FROM alerts_alert
WHERE opened_at > %s AND opened_at <= %s AND source_id = ANY(%s::bigint[])
    AND dedup_key NOT LIKE 'alertops:%%'
ORDER BY opened_at, id
"""
_STORMS = """
SELECT source_id, group_id, assignee_id, policy_hint, dedup_key, last_event_at
FROM alerts_alert
WHERE source_id = ANY(%s::bigint[]) AND status <> 'resolved' AND dedup_key LIKE %s
    AND last_event_at > %s AND last_event_at <= %s
ORDER BY id
"""


def remembered(source_ids: Sequence[int], now: datetime) -> Sky:
    """Return what the last minute was like, as far as the alerts themselves tell."""
    sky: Sky = {}
    with prepared.cursor() as cursor:
        cursor.execute(_LATELY, [now - _MINUTE, now, list(source_ids)])
        for *place, at, pk, is_loose in cursor.fetchall():
            weather = sky.setdefault(tuple(place), Weather())
            weather.opened.append((at, 1))
            if is_loose:
                weather.loose.append(pk)
        cursor.execute(_STORMS, [list(source_ids), f"{STORM}:%", now - CALM, now])
        for *place, key, last_at in cursor.fetchall():
            weather = sky.setdefault(tuple(place), Weather())
            weather.storm, weather.storm_at = key, last_at
    return sky


_OVER = """
SELECT s.source_id, s.dedup_key FROM alerts_alert s
WHERE s.status <> 'resolved' AND s.source_id > 0 AND s.last_event_at <= %s
    AND (s.dedup_key LIKE %s OR s.dedup_key = %s)
    AND NOT EXISTS (
        SELECT 1 FROM alerts_alert c WHERE c.parent_id = s.id AND c.status <> 'resolved'
    )
"""


def end(now: datetime) -> int:
    """Resolve the alerts of storms that are over, once nothing that belongs to them is open.

    As long as something is, the storm's alert is how somebody hears of it. Returns how many.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_OVER, [now - CALM, f"{STORM}:%", REFUSED])
        over = [
            Signal(source_id, key, "resolve", "", facts={"calm": True})
            for source_id, key in cursor.fetchall()
        ]
    open_alerts(over, now=now)
    return len(over)
