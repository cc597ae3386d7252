"""What could not leave because no provider is set up: pages and verification codes, in full.

Only administrators may read this: a page holds its signed acknowledge link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.channels import CHANNELS
from accounts.channels.base import Message
from accounts.models import UnsentMessage
from escalation import history
from escalation.history import Line
from escalation.messages import compose
from escalation.models import Notification
from escalation.outbox import Claimed

SIZE = 25
CODES = 50
_JOINS = ("user", "contact_method", "group_contact", "alert__group", "alert__source")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as its channel would have sent it."""

    line: Line
    message: Message
    text: str


@dataclass(frozen=True, slots=True)
class Letters:
    letters: list[Letter]
    older: int | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A channel that cannot send, and why."""

    label: str
    icon: str
    reason: str


def messages(*, before: int | None, now: datetime) -> Letters:
    """Return the newest pages that stayed here, worded once more, in one query."""
    rows = Notification.objects.filter(is_local=True, channel__in=list(CHANNELS)).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related(*_JOINS)[: SIZE + 1])
    letters = [_letter(row, now) for row in found[:SIZE]]
    return Letters(letters, found[SIZE - 1].pk if len(found) > SIZE else None)


def codes(now: datetime) -> list[UnsentMessage]:
    """Return verification codes that are still good, newest first."""
    good = UnsentMessage.objects.filter(expires_at__gt=now).select_related("user")
    return list(good.order_by("-created_at")[:CODES])


def missing() -> list[Missing]:
    """Return the channels that cannot send."""
    if settings.OUTBOX_ONLY:
        return [Missing("Everything", "inbox", "OUTBOX_ONLY is on: nothing leaves.")]
    return [
        Missing(channel.label, channel.icon, reason)
        for channel in CHANNELS.values()
        if (reason := channel.configured())
    ]


def _letter(row: Notification, now: datetime) -> Letter:
    message = compose(_as_claimed(row), row.accepted_at or row.created_at)
    return Letter(history.line(row, now), message, CHANNELS[row.channel].words(message))


def _as_claimed(row: Notification) -> Claimed:
    """As it was handed to its channel; the link is of the epoch it was queued in."""
    alert = row.alert
    return Claimed(
        id=row.pk,
        key=row.key,
        fence=row.fence,
        attempts=row.attempts,
        token="",  # nothing is sent from here, so nothing can call back
        was_unknown=False,
        widened=row.widened,
        channel=row.channel,
        purpose=row.purpose,
        urgency=row.urgency,
        user_id=row.user_id,
        contact_method_id=row.contact_method_id,
        group_contact_id=row.group_contact_id,
        address="",
        is_usable=True,
        first_tried_at=row.first_tried_at or row.created_at,
        lease_until=row.created_at,
        alert_id=alert.pk,
        epoch=row.epoch,
        title=alert.title,
        description=alert.description,
        severity=alert.severity,
        group_id=alert.group_id,
        group_name=alert.group.name if alert.group else "",
        source_name=alert.source.name if alert.source else "",
        opened_at=alert.opened_at,
        event_count=alert.event_count,
    )
