"""One attempt: look, ask once more, hand over, and say in our words what came of it.

Runs in a sender thread, outside any transaction. Classification is reliability R9: accepted,
refused (next method now), surely not sent (retry freely), ambiguous (rest, look up, then resend).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from django.conf import settings
from django.db import Error

from accounts.channels import CHANNELS, SENDABLE
from accounts.channels.base import Channel, Message, TryLater, Undeliverable
from alertops import clock
from escalation import adopting, outbox
from escalation.messages import compose, one_line
from escalation.outbox import Claimed, Result
from escalation.states import State

logger = logging.getLogger(__name__)

SEND_BUDGET = timedelta(seconds=10)
BACK_OFF = (1, 2, 5, 10, 20)
"""Seconds between tries when nothing was sent."""
MORE_PATIENCE = 0.25
"""Of the time since the first try: so much longer each next try of what cannot be looked up waits,
so that a server which takes every mail and says so too late does not send two hundred of them."""
SEND_ANYWAY = timedelta(seconds=60)
"""After this long unclear, a double page is the lesser harm."""
WIDEN_AFTER = timedelta(seconds=10)
"""After this long without success the person's next method is used as well."""


@dataclass(slots=True)
class Sent:
    """A finished attempt: the row's result, and what else follows from it."""

    claimed: Claimed
    result: Result
    next_method: bool = False
    disable: str = ""
    failure: str = ""
    healthy: bool | None = None
    """Whether the provider answered: True, False, or None where it was not asked."""


def send(claimed: Claimed) -> Sent:
    """Make one attempt. A bug counts as ambiguous and is logged; only a lost database is raised."""
    now = clock.now()
    channel = SENDABLE[claimed.channel]
    try:
        return _attempt(channel, claimed, now)
    except Undeliverable as error:
        return _refused(claimed, error, clock.now())
    except TryLater as error:
        return _later(channel, claimed, error, clock.now())
    except (Error, psycopg.Error):
        raise  # nothing of this attempt has left: the database is asked before the provider
    except Exception as error:  # the outer loop: one bad message must not stop the others
        logger.exception("Sending %s failed unexpectedly", claimed.key)
        unexpected = TryLater(f"unexpected: {type(error).__name__}", maybe_sent=True)
        return _later(channel, claimed, unexpected, clock.now(), healthy=None)


def _attempt(channel: Channel, claimed: Claimed, now: datetime) -> Sent:
    if not claimed.is_usable or not claimed.address:
        raise Undeliverable("the contact method is gone, disabled or not verified")
    message = compose(claimed, now)
    if claimed.was_unknown and (found := _already_there(channel, claimed, message, now)):
        return _accepted(channel, claimed, found, clock.now())
    unset = _unset(channel, claimed)
    held = timedelta(seconds=time.monotonic() - claimed.claimed_at)
    if held + SEND_BUDGET > outbox.lease():  # a slow machine, or the provider was asked at length
        outbox.renew(claimed, held)
    if not outbox.still_wanted(claimed):
        result = _result(claimed, State.CANCELLED, "cancelled", clock.now())
        return Sent(claimed, result)
    if unset:
        return _local(claimed, message, unset, clock.now())
    receipt = channel.send(claimed.address, message)
    sent = _accepted(channel, claimed, receipt.provider_id, clock.now())
    if receipt.delivered:
        sent.result.state, sent.result.proof_due_at = State.DELIVERED, None
    return sent


def _unset(channel: Channel, claimed: Claimed) -> str:
    """Why nothing can leave by this channel; "" when it can.

    Whoever can be reached by a provider that is set up is reached by that one instead. Where any
    is, people wait for pages: what cannot leave has failed, and somebody else is paged.
    """
    if settings.OUTBOX_ONLY and channel.leaves_the_house:
        return "OUTBOX_ONLY is on"
    unset = channel.configured()
    if unset and (_has_a_provider() or any(map(_is_set_up, outbox.other_channels(claimed)))):
        raise Undeliverable(unset)
    return unset


def _is_set_up(kind: str) -> bool:
    return kind in CHANNELS and not CHANNELS[kind].configured()


def _has_a_provider() -> bool:
    """Whether the house itself has one: what each address brings along says nothing of that."""
    return any(_is_set_up(kind) for kind, channel in CHANNELS.items() if not channel.many_providers)


def _already_there(
    channel: Channel, claimed: Claimed, message: Message, now: datetime
) -> str | None:
    """Ask the provider whether an earlier attempt arrived. After SEND_ANYWAY, do not insist."""
    if not channel.can_look_up:
        return None
    try:
        since = adopting.first_attempt_at(claimed)
        return adopting.adopt(claimed, channel.look_up(claimed.address, message, since), since)
    except TryLater:
        if now - claimed.first_tried_at >= SEND_ANYWAY:
            return None
        raise TryLater("the provider cannot be asked", retry_after=2, maybe_sent=True) from None


def _result(claimed: Claimed, state: State, outcome: str, at: datetime) -> Result:
    return Result(claimed.id, claimed.fence, claimed.attempts, at, state, outcome)


def _accepted(channel: Channel, claimed: Claimed, provider_id: str, at: datetime) -> Sent:
    result = _result(claimed, State.ACCEPTED, "accepted", at)
    result.provider_id = one_line(provider_id)[:128]
    if channel.proof_seconds is not None:
        result.proof_due_at = at + timedelta(seconds=channel.proof_seconds)
    return Sent(claimed, result, healthy=True)


def _local(claimed: Claimed, message: Message, reason: str, at: datetime) -> Sent:
    """No provider: readable on the outbox page and the console, and nowhere else."""
    logger.warning("OUTBOX %s for alert #%s: %s", claimed.channel, claimed.alert_id, message.title)
    result = _result(claimed, State.ACCEPTED, "accepted", at)
    result.is_local, result.error = True, reason[:300]
    return Sent(claimed, result)


def _refused(claimed: Claimed, error: Undeliverable, at: datetime) -> Sent:
    result = _result(claimed, State.FAILED, "refused", at)
    result.error = reason = _reason(error)
    return Sent(
        claimed,
        result,
        next_method=True,
        disable=reason if error.dead_address else "",
        failure=reason,
    )


def _reason(error: TryLater | Undeliverable) -> str:
    """A provider's words, fit to be stored: without what no database takes."""
    return one_line(error.reason)[:300] or "no reason given"


def _later(
    channel: Channel,
    claimed: Claimed,
    error: TryLater,
    at: datetime,
    *,
    healthy: bool | None = False,
) -> Sent:
    """Not now. What may have left rests for a while; what has not is tried again soon."""
    waited = at - claimed.first_tried_at
    outcome = "ambiguous" if error.maybe_sent else "not_sent"
    if error.maybe_sent and channel.can_look_up:
        rest = timedelta(seconds=error.retry_after) if error.retry_after else outbox.hold()
    else:
        step = BACK_OFF[min(claimed.attempts, len(BACK_OFF)) - 1]
        rest = timedelta(seconds=min(error.retry_after or step, 20))
        if error.maybe_sent and not channel.idempotent:  # each try may be one copy more
            rest = max(rest, waited * MORE_PATIENCE)
    # An earlier attempt may have left although this one did not: it stays unclear.
    unclear = channel.can_look_up and (error.maybe_sent or claimed.was_unknown)
    result = _result(claimed, State.UNKNOWN if unclear else State.PENDING, outcome, at)
    result.due_at, result.error = at + rest, _reason(error)
    # What surely has not left does not wait for a try that comes too late.
    longest = waited if unclear else waited + rest
    widen = not claimed.widened and (error.systemic or longest >= WIDEN_AFTER)
    result.widened = widen
    return Sent(
        claimed,
        result,
        next_method=widen,
        failure=result.error if widen else "",
        healthy=healthy,
    )
