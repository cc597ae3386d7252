"""What comes back: receipts, replies and key presses, in our words, for every channel alike.

A channel verifies and translates (`Channel.receive`); what it means is decided here. Idempotent:
callbacks come twice, late and out of order, and only ever move a notification forward. Answering
a call acknowledges nothing; a key or a code does (reliability rows 42 to 46).
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.channels import CHANNELS
from accounts.channels.base import Answer, Received
from accounts.fields import digest
from accounts.models import ContactMethod, User
from alerts import actions
from alerts.actions import Move, NotAllowed, Superseded
from alerts.models import Alert
from alerts.states import Kind, Status, Verb
from alerts.timeline import Fact, record
from escalation import outbox
from escalation.consequences import disable, use_next_method
from escalation.messages import compose, reply_codes
from escalation.models import Attempt, Notification, Reply
from escalation.states import State
from escalation.sweep import still_open
from groups.models import GroupContactMethod

REPLY_LIFETIME = timedelta(hours=24)
REPLIES_AN_HOUR = 5
"""Texts from one address we did not understand but still answer, in an hour."""
WRONG_CODES_AN_HOUR = 20

KEYS = {"1": Verb.ACKNOWLEDGE, "2": Verb.RESOLVE, "3": Verb.ESCALATE}
_WORDS = {
    "ack": Verb.ACKNOWLEDGE,
    "acknowledge": Verb.ACKNOWLEDGE,
    "a": Verb.ACKNOWLEDGE,
    "resolve": Verb.RESOLVE,
    "close": Verb.RESOLVE,
    "r": Verb.RESOLVE,
    "c": Verb.RESOLVE,
    "escalate": Verb.ESCALATE,
    "e": Verb.ESCALATE,
}
_DONE = {
    Verb.ACKNOWLEDGE: "Acknowledged #{0}. Nobody else will be paged.",
    Verb.RESOLVE: "Resolved #{0}.",
    Verb.ESCALATE: "Escalated #{0} to the next level.",
}
_CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{4}\b")


class UnknownToken(Exception):
    """No attempt of ours carried this token."""


def handle(channel: str, received: Received, now: datetime) -> Answer:
    """Act on one callback and return what to answer. Raises UnknownToken."""
    if received.what == "reply":
        return _reply(channel, received, now)
    tried = Attempt.objects.select_related("notification").filter(notification__channel=channel)
    if received.token:
        attempt = tried.filter(token=received.token).first()
    else:  # a service that only knows its own number for the message
        attempt = tried.filter(provider_id=received.provider_id or "?").order_by("-pk").first()
    if attempt is None:
        raise UnknownToken
    _forward(attempt.notification_id, attempt, received, now)
    if received.what == "key":
        return _key(attempt, received.digits, now)
    if received.what == "answer":
        return _say(attempt, now)
    return Answer("")


@transaction.atomic
def _forward(notification_id: int, attempt: Attempt, received: Received, now: datetime) -> None:
    """Move a notification forward by what its provider reports; never back."""
    row = Notification.objects.select_for_update().get(pk=notification_id)
    if received.rank < row.provider_rank or not received.state:
        return
    if attempt.number < row.attempts and _is_superseded(row, received):
        return
    row.provider_rank = received.rank
    row.provider_id = received.provider_id or row.provider_id
    if received.state == "failed":
        _undelivered(row, received, now)
        return
    if row.state in (State.UNKNOWN, State.PENDING):  # the provider has it: no second send
        row.state, row.accepted_at = State.ACCEPTED, row.accepted_at or attempt.started_at
        row.fence += 1
        row.proof_due_at = _proof_due(row.channel, now)
    if received.state == "delivered" and row.delivered_at is None:
        row.delivered_at = now
        if row.state in (State.ACCEPTED, State.FAILED) and row.accepted_at:
            row.state, row.proof_due_at = State.DELIVERED, None
        record([_fact(row, Kind.PAGE_DELIVERED, now)])
    row.save()


def _is_superseded(row: Notification, received: Received) -> bool:
    """Whether the attempt after this one decides: all but that the page has arrived after all.
    Where the later one only found this one's message, what is said of that one counts."""
    if row.state == State.ACCEPTED and received.provider_id == row.provider_id != "":
        return False
    return received.state == "failed" or (received.state == "sent" and row.state == State.ACCEPTED)


def _undelivered(row: Notification, received: Received, now: datetime) -> None:
    if row.state not in (State.ACCEPTED, State.UNKNOWN):
        if row.state == State.SENDING:  # quicker than its sender, who has it looked into at once
            row.proof_due_at = now
        row.save(update_fields=["provider_rank", "provider_id", "proof_due_at"])
        return
    row.state, row.ended_at, row.proof_due_at = State.FAILED, now, None
    row.error = received.detail[:300] or "not delivered"
    row.fence += 1
    row.save()
    if received.dead_address:
        disable(row.contact_method_id, row.group_contact_id, row.error, now)
    if still_open(row):
        record([_fact(row, Kind.PAGE_FAILED, now, reason=row.error)])
        use_next_method(row.key, now)


def _proof_due(channel: str, now: datetime) -> datetime | None:
    seconds = CHANNELS[channel].proof_seconds
    return now + timedelta(seconds=seconds) if seconds is not None else None


def _fact(row: Notification, kind: Kind, now: datetime, **data: object) -> Fact:
    facts = {"person": row.user_id, "channel": row.channel, "notification": row.pk, **data}
    return Fact(row.alert_id, kind, now, None, facts)


def _key(attempt: Attempt, digits: str, now: datetime) -> Answer:
    verb = KEYS.get(digits)
    if verb is None:  # "4", no key, or a stray one: say it again
        return _say(attempt, now)
    row = attempt.notification
    return Answer(_act(verb, row, row.user, attempt.started_at, now), hangup=True)


def _say(attempt: Attempt, now: datetime) -> Answer:
    claimed = outbox.read(attempt.notification_id, attempt.token)
    if claimed is None:
        return Answer("This alert is gone.", hangup=True)
    if not still_open(attempt.notification):
        return Answer(_already(attempt.notification.alert), hangup=True)
    return Answer("", message=compose(claimed, now), menu=True)


def _act(verb: Verb, row: Notification, user: User | None, seen_at: datetime, now: datetime) -> str:
    """Apply a verb to the alert of one notification, if that page is still the current one."""
    alert = row.alert
    if not _may_answer(row):
        return f"Whoever was paged is not on the list any more. #{alert.pk} stays open."
    move = Move(actor=user, now=now, via=row.channel, seen_at=seen_at, epoch=row.epoch)
    try:
        actions.apply(verb, alert.pk, move)
    except Superseded:
        alert.refresh_from_db()
        return _already(alert)
    except NotAllowed as refusal:
        return str(refusal)
    return _DONE[verb].format(alert.pk)


def _may_answer(row: Notification) -> bool:
    """Whether the one who was paged is still there: who has left must not silence anything."""
    return row.user.is_active if row.user else row.group_contact_id is not None


def _already(alert: Alert) -> str:
    by = alert.resolved_by if alert.status == Status.RESOLVED else alert.acknowledged_by
    who = f" by {by.name}" if by else ""
    if alert.status == Status.TRIGGERED:
        return f"#{alert.pk} has been paged anew since; answer the newer message."
    return f"#{alert.pk} is already {alert.status}{who}."


def _reply(channel: str, received: Received, now: datetime) -> Answer:
    """A text from a number: it acts only with the code of a page sent to that very number."""
    methods = ContactMethod.objects.at(channel, received.address)
    shared = GroupContactMethod.objects.at(channel, received.address)
    if received.stop:
        for method in methods:
            disable(method.pk, None, "the person replied STOP", now)
        for its in shared:
            disable(None, its.pk, "somebody replied STOP", now)
        return Answer("")
    recent = Reply.objects.filter(
        address_digest=digest(received.address), at__gt=now - timedelta(hours=1), understood=False
    ).count()
    found: list[Notification] = []
    if recent < WRONG_CODES_AN_HOUR:
        paged = Q(contact_method__in=methods.usable()) | Q(group_contact__in=shared.usable())
        found = _match(received.text, paged, now)
    Reply.objects.create(
        channel=channel,
        address_digest=digest(received.address),
        at=now,
        understood=bool(found),
    )
    if found:
        verb = _wish(received.text)
        done = [_act(verb, row, row.user, row.accepted_at or row.created_at, now) for row in found]
        return Answer(" ".join(done))
    if recent >= REPLIES_AN_HOUR or not (methods.exists() or shared.exists()):
        return Answer("")
    return Answer("Reply with the code in brackets of the alert you mean, for example: K7Q2")


def _wish(text: str) -> Verb:
    # Whole words: the E of a code such as E7GX is no wish to escalate, its R none to resolve.
    words = re.findall(r"\w+", text.lower())
    return next((_WORDS[word] for word in words if word in _WORDS), Verb.ACKNOWLEDGE)


def _match(text: str, paged: Q, now: datetime) -> list[Notification]:
    """The pages whose codes stand there: of each code the latest it fits."""
    codes = set(_CODE.findall(text.upper()))
    if not codes:
        return []
    sent = Notification.objects.filter(
        paged, created_at__gt=now - REPLY_LIFETIME, attempts__gt=0
    ).select_related("alert", "user")
    found = []
    for row in sent.order_by("-id")[:500]:
        known = reply_codes(row.key)
        mine = {code for code in codes if any(hmac.compare_digest(each, code) for each in known)}
        if mine:
            codes -= mine
            found.append(row)
    return found
