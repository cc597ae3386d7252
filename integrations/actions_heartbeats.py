"""Every change of heartbeats by people: checked, saved and written into the audit trail."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import ProtectedError

from accounts import audit
from accounts.models import User
from integrations import heartbeats
from integrations.actions import NotAllowed
from integrations.models import Heartbeat
from integrations.states import Pulse


@transaction.atomic
def save(beat: Heartbeat, *, actor: User | None, now: datetime) -> Heartbeat:
    """Check and keep a heartbeat. A new one carries its key, this once, on `.key`.

    What is running keeps its state: a ping that comes meanwhile is not lost, and a shorter rhythm
    gives at least its grace from now.
    """
    is_new = beat.pk is None
    if not is_new:
        current = Heartbeat.objects.select_for_update(of=("self",)).get(pk=beat.pk)
        for name in _RUNNING:
            setattr(beat, name, getattr(current, name))
    beat.full_clean(exclude=["digest", "prefix"])
    if not is_new and beat.state == Pulse.UP:
        due_at = beat.deadline()
        beat.due_at = max(due_at, now + timedelta(seconds=beat.grace_seconds)) if due_at else None
    beat.save()
    audit.record(
        "added a heartbeat" if is_new else "changed a heartbeat", beat, actor=actor, now=now
    )
    return beat


_RUNNING = (
    "state", "due_at", "started_at", "last_ping_at", "last_said", "last_from", "changed_at",
    "ping_count", "digest", "prefix",
)  # fmt: skip


@transaction.atomic
def new_key(beat: Heartbeat, *, actor: User | None, now: datetime) -> str:
    """Make a new key and return it; the old one is void at once."""
    row = Heartbeat.objects.select_for_update(of=("self",)).get(pk=beat.pk)
    key = row.issue_key()
    row.save(update_fields=["digest", "prefix"])
    beat.key, beat.prefix, beat.digest = row.key, row.prefix, row.digest
    audit.record("made a new key for a heartbeat", row, actor=actor, now=now)
    return key


@transaction.atomic
def pause(beat: Heartbeat, *, actor: User | None, now: datetime) -> None:
    """Let nobody be paged for it. An alert that is open stays open."""
    _change(beat, Pulse.PAUSED, "paused a heartbeat", actor=actor, now=now)


@transaction.atomic
def resume(beat: Heartbeat, *, actor: User | None, now: datetime) -> None:
    """Wait for its next ping, as if it were new."""
    _change(beat, Pulse.WAITING, "resumed a heartbeat", actor=actor, now=now)


def _change(beat: Heartbeat, state: Pulse, verb: str, *, actor: User | None, now: datetime) -> None:
    row = Heartbeat.objects.select_for_update(of=("self",)).get(pk=beat.pk)
    is_paused = row.state == Pulse.PAUSED
    if is_paused == (state == Pulse.PAUSED):
        return  # it is so already
    heartbeats.rest(row, state, now)
    row.save()
    audit.record(verb, row, actor=actor, now=now)


@transaction.atomic
def delete(beat: Heartbeat, *, actor: User | None, now: datetime) -> None:
    """Remove a heartbeat that never opened an alert. Raises NotAllowed for any other."""
    audit.record("removed a heartbeat", beat, actor=actor, now=now)
    try:
        with transaction.atomic():
            beat.delete()
    except ProtectedError:
        raise NotAllowed(
            f"{beat.name} has opened alerts and cannot be removed; pause it instead."
        ) from None
