"""What follows from finished attempts: the timeline, the next method, dead addresses, circuits.

All of it in the transaction that stores the results, so that a page which failed for good and the
page that replaces it are one fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from accounts.channels import CHANNELS, SENDABLE
from accounts.models import ContactMethod
from alertops import doorbell, prepared
from alerts.states import Kind
from alerts.timeline import Fact, record
from escalation import lost, outbox, unreached
from escalation.directory import Directory
from escalation.models import Circuit, Notification
from escalation.outbox import Claimed
from escalation.queueing import queue
from escalation.reach import Method, Person, first_choice, next_method
from escalation.sending import Sent
from escalation.states import Purpose, State
from groups.models import GroupContactMethod

CIRCUIT_FAILURES = 5
CIRCUIT_REST = timedelta(seconds=30)


@transaction.atomic
def settle(finished: Sequence[Sent], now: datetime) -> None:
    """Store results and everything that follows, where the lease was still ours."""
    ours = outbox.write([sent.result for sent in finished])
    facts: list[Fact] = []
    for sent in finished:
        if sent.claimed.id not in ours:
            continue
        if sent.result.state != ours[sent.claimed.id]:  # reported meanwhile: it has left
            sent.result.state, sent.next_method = ours[sent.claimed.id], False
        facts += _facts(sent)
        if sent.disable:
            disable(
                sent.claimed.contact_method_id, sent.claimed.group_contact_id, sent.disable, now
            )
        if sent.next_method:
            use_next_method(sent.claimed.key, now)
    record(facts)
    _circuits(finished, now)


def _facts(sent: Sent) -> list[Fact]:
    claimed, result = sent.claimed, sent.result
    data: dict[str, Any] = {
        "person": claimed.user_id,
        "channel": claimed.channel,
        "to": mask(claimed),
        "notification": claimed.id,
    }
    if result.state in (State.ACCEPTED, State.DELIVERED):
        if result.is_local:
            data["local"] = True
        if claimed.bundled:
            data["bundled"] = claimed.bundled
        return [Fact(claimed.alert_id, Kind.PAGED, result.at, None, data)]
    if sent.failure:
        data["reason"] = sent.failure[:200]
        data["again"] = result.state != State.FAILED
        return [Fact(claimed.alert_id, Kind.PAGE_FAILED, result.at, None, data)]
    return []


def mask(claimed: Claimed) -> str:
    """The address as a timeline may show it."""
    channel = CHANNELS.get(claimed.channel)
    return channel.mask(claimed.address) if channel and claimed.address else ""


@transaction.atomic
def disable(
    contact_method_id: int | None, group_contact_id: int | None, reason: str, now: datetime
) -> None:
    """The address is dead: not used again until somebody verifies it anew, and they are told."""
    change = {"disabled_at": now, "disabled_reason": reason[:200]}
    own = ContactMethod.objects.filter(pk=contact_method_id or 0, disabled_at=None)
    groups = GroupContactMethod.objects.filter(pk=group_contact_id or 0, disabled_at=None)
    if own.update(**change):
        lost.note(
            contact_method_id=contact_method_id, group_contact_id=None, reason=reason, now=now
        )
    if groups.update(**change):
        lost.note(contact_method_id=None, group_contact_id=group_contact_id, reason=reason, now=now)


# A page that waits for its time is no reason to wait for it where its address is dead by now.
_MAY_REACH = (
    ~Q(state=State.PENDING)
    | Q(
        contact_method__verified_at__isnull=False,
        contact_method__disabled_at__isnull=True,
        contact_method__user__is_active=True,
    )
    | Q(group_contact__verified_at__isnull=False, group_contact__disabled_at__isnull=True)
)


def use_next_method(key: str, now: datetime) -> None:
    """Page the same person by the next method now; where there is none, do not wait either.

    `key` is the failed notification's. Methods the same step has used are not repeated; one that
    it was to use later is used now. When nothing of the step can reach anybody any more, the
    engine looks at once.
    """
    row = Notification.objects.filter(key=key).first()
    if row is None:
        return
    used = Notification.objects.filter(alert_id=row.alert_id, key__startswith=_step(row))
    later = used.filter(user_id=row.user_id or 0, state=State.PENDING, attempts=0, due_at__gt=now)
    tried = used.exclude(pk__in=later.values("pk"))
    method = _next_method(row.user_id, set(tried.values_list("contact_method_id", flat=True)))
    if method is None:
        over = [State.FAILED, State.CANCELLED, State.EXPIRED]
        alive = used.exclude(state__in=over).filter(_MAY_REACH)
        is_over = row.state in (State.FAILED, State.EXPIRED)
        if alive.exclude(pk=row.pk).exists() or not is_over:
            return
        if row.purpose == Purpose.FALLBACK:
            _page_admins(row, now)
        else:
            _look_now(row, now)
        return
    planned = later.filter(contact_method_id=method.id).order_by("due_at").values("pk")[:1]
    if not Notification.objects.filter(pk__in=planned, state=State.PENDING).update(due_at=now):
        queue([_like(row, method, row.user_id)], now)
    doorbell.ring_on_commit("outbox")


def _like(row: Notification, method: Method, user_id: int | None) -> dict[str, Any]:
    """Another page of the same step, due now."""
    return {
        "key": f"{_step(row)}u{method.id}.0",
        "alert_id": row.alert_id,
        "epoch": row.epoch,
        "purpose": row.purpose,
        "user_id": user_id,
        "contact_method_id": method.id,
        "channel": method.channel,
        "round": row.round,
        "level": row.level,
        "urgency": row.urgency,
        "delay": 0,
    }


def _step(row: Notification) -> str:
    """What the keys of all pages of its step begin with."""
    return row.key.rsplit(".", 2)[0] + "."


def _page_admins(row: Notification, now: datetime) -> None:
    """Not even the fallback can be reached: the administrators are the last there are.

    Once each, because a page of this step that is in the outbox already is not queued again.
    """
    people = Directory(now)
    found = [people.person(pk) for pk in people.admins()]
    pages = [
        _like(row, first_choice(person, row.urgency), person.id)
        for person in found
        if person is not None and person.is_reachable
    ]
    known = Notification.objects.filter(key__in=[page["key"] for page in pages])
    if len(pages) == known.count():
        unreached.tell([row.alert_id])
        return
    queue(pages, now)
    doorbell.ring_on_commit("outbox")


def _next_method(user_id: int | None, used: set[int | None]) -> Method | None:
    """Loud ones first; a channel that is not set up last."""
    if user_id is None:
        return None
    usable = ContactMethod.objects.usable().filter(user_id=user_id, user__is_active=True)
    found = [
        Method(pk, kind, CHANNELS[kind].loud and not CHANNELS[kind].configured())
        for pk, kind in usable.order_by("pk").values_list("pk", "kind")
        if kind in CHANNELS
    ]
    return next_method(Person(user_id, "", methods=found), {pk for pk in used if pk is not None})


# Only where that step is the last one taken: of an earlier one, the next has been paged already,
# and looking now would page the one after it before those people had time to answer.
_LOOK_NOW = """
UPDATE alerts_alert SET wake_at = %(now)s
WHERE id = %(alert)s AND epoch = %(epoch)s AND status = 'triggered' AND wake IN ('step', 'resume')
    AND wake_at > %(now)s
    AND EXISTS (SELECT 1 FROM escalation_escalation
        WHERE alert_id = %(alert)s AND fired = %(step)s + 1)
"""


def _look_now(row: Notification, now: datetime) -> None:
    """Nobody of this step can be reached: the next level must not wait for its time."""
    step = row.key.split(".")[2]
    if not step.isdigit():  # a last resort is no step of a policy and comes again by itself
        return
    values: dict[str, Any] = {
        "now": now,
        "alert": row.alert_id,
        "epoch": row.epoch,
        "step": int(step),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_NOW, values)
    doorbell.ring_on_commit("tick")


_CLOSE = """
UPDATE escalation_circuit SET failures = 0, open_until = NULL, changed_at = %s
WHERE channel = %s AND failures > 0
"""


def _circuits(finished: Sequence[Sent], now: datetime) -> None:
    """Count failures in a row per provider; the fifth opens its circuit for half a minute.

    Where everybody brings a provider of their own, one that is down delays and widens nobody else.
    """
    channels = {sent.claimed.channel for sent in finished}
    for channel in [kind for kind in channels if not SENDABLE[kind].many_providers]:
        seen = [sent for sent in finished if sent.claimed.channel == channel]
        if any(sent.healthy for sent in seen):
            with prepared.cursor() as cursor:
                cursor.execute(_CLOSE, [now, channel])
            continue
        bad = [sent for sent in seen if sent.healthy is False]
        if not bad:
            continue
        row, _ = Circuit.objects.select_for_update().get_or_create(
            channel=channel, defaults={"changed_at": now}
        )
        row.failures += len(bad)
        row.last_error, row.changed_at = bad[-1].result.error, now
        if row.failures >= CIRCUIT_FAILURES:
            row.open_until = now + CIRCUIT_REST
        row.save()
