"""What only time does to the outbox: leases, proof and circuits once a second; stale epochs and
expiry at leisure, because those looks cost as much as there is waiting.

Every look is bounded and uses an index, so that a large table cannot make it slow.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from accounts.channels import CHANNELS
from accounts.channels.base import Received, TryLater, Undeliverable
from alertops import prepared
from alerts import wakes
from alerts.states import Kind
from alerts.timeline import Fact, record
from escalation import outbox
from escalation.consequences import disable, use_next_method
from escalation.models import Circuit, LostMethod, Notification
from escalation.states import OPEN_STATES, State

logger = logging.getLogger(__name__)

MOST = 200
LISTENS = timedelta(seconds=90)
"""From handing a call over to the end of what it says, taken at its last ring. No longer: a mailbox
listens as well."""
HANGS_UP = timedelta(seconds=5)
"""How soon a call that still goes on is asked about again."""


def sweep(now: datetime) -> None:
    """Do what cannot wait. Safe to run on many hosts at once."""
    outbox.give_back_expired_leases(now)
    _widen_behind_open_circuits(now)


def tidy(now: datetime) -> None:
    """Put away what will never leave. Only the timeline waits for it: what is stale is not claimed
    in any case, and what has waited for an hour may wait some seconds longer."""
    with transaction.atomic():
        record(
            Fact(alert_id, Kind.PAGE_CANCELLED, now, None, {"count": count})
            for alert_id, count in outbox.cancel_stale(now)
        )
    _expire(now)
    for alert_id in wakes.bring_back(now):  # no way leads there: a fault of ours, so say it
        logger.error("Alert %s would have slept for too long; the engine looks now", alert_id)


_EXPIRE = """
UPDATE escalation_notification SET state = 'expired', ended_at = %s
WHERE id = ANY(ARRAY(SELECT id FROM escalation_notification
    WHERE state IN ('pending', 'unknown') AND due_at <= %s AND expires_at <= %s
    LIMIT %s FOR UPDATE SKIP LOCKED))
RETURNING id, key, alert_id, user_id, channel, error
"""


@transaction.atomic
def _expire(now: datetime) -> None:
    """A page that could not leave for an hour is over; the timeline and the operators see it, and
    where that was the last of its step nobody waits for an answer to it."""
    with prepared.cursor() as cursor:
        cursor.execute(_EXPIRE, [now, now, now, MOST])
        rows = cursor.fetchall()
    facts = []
    for pk, key, alert_id, user_id, channel, error in rows:
        logger.error("Notification %s expired unsent: %s", key, error)
        why = error or "could not be sent for an hour"
        facts.append(_failed(alert_id, user_id, channel, pk, why, now))
        use_next_method(key, now)
    record(facts)


@transaction.atomic
def _widen_behind_open_circuits(now: datetime) -> None:
    """People waiting for a provider that is down are reached by their next method meanwhile."""
    down = list(Circuit.objects.filter(open_until__gt=now).values_list("channel", flat=True))
    if not down:
        return
    waiting = Notification.objects.filter(
        channel__in=down, state__in=[State.PENDING, State.UNKNOWN], due_at__lte=now, widened=False
    ).select_for_update(skip_locked=True)
    rows = list(waiting[:MOST])
    for row in rows:
        Notification.objects.filter(pk=row.pk).update(widened=True)
        use_next_method(row.key, now)
    record(
        Fact(
            row.alert_id,
            Kind.PAGE_DELAYED,
            now,
            None,
            {"person": row.user_id, "channel": row.channel, "why": "provider"},
        )
        for row in rows
    )


def bring_nearer(by: timedelta, now: datetime) -> None:
    """Let everything wait for `by` less: the clock was set back."""
    waiting = Notification.objects.filter(state__in=[State.PENDING, State.UNKNOWN])
    waiting.filter(due_at__gt=now).update(due_at=F("due_at") - by)
    leased = Notification.objects.filter(state=State.SENDING, lease_until__gt=now)
    leased.update(lease_until=F("lease_until") - by)
    handed_over = Notification.objects.filter(state=State.ACCEPTED, proof_due_at__gt=now)
    handed_over.update(proof_due_at=F("proof_due_at") - by)
    Circuit.objects.filter(open_until__gt=now).update(open_until=F("open_until") - by)
    LostMethod.objects.filter(next_try_at__gt=now).update(next_try_at=F("next_try_at") - by)


def unproved(now: datetime) -> list[tuple[int, str, str]]:
    """(id, channel, provider id) of what was handed over but not proved to have arrived in time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE escalation_notification SET proof_due_at = %s
            WHERE id = ANY(ARRAY(SELECT id FROM escalation_notification
                WHERE state = 'accepted' AND proof_due_at IS NOT NULL AND proof_due_at <= %s
                ORDER BY proof_due_at LIMIT 20 FOR UPDATE SKIP LOCKED))
            RETURNING id, channel, provider_id
            """,
            [now + timedelta(seconds=15), now],
        )
        return [(row[0], row[1], row[2]) for row in cursor.fetchall()]


def prove(notification_id: int, channel: str, provider_id: str) -> Received | None:
    """Ask the provider how far a message got. Network I/O; no transaction is open."""
    try:
        return CHANNELS[channel].poll(provider_id) if provider_id else None
    except (TryLater, Undeliverable) as error:
        logger.warning("Notification %s cannot be proved: %s", notification_id, error)
    except Exception:  # what cannot be asked is not proved: the next method must not wait for it
        logger.exception("Notification %s cannot be proved", notification_id)
    return None


@transaction.atomic
def judge(notification_id: int, seen: Received | None, now: datetime) -> None:
    """Delivered after all, or not in time: then the person's next method is used now."""
    row = Notification.objects.select_for_update().filter(pk=notification_id).first()
    if row is None or row.state != State.ACCEPTED:
        return
    row.proof_due_at = None
    if seen is not None and seen.state == "delivered":
        row.state, row.delivered_at = State.DELIVERED, now
        row.save(update_fields=["state", "delivered_at", "proof_due_at"])
        return
    if seen is not None and seen.is_going_on and now < (row.accepted_at or now) + LISTENS:
        row.proof_due_at = now + HANGS_UP  # whoever has just taken the call may still press a key
        row.save(update_fields=["proof_due_at"])
        return
    row.state, row.ended_at = State.FAILED, now
    row.error = (seen.detail if seen else "") or "no proof of delivery in time"
    row.save(update_fields=["state", "ended_at", "error", "proof_due_at"])
    if seen is not None and seen.dead_address:
        disable(row.contact_method_id, row.group_contact_id, row.error, now)
    if still_open(row):
        record([_failed(row.alert_id, row.user_id, row.channel, row.pk, row.error, now)])
        use_next_method(row.key, now)


def still_open(row: Notification) -> bool:
    """Whether the alert still waits for an answer to this very page."""
    return bool(row.alert.status == "triggered" and row.alert.epoch == row.epoch)


def _failed(
    alert_id: int, user_id: int | None, channel: str, notification: int, why: str, now: datetime
) -> Fact:
    data = {
        "person": user_id,
        "channel": channel,
        "notification": notification,
        "reason": why[:200],
    }
    return Fact(alert_id, Kind.PAGE_FAILED, now, None, data)


def unfinished(states: Iterable[State] = OPEN_STATES) -> int:
    """How many notifications have not found their end."""
    return Notification.objects.filter(state__in=list(states)).count()
