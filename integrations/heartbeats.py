"""Pings come in, deadlines pass: what either means for the alerts.

A heartbeat and its alert change in one transaction under the heartbeat's row lock, so two loops
make one alert and a ping that arrives at the deadline is either in time or resolves it. Nobody is
late for what we could not hear: the deadlines move by our own downtime (semantics §23).
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.urls import reverse

from alertops import doorbell, durations, loops, prepared
from alerts.signals_in import Signal, open_alerts
from integrations import maintenance, texts
from integrations.mapping import Draft
from integrations.models import Heartbeat, Listening
from integrations.scopes import hold_of
from integrations.states import Pulse, Said
from integrations.vocabulary import RESOLVE, TRIGGER

logger = logging.getLogger(__name__)

KEY = "heartbeat"
"""The dedup key of every heartbeat's alerts: each is a source of its own."""
BATCH = 500
DEAF_SECONDS = 10
"""A longer silence of our own than this counts as downtime."""
DEAF = timedelta(seconds=DEAF_SECONDS)
EVERY = 1.0  # seconds between two looks; the inbox's loop goes round faster in a storm
_EXCERPT = 2000


def ping(
    name_or_key: str,
    now: datetime,
    said: Said = Said.SUCCESS,
    *,
    note: str = "",
    remote: str = "",
    by_name: bool = True,
) -> Heartbeat | None:
    """Take one ping, by the heartbeat's key or its name. None: there is no such heartbeat.

    A name opens no door: whoever calls with one has checked who is asking.
    """
    with transaction.atomic():
        beat = _locked(name_or_key, by_name=by_name)
        if beat is None:
            return None
        _heard(beat, said, note, remote, now)
        if said is Said.SUCCESS:
            _alive(beat, now)
        elif said is Said.FAIL:
            _failed(beat, note, now)
        elif said is Said.START and beat.state in (Pulse.WAITING, Pulse.UP):
            due_at, beat.started_at = beat.due_at, now
            beat.due_at = beat.deadline()
            if beat.state == Pulse.WAITING and due_at is not None:
                beat.due_at = due_at  # a job that begins over and over never says how it went
        beat.save()
    return beat


def _locked(name_or_key: str, *, by_name: bool) -> Heartbeat | None:
    rows = Heartbeat.objects.select_for_update(of=("self",))
    by_key = rows.with_key(name_or_key).first()
    if by_key is not None or not by_name or "\x00" in name_or_key:
        return by_key
    return rows.filter(name=name_or_key).first()


def _heard(beat: Heartbeat, said: Said, note: str, remote: str, now: datetime) -> None:
    beat.ping_count += 1
    beat.last_from = texts.line(remote, 64)
    beat.last_said = texts.line(f"{said.label}: {note}" if note else said.label, 300)
    if said in (Said.SUCCESS, Said.FAIL):
        beat.last_ping_at, beat.started_at = now, None


def _alive(beat: Heartbeat, now: datetime) -> None:
    if beat.state == Pulse.PAUSED:
        return
    if beat.state != Pulse.UP:  # a paused or resumed one may have left an alert open
        _tell([_signal(beat, RESOLVE, f"Heartbeat {beat.name} is back")], now)
    _become(beat, Pulse.UP, now)
    beat.due_at = beat.deadline()


def _failed(beat: Heartbeat, note: str, now: datetime) -> None:
    if beat.state == Pulse.PAUSED:
        return
    first = texts.line(note, 120)
    title = f"Heartbeat {beat.name} reports a failure" + (f": {first}" if first else "")
    description = texts.clean(note, _EXCERPT) or "The job said that it failed."
    _tell([_signal(beat, TRIGGER, title, description)], now)
    _become(beat, Pulse.DOWN, now)


def _become(beat: Heartbeat, state: Pulse, now: datetime) -> None:
    if beat.state != state:
        beat.state, beat.changed_at = state, now
    beat.due_at = None


def rest(beat: Heartbeat, state: Pulse, now: datetime) -> None:
    """Be paused, or wait for the next ping as if it were new. The caller holds the row and
    saves it. An alert that is open stays open: the next ping of a resumed one closes it."""
    _become(beat, state, now)
    beat.started_at = None


def _tell(signals: list[Signal], now: datetime) -> None:
    windows = maintenance.active(now) if any(s.action == TRIGGER for s in signals) else []
    for signal in signals if windows else []:
        draft = Draft(signal.action, signal.title, signal.dedup_key, item=signal.details)
        if signal.action == TRIGGER:
            signal.hold = hold_of(
                windows, signal.source_id, signal.group_id, partial(_said, draft, signal)
            )
    if any(outcome.alert_id for outcome in open_alerts(signals, now=now)):
        doorbell.ring_on_commit("tick")


def _said(draft: Draft, signal: Signal) -> tuple[Draft, str]:
    return draft, signal.severity


def _signal(beat: Heartbeat, action: str, title: str, description: str = "") -> Signal:
    page = settings.PUBLIC_URL + reverse("integrations:heartbeat", args=[beat.pk])
    details: dict[str, Any] = {
        "heartbeat": beat.name,
        "expected": beat.rhythm_words,
        "grace": durations.words(beat.grace_seconds),
    }
    if beat.last_ping_at is not None:
        details["last ping"] = beat.last_ping_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    return Signal(
        source_id=beat.pk,
        dedup_key=KEY,
        action=action,
        title=texts.line(title),
        description=description,
        severity=beat.severity,
        group_id=beat.group_id,
        assignee_id=beat.assignee_id,
        policy_hint=beat.policy_id,
        links=[{"href": page, "text": "Heartbeat"}],
        details=details,
        facts={"integration": beat.name},
    )


_looked = float("-inf")


def look(now: datetime) -> None:
    """Open alerts for what is late, once a second at most. For the inbox's loop: what goes wrong
    here is logged and does not stop the events."""
    global _looked
    if time.monotonic() - _looked < EVERY:
        return
    _looked = time.monotonic()
    try:
        watch(now)
    except Exception:
        if loops.is_lost():
            raise
        logger.exception("The heartbeats could not be looked at")


# One statement a second: how long the door was open without a break, and whether anything is due.
# Where web processes write down that they live, nothing later than their last sign of life counts
# as heard; a house without such a row takes the pings itself.
_WATCH = """
WITH door AS (
    SELECT least(%(now)s, coalesce(
        (SELECT beat_at FROM alertops_loopbeat WHERE name = 'web'), %(now)s)) AS at
), moved AS (
    UPDATE integrations_listening l SET until = door.at FROM door
    WHERE door.at > l.until AND door.at <= l.until + %(deaf)s * interval '1 second'
    RETURNING l.until
)
SELECT door.at, l.until, (SELECT until FROM moved),
    EXISTS (SELECT 1 FROM integrations_heartbeat WHERE due_at <= door.at)
FROM door LEFT JOIN integrations_listening l ON true
"""


def watch(now: datetime) -> int:
    """Look once. Returns how many heartbeats turned out to be late."""
    with prepared.cursor() as cursor:
        cursor.execute(_WATCH, {"now": now, "deaf": DEAF_SECONDS})
        heard, before, moved, is_due = cursor.fetchone()
    if moved is None and (before is None or abs(heard - before) > DEAF):
        _after_silence(heard)
        return 0
    if not is_due:
        return 0
    return _late(moved or before)


@transaction.atomic
def _after_silence(heard: datetime) -> None:
    """Move all deadlines past our own downtime, and back with a clock that was set back."""
    row = Listening.objects.select_for_update().first()
    if row is None:
        Listening.objects.get_or_create(pk=1, defaults={"until": heard})
        return
    shut_at, row.until = row.until, heard
    row.save()
    if heard < shut_at:
        waiting_still = Heartbeat.objects.filter(due_at__gt=heard, cron="")
        waiting_still.update(due_at=F("due_at") - (shut_at - heard))
    if heard - shut_at <= DEAF:
        return
    waiting = list(Heartbeat.objects.select_for_update(of=("self",)).filter(due_at__gt=shut_at))
    heard_since = [b for b in waiting if b.last_ping_at is None or b.last_ping_at <= shut_at]
    for beat in heard_since:
        assert beat.due_at is not None
        beat.due_at = beat.rhythm.after_outage(beat.due_at, shut_at, heard)
    _move([(beat.pk, beat.due_at) for beat in heard_since])
    logger.warning(
        "Heartbeats could not be heard for %s; %s deadlines moved", heard - shut_at, len(waiting)
    )


def _move(deadlines: Iterable[tuple[int, datetime | None]]) -> None:
    ids, instants = [], []
    for pk, at in deadlines:
        ids.append(pk)
        instants.append(at)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_heartbeat h SET due_at = d.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS d(id, at)"
            " WHERE h.source_ptr_id = d.id",
            [ids, instants],
        )


def _late(until: datetime) -> int:
    """Open an alert for each that is overdue; a batch is one transaction."""
    done = 0
    try:
        while batch := _late_batch(until):
            done += batch
    except Exception:
        if loops.is_lost():
            raise
        logger.exception("A batch of late heartbeats failed; one by one")
        overdue = Heartbeat.objects.filter(due_at__lte=until).order_by("due_at")
        done += sum(_late_alone(pk, until) for pk in overdue.values_list("pk", flat=True)[:BATCH])
    return done


def _late_alone(pk: int, until: datetime) -> int:
    """One that cannot be told stays overdue, which the watchdog tells the operators."""
    try:
        return _late_batch(until, only=pk)
    except Exception:
        if loops.is_lost():
            raise
        logger.exception("Heartbeat %s is late and cannot be told", pk)
        return 0


@transaction.atomic
def _late_batch(until: datetime, *, only: int | None = None) -> int:
    rows = Heartbeat.objects.select_for_update(of=("self",), skip_locked=True)
    overdue = rows.filter(due_at__lte=until)  # also of one alone: it may have been heard meanwhile
    overdue = overdue if only is None else overdue.filter(pk=only)
    late = list(overdue.order_by("due_at")[:BATCH])
    if not late:
        return 0
    _tell([_lateness(beat) for beat in late], until)
    Heartbeat.objects.filter(pk__in=[beat.pk for beat in late]).update(
        state=Pulse.DOWN, changed_at=until, due_at=None, started_at=None
    )
    return len(late)


def _lateness(beat: Heartbeat) -> Signal:
    if beat.started_at is not None:
        grace = durations.words(beat.grace_seconds)
        title = f"Heartbeat {beat.name}: the job began and did not end within {grace}"
        return _signal(beat, TRIGGER, title, "It said that it starts, and nothing since then.")
    last = beat.last_ping_at.strftime("%Y-%m-%d %H:%M:%S UTC") if beat.last_ping_at else "never"
    description = (
        f"It is expected {beat.rhythm_words} and may be {durations.words(beat.grace_seconds)} "
        f"late. The last ping came at {last}."
    )
    return _signal(beat, TRIGGER, f"Heartbeat {beat.name} is late", description)
