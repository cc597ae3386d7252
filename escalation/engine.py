"""The engine: looks at due alerts, asks `decide`, writes the answer. It decides nothing itself.

Level-triggered and idempotent: run twice, late or on many hosts, the result is the same. One
step is one transaction (reliability R5): lock, decide, queue notifications, tell the timeline,
say when to look again. Nobody is notified from here; the outbox is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import Error, connection, connections, transaction

from alertops import doorbell, loops, prepared
from alerts.bundles import unacknowledge_too
from alerts.states import Wake
from alerts.timeline import record
from alerts.wakes import DueAlert, claim_due, next_wake, reschedule
from escalation import unreached
from escalation.decide import Decision, Standing, decide, last_resort
from escalation.directory import Directory
from escalation.plan import Position
from escalation.policies import Choice, freeze, frozen
from escalation.queueing import queue, stand

logger = logging.getLogger(__name__)

BATCH = 500
_ANEW = (Wake.START, Wake.SUPPRESSED, Wake.ATTACHED)
SECONDS = 2.5
"""How long a single tick may work before it returns to show its heartbeat."""
REST = timedelta(seconds=0.1)
LANES = 3
"""Connections that take batches in a storm."""


def tick(now: datetime) -> datetime | None:
    """Work off everything that is due at `now`. Returns when something will be due next."""
    ends = time.monotonic() + SECONDS
    people = Directory(now)
    if _round(now, people) < BATCH:
        return _next(now)
    if connection.in_atomic_block:  # a second connection would see nothing of it
        return _next(now) if _lane(now, ends, people) else now
    # A storm: here Python and PostgreSQL take turns, so more lanes keep both busy.
    with ThreadPoolExecutor(LANES - 1, "tick") as pool:
        others = [pool.submit(_other_lane, now, ends, people) for _ in range(LANES - 1)]
        done = [_lane(now, ends, people), *(other.result() for other in others)]
    return _next(now) if all(done) else now


def _next(now: datetime) -> datetime | None:
    """When to look again. What is still due is in other hands, or defies us: not at full speed."""
    due = next_wake(now)
    return due if due is None or due > now else now + REST


def _lane(now: datetime, ends: float, people: Directory) -> bool:
    """Take batch after batch; True when nothing was left, False when the time was up."""
    while time.monotonic() < ends:
        if _round(now, people) < BATCH:
            return True
    return False


def _other_lane(now: datetime, ends: float, people: Directory) -> bool:
    try:
        loops.set_session()
        return _lane(now, ends, people)
    finally:
        connections.close_all()


def _round(now: datetime, people: Directory) -> int:
    """Take one batch, whatever is wrong with it; return how many were due."""
    try:
        taken = _batch(now, people)
    except Exception as error:  # one bad row must never stop the rest
        _raise_if_lost(error)
        logger.exception("A batch of the engine failed (%s); one by one", type(error).__name__)
        taken = _one_by_one(now)
    if taken:
        doorbell.ring("outbox")
    return taken


def advance(alert_id: int, now: datetime) -> bool:
    """Look at one alert only, in its own transaction. False when it is not due or not free."""
    with transaction.atomic():
        due = claim_due(now, 1, only=alert_id)
        _settle(due, Directory(now), now)
    return bool(due)


@transaction.atomic
def _batch(now: datetime, people: Directory) -> int:
    due = claim_due(now, BATCH)
    _settle(due, people, now)
    return len(due)


def _settle(due: Sequence[DueAlert], people: Directory, now: datetime) -> None:
    """Decide about locked alerts and write all of it, in a fixed number of statements."""
    if not due:
        return
    standings = _standings(due)
    people.learn(
        {alert.group_id for alert in due if alert.group_id is not None},
        {standing.version_id: standing.policy for standing in standings.values()}.values(),
        {alert.assignee_id for alert in due if alert.assignee_id is not None}
        | {alert.acknowledged_by_id for alert in due if alert.acknowledged_by_id is not None},
    )
    decisions: list[Decision] = []
    for alert in due:
        epoch = alert.epoch
        try:
            decisions.append(decide(alert, standings[alert.id], people, now))
        except Exception:  # one bad row must never stop the rest, nor stay silent itself
            alert.epoch = epoch
            logger.exception("Alert %s could not be decided; paging the administrators", alert.id)
            decisions.append(last_resort(alert, people, now))
    _write(decisions, now)


_RUNNING = """
SELECT alert_id, version_id, chosen_by, round, level, member, send, told, fired, started_at,
    exhausted_at
FROM escalation_escalation WHERE alert_id = ANY(%s::bigint[])
"""


class _Running(NamedTuple):
    alert_id: int
    version_id: int
    chosen_by: str
    round: int
    level: int
    member: int
    send: int
    told: list[int]
    fired: int
    started_at: datetime
    exhausted_at: datetime | None


def _running(alert_ids: list[int]) -> dict[int, _Running]:
    with prepared.cursor() as cursor:
        cursor.execute(_RUNNING, [alert_ids])
        return {row[0]: _Running(*row) for row in cursor.fetchall()}


def _standings(due: Sequence[DueAlert]) -> dict[int, Standing]:
    """Where each alert's escalation stands; a new one, with its policy chosen, where it begins."""
    running = _running([alert.id for alert in due])
    begins = [alert for alert in due if alert.id not in running or alert.wake in _ANEW]
    choice = None
    if begins:
        choice = Choice(
            [a.policy_hint for a in begins if a.policy_hint is not None],
            [a.group_id for a in begins if a.group_id is not None],
        )
    plans = frozen(row.version_id for row in running.values())
    standings: dict[int, Standing] = {}
    for alert in due:
        row = running.get(alert.id)
        fresh = choice is not None and (row is None or alert.wake in _ANEW)
        if fresh and choice is not None:
            chosen_by, plan, version_id = choice.choose(alert.policy_hint, alert.group_id)
            standings[alert.id] = Standing(
                plan, version_id, chosen_by, fired=row.fired if row else 0, is_new=True
            )
        elif row is not None:
            standings[alert.id] = Standing(
                plans[row.version_id],
                row.version_id,
                row.chosen_by,
                Position(row.round, row.level, row.member, row.send, tuple(row.told)),
                row.fired,
                started_at=row.started_at,
                exhausted_at=row.exhausted_at,
            )
    return standings


def _write(decisions: Sequence[Decision], now: datetime) -> None:
    queue([row for decision in decisions for row in decision.notifications], now)
    stand(
        [
            (decision.reschedule.alert_id, decision.standing)
            for decision in decisions
            if decision.standing is not None and decision.standing.started_at is not None
        ]
    )
    reschedule([decision.reschedule for decision in decisions])
    if again := [one.reschedule.alert_id for one in decisions if one.reschedule.retrigger]:
        unacknowledge_too(again, None, now)
    record(fact for decision in decisions for fact in decision.facts)
    unreached.tell([one.reschedule.alert_id for one in decisions if one.reaches_nobody])


def _one_by_one(now: datetime) -> int:
    """The batch failed: find the poisoned row, and page somebody about it."""
    with transaction.atomic():
        ids = [alert.id for alert in claim_due(now, BATCH)]
    for alert_id in ids:
        try:
            advance(alert_id, now)
        except Exception as error:
            _raise_if_lost(error)
            logger.exception("Alert %s cannot be advanced; paging the administrators", alert_id)
            _report(alert_id, now)
    return len(ids)


def _report(alert_id: int, now: datetime) -> None:
    """Page the administrators; an alert that defies even that stays due, and the watchdog tells."""
    try:
        _page_admins(alert_id, now)
    except Exception as error:
        _raise_if_lost(error)
        logger.critical("Nobody can be paged about alert %s", alert_id, exc_info=True)


@transaction.atomic
def _page_admins(alert_id: int, now: datetime) -> None:
    """For an alert whose own escalation cannot be written."""
    people = Directory(now)
    due = claim_due(now, 1, only=alert_id)
    _write([last_resort(alert, people, now) for alert in due], now)


def _raise_if_lost(error: Exception) -> None:
    """Where the database itself is lost no row is to blame: the loop comes back."""
    if isinstance(error, Error) and not _database_answers():
        raise error


def _database_answers() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


__all__ = ["advance", "freeze", "queue", "tick"]
