"""Who was notified how, with what result: notifications as people and programs read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.channels import CHANNELS
from escalation.models import Notification
from escalation.states import Purpose, State

_JOINS = ("user", "contact_method", "group_contact")
_LOOKS = {  # icon and tone; the words are the state's own
    State.PENDING: ("hourglass", ""),
    State.SENDING: ("send", "is-accent"),
    State.UNKNOWN: ("circle-help", "is-warning"),
    State.ACCEPTED: ("check", "is-accent"),
    State.DELIVERED: ("check-check", "is-ok"),
    State.FAILED: ("circle-x", "is-danger"),
    State.CANCELLED: ("ban", ""),
    State.EXPIRED: ("timer", "is-danger"),
}
_LOCAL = ("Outbox only", "inbox", "is-warning")


@dataclass(frozen=True, slots=True)
class Line:
    """One notification in words."""

    notification: Notification
    whom: str
    channel: str
    channel_icon: str
    address: str
    state: str
    icon: str
    tone: str
    at: datetime
    """When the present state began, or is planned to."""

    @property
    def is_fallback(self) -> bool:
        return self.notification.purpose == Purpose.FALLBACK

    @property
    def is_unfinished(self) -> bool:
        return self.notification.state in (State.PENDING, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Lines:
    lines: list[Line]
    more: int | None
    """The id that the next page begins below or above; None when there is none."""


def lines(rows: QuerySet[Notification], now: datetime, *, size: int) -> Lines:
    """Word the first `size` of these notifications, in the order given, in one query."""
    found = list(rows.select_related(*_JOINS)[: size + 1])
    more = found[size - 1].pk if len(found) > size else None
    return Lines([line(row, now) for row in found[:size]], more)


def line(row: Notification, now: datetime) -> Line:
    """Word one notification whose people and addresses are loaded."""
    channel = CHANNELS.get(row.channel)
    state, icon, tone = State(row.state).label, *_LOOKS[State(row.state)]
    if row.is_local and row.state == State.ACCEPTED:
        state, icon, tone = _LOCAL
    elif row.state == State.PENDING and row.due_at > now:
        state = "Trying again" if row.attempts else "Planned"
    return Line(
        notification=row,
        whom=whom(row),
        channel=channel.label if channel else row.channel,
        channel_icon=channel.icon if channel and channel.icon else "send",
        address=masked(row),
        state=state,
        icon=icon,
        tone=tone,
        at=_since(row),
    )


def whom(row: Notification) -> str:
    """The person's name, or who it was when there is no such person."""
    if row.user is not None:
        return str(row.user)
    return "The group's own address" if row.group_contact_id else "Somebody who has left"


def masked(row: Notification) -> str:
    """The address as others may see it; "" when it is gone."""
    reached, channel = row.contact_method or row.group_contact, CHANNELS.get(row.channel)
    return channel.mask(reached.address) if reached and reached.address and channel else ""


def _since(row: Notification) -> datetime:
    if row.state in (State.PENDING, State.UNKNOWN):
        return row.due_at
    return row.ended_at or row.delivered_at or row.accepted_at or row.first_tried_at or row.due_at
