"""Starting and stopping replays: checked, counted and written into the audit trail."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from alertops import doorbell
from integrations import replaying
from integrations.actions import NotAllowed
from integrations.models import InboundEvent, Integration, Replay

MOST = 20_000


@dataclass(frozen=True, slots=True)
class Range:
    """Which events: from the first number to the last, perhaps only some of them."""

    first: int
    last: int
    integration: Integration | None = None
    outcome: str = ""


@transaction.atomic
def start(chosen: Range, *, is_dry: bool, actor: User | None, now: datetime) -> Replay:
    """Have events worked off once more. Raises NotAllowed for none, and for too many."""
    events = InboundEvent.objects.filter(
        pk__gte=chosen.first, pk__lte=chosen.last, processed_at__isnull=False
    )
    if chosen.integration is not None:
        events = events.filter(integration=chosen.integration)
    if chosen.outcome:
        events = events.filter(outcome=chosen.outcome)
    last = InboundEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    total = len(events.order_by().values_list("pk")[: MOST + 1])
    if total == 0:
        raise NotAllowed("No event lies in this range.")
    if total > MOST:
        raise NotAllowed(f"These are more than {MOST} events; choose a shorter time.")
    replay = Replay.objects.create(
        first=chosen.first,
        last=min(chosen.last, last),
        integration=chosen.integration,
        outcome=chosen.outcome,
        is_dry=is_dry,
        total=total,
        created_by=actor,
        created_at=now,
    )
    verb = "looked at a replay of events" if is_dry else "replayed events"
    audit.record(verb, replay, actor=actor, now=now, first=chosen.first, last=chosen.last)
    replaying.again()
    doorbell.ring_on_commit("inbox")
    return replay


@transaction.atomic
def stop(replay: Replay, *, actor: User | None, now: datetime) -> None:
    """End a replay where it stands. What it has done stays."""
    row = Replay.objects.select_for_update(of=("self",)).get(pk=replay.pk)
    if row.finished_at is None:
        row.finished_at, row.stopped = now, True
        row.save(update_fields=["finished_at", "stopped"])
        replaying.forget(row)
        audit.record("stopped a replay", row, actor=actor, now=now)
