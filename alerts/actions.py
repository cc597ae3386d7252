"""Every move a person (or a clock) makes with one alert. One verb, one door, one transaction.

Moves are idempotent: what has already happened changes nothing and records nothing, so two
people pressing Acknowledge is not an error. None of them tells the engine anything: they set
`wake_at`, and the engine looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from alertops import doorbell
from alerts import bundles
from alerts.models import Alert, AlertEvent
from alerts.signals_in import Outcome, Signal, open_alerts
from alerts.states import TRANSITIONS, Kind, NotAllowed, Severity, Status, Verb, Wake
from alerts.timeline import Fact, record
from groups.models import Group

__all__ = [
    "Move",
    "NotAllowed",
    "Outcome",
    "Signal",
    "apply",
    "create",
    "open_alerts",
]


class Superseded(NotAllowed):
    """The page being answered is not the current one any more."""


# A mistaken click on "unacknowledge" can be taken back before anybody is woken.
UNACKNOWLEDGE_GRACE = timedelta(seconds=10)
LONGEST_SNOOZE = timedelta(days=7)
LEFT = "left"
"""`via` of what is given back because whoever had it has left."""


@dataclass(frozen=True, slots=True)
class Move:
    """What a verb may need besides the alert. `via` says how it came: page, link, sms, api …"""

    actor: User | None
    now: datetime
    via: str = ""
    note: str = ""
    until: datetime | None = None
    assignee: User | None = None
    group: Group | None = None
    seen_at: datetime | None = None
    """When its sender last saw the alert. A newer escalation makes escalating a no-op, so the
    button pressed on two phones moves one level only; what somebody has acknowledged since is not
    taken from them."""
    by: str = ""
    """Who did it where that is no user of ours: "Ann Example in Jira"."""
    epoch: int | None = None
    """The page being answered. Where somebody has answered since, the move is refused."""


@transaction.atomic
def apply(verb: Verb, alert_id: int, move: Move) -> Alert:
    """Move one alert along the table and record it, or raise NotAllowed with a sentence.

    Raises Alert.DoesNotExist for an unknown id.
    """
    alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    step = TRANSITIONS[verb]
    if move.epoch is not None and move.epoch != alert.epoch:
        raise Superseded("This alert has been answered or paged anew since; look at it first.")
    if Status(alert.status) not in step.allowed:
        raise NotAllowed(f"This alert is {alert.status}; it cannot be {step.done}.")
    _MOVES[verb](alert, move)
    return alert


def _acknowledge(alert: Alert, move: Move) -> None:
    if alert.status == Status.ACKNOWLEDGED:
        if move.actor and alert.acknowledged_by_id != move.actor.pk:
            _say_so_too(alert, move)
        return
    alert.status = Status.ACKNOWLEDGED
    alert.acknowledged_at, alert.acknowledged_by = move.now, move.actor
    if move.actor and (alert.group_id is not None or move.assignee is not None):
        alert.assignee = move.actor  # else it stays the one it was sent to, who it comes back to
    _stop(alert)
    _wake(alert, Wake.ACKNOWLEDGED, move.now)  # the policy may say that it expires
    _tell(alert, Kind.ACKNOWLEDGED, move)
    bundles.acknowledge_too(alert.pk, move.actor.pk if move.actor else None, move.now)


def _say_so_too(alert: Alert, move: Move) -> None:
    """Somebody else acknowledged as well: said once, the owner stays."""
    since = alert.acknowledged_at or move.now
    said = AlertEvent.objects.filter(
        alert=alert, kind=Kind.ACKNOWLEDGED, actor=move.actor, at__gte=since
    )
    if not said.exists():
        _tell(alert, Kind.ACKNOWLEDGED, move, also=True)


def _unacknowledge(alert: Alert, move: Move) -> None:
    if alert.status == Status.TRIGGERED:
        return
    holder = alert.acknowledged_by_id
    _reopen(alert, move)
    _wake(alert, _beginning(alert), move.now + UNACKNOWLEDGE_GRACE)
    _tell(alert, Kind.UNACKNOWLEDGED, move, person=holder)


def _resolve(alert: Alert, move: Move) -> None:
    if alert.status == Status.RESOLVED:
        return
    alert.status = Status.RESOLVED
    alert.resolved_at, alert.resolved_by = move.now, move.actor
    _stop(alert)
    _tell(alert, Kind.RESOLVED, move)
    bundles.resolve_too(alert.pk, move.actor.pk if move.actor else None, move.now)


def _escalate(alert: Alert, move: Move) -> None:
    pending = alert.status == Status.TRIGGERED and alert.wake == Wake.ESCALATE
    done = (
        move.seen_at is not None
        and AlertEvent.objects.filter(
            alert=alert, kind=Kind.ESCALATED, at__gt=move.seen_at
        ).exists()
    )
    if pending or done:
        return
    _check_not_taken_since(alert, move)
    if alert.group_id is None:
        raise NotAllowed("This alert was sent to one person; there is no next level. Assign it.")
    _reopen(alert, move)
    _wake(alert, Wake.ESCALATE, move.now)
    _tell(alert, Kind.ESCALATED, move)


def _assign(alert: Alert, move: Move) -> None:
    if move.group is not None:
        _reopen(alert, move)
        alert.group = move.group
        alert.policy_hint = None
        _wake(alert, Wake.START, move.now)
        _tell(alert, Kind.ASSIGNED, move, group=move.group.name)
        return
    if move.assignee is None:
        raise NotAllowed("Choose a person or a group to assign this alert to.")
    if move.actor and move.assignee.pk == move.actor.pk:
        _acknowledge(alert, move)  # taking it oneself is acknowledging it
        return
    if _is_with(alert, move.assignee):
        return
    _check_not_taken_since(alert, move)
    _check_reachable(alert, move.assignee)
    _reopen(alert, move)
    alert.assignee = move.assignee
    _wake(alert, Wake.ASSIGNED, move.now)
    _tell(alert, Kind.ASSIGNED, move, person=move.assignee.pk)


def _is_with(alert: Alert, person: User) -> bool:
    """Whether they have acknowledged it, or are being paged about it, or were last of all."""
    if alert.status == Status.ACKNOWLEDGED:
        return alert.acknowledged_by_id == person.pk
    is_quiet = alert.suppressed or alert.snoozed_until is not None
    is_theirs = alert.assignee_id == person.pk and alert.wake in (Wake.ASSIGNED, Wake.RESUME)
    return is_theirs and not is_quiet


def _snooze(alert: Alert, move: Move) -> None:
    if move.until is None or move.until <= move.now:
        raise NotAllowed("Choose a time in the future to snooze until.")
    if move.until - move.now > LONGEST_SNOOZE:
        raise NotAllowed("An alert can be snoozed for a week at most.")
    _check_not_taken_since(alert, move)
    _reopen(alert, move)
    alert.snoozed_until = move.until
    _wake(alert, _beginning(alert), move.until)
    _tell(alert, Kind.SNOOZED, move, until=move.until.isoformat())


def _note(alert: Alert, move: Move) -> None:
    if not move.note.strip():
        raise NotAllowed("Write something first.")
    _tell(alert, Kind.NOTED, move)


_MOVES: dict[Verb, Callable[[Alert, Move], None]] = {
    Verb.ACKNOWLEDGE: _acknowledge,
    Verb.UNACKNOWLEDGE: _unacknowledge,
    Verb.RESOLVE: _resolve,
    Verb.ESCALATE: _escalate,
    Verb.ASSIGN: _assign,
    Verb.SNOOZE: _snooze,
    Verb.NOTE: _note,
}


def _stop(alert: Alert) -> None:
    """Nothing more is due, and whatever was queued belongs to an epoch that is over."""
    alert.wake_at, alert.snoozed_until = None, None
    alert.acknowledgement_expires, alert.suppressed, alert.discard_at = False, False, None
    alert.epoch += 1


def _reopen(alert: Alert, move: Move) -> None:
    """Back to triggered, owned by nobody, nothing promised; what followed it into somebody's hands
    as well. The caller says when to wake."""
    if alert.status == Status.ACKNOWLEDGED:
        bundles.unacknowledge_too([alert.pk], move.actor.pk if move.actor else None, move.now)
    alert.status = Status.TRIGGERED
    alert.acknowledged_at = alert.acknowledged_by = alert.snoozed_until = None
    alert.parent = None  # somebody wants this very one
    # Somebody wants it paged: maintenance, if it still goes on, is asked anew by its own sweep.
    alert.acknowledgement_expires, alert.suppressed, alert.discard_at = False, False, None
    if alert.group_id is not None:
        alert.assignee = None
    alert.epoch += 1


def _beginning(alert: Alert) -> Wake:
    """How paging begins anew: with the policy, or with the one person it was sent to."""
    return Wake.START if alert.group_id is not None else Wake.ASSIGNED


def _wake(alert: Alert, why: Wake, at: datetime) -> None:
    alert.wake, alert.wake_at = why, at
    doorbell.ring_on_commit("tick")


def _check_not_taken_since(alert: Alert, move: Move) -> None:
    """Nobody takes an alert out of hands they have not seen it in."""
    taken_at = alert.acknowledged_at if alert.status == Status.ACKNOWLEDGED else None
    if move.seen_at is not None and taken_at is not None and taken_at > move.seen_at:
        who = alert.acknowledged_by or "Its source"
        raise Superseded(f"{who} has acknowledged this alert since; look at it first.")


def _check_reachable(alert: Alert, person: User) -> None:
    if not person.is_active:
        raise NotAllowed(f"{person.name} has left; choose somebody else.")
    if not person.contact_methods.usable().exists():
        raise NotAllowed(f"{person.name} has no verified contact method and cannot be paged.")
    if not Alert.objects.filter(pk=alert.pk).visible_to(person).exists() and alert.group_id:
        member = alert.group and alert.group.members.filter(user=person).exists()
        if not member:
            raise NotAllowed(f"{person.name} may not see alerts of {alert.group}.")


_STATE = [
    "status",
    "assignee",
    "group",
    "policy_hint",
    "acknowledged_at",
    "acknowledged_by",
    "acknowledgement_expires",
    "resolved_at",
    "resolved_by",
    "snoozed_until",
    "suppressed",
    "discard_at",
    "parent",
    "wake_at",
    "wake",
    "epoch",
]


def _tell(alert: Alert, kind: Kind, move: Move, **data: Any) -> None:
    """Save the state and the fact that changed it, together."""
    alert.save(update_fields=_STATE)
    if move.via:
        data["via"] = move.via
    if move.by:
        data["by"] = move.by
    if move.note:
        data["note"] = move.note
    record([Fact(alert.pk, kind, move.now, move.actor.pk if move.actor else None, data)])


@transaction.atomic
def create(
    *,
    title: str,
    actor: User | None,
    now: datetime,
    group: Group | None = None,
    assignee: User | None = None,
    description: str = "",
    severity: Severity = Severity.CRITICAL,
    via: str = "",
) -> Alert:
    """Open an alert by hand, for a group or straight for one person, and start paging.

    Raises NotAllowed where neither is named or the person cannot be paged.
    """
    if group is None and assignee is None:
        raise NotAllowed("Choose a group or a person to alert.")
    if group is None and assignee and not assignee.contact_methods.usable().exists():
        raise NotAllowed(f"{assignee.name} has no verified contact method and cannot be paged.")
    alert = Alert.objects.create(
        title=title,
        description=description,
        severity=severity,
        group=group,
        assignee=assignee,
        opened_by=actor,
        opened_at=now,
        last_event_at=now,
        wake_at=now,
        wake=Wake.START if group else Wake.ASSIGNED,
    )
    data = {"via": via} if via else {}
    record([Fact(alert.pk, Kind.OPENED, now, actor.pk if actor else None, data)])
    doorbell.ring_on_commit("tick")
    return alert
