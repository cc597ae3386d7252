"""Somebody else, somebody more or somebody less on call for a while."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import User
from schedules.absences import require_there
from schedules.models import Override
from schedules.moving import moving
from schedules.rights import may_edit, require_mine_or_editor, require_same_group
from schedules.states import Change

_OVER = "This override is over; what happened stays as it was."


@transaction.atomic
def add_override(override: Override, *, actor: User | None, now: datetime) -> Override:
    """Put somebody else on call for a while.

    What has passed stays as it was: a start before `now` is cut to `now`, and an override that is
    over already is refused. An editor may move anybody; a member may take a shift over or give
    away their own.
    """
    _require(actor, override)
    _require_future(override, now)
    if override.starts_at and override.starts_at < now < override.ends_at:
        override.starts_at = now
    override.created_by = actor
    _check(override)
    with moving([override.schedule.group_id], f"Override: {override}", actor=actor, now=now):
        override.save()
    audit.record("added", override, actor=actor, now=now, **_facts(override))
    return override


@transaction.atomic
def change_override(override: Override, *, actor: User | None, now: datetime) -> Override:
    """Change an override that has not begun, or move the end of one that runs."""
    before = Override.objects.select_for_update().get(pk=override.pk)
    _require(actor, before)
    _require(actor, override)
    require_same_group(before.schedule, override.schedule)
    _require_changeable(before, now)
    _require_future(override, now)
    if before.starts_at <= now:
        _require_same_past(before, override)
    else:
        override.starts_at = max(override.starts_at, now)
    _check(override)
    with moving([override.schedule.group_id], f"Override: {override}", actor=actor, now=now):
        override.save()
    audit.record("changed", override, actor=actor, now=now, **_facts(override))
    return override


@transaction.atomic
def end_override(override: Override, *, actor: User | None, now: datetime) -> None:
    """Take an override back: wholly if it has not begun, from `now` on if it runs."""
    override = Override.objects.select_for_update().get(pk=override.pk)
    _require(actor, override)
    _require_changeable(override, now)
    audit.record("ended", override, actor=actor, now=now, **_facts(override))
    what = f"Override taken back: {override}"
    with moving([override.schedule.group_id], what, actor=actor, now=now):
        cut(override, now)


def cut(override: Override, now: datetime) -> None:
    """Take away what of an override is still to come; the caller has settled the past."""
    if override.starts_at >= now:
        override.delete()
    elif override.ends_at > now:
        override.ends_at = now
        override.save(update_fields=["ends_at"])


def _require(actor: User | None, override: Override) -> None:
    group = override.schedule.group
    require_mine_or_editor(actor, (override.user_id, override.replaces_id), group)
    if override.kind == Change.REMOVE and actor is not None and not may_edit(actor, group):
        raise NotAllowed("Say who takes your shift over; only an editor may leave it to nobody.")


def _check(override: Override) -> None:
    override.full_clean()
    if override.user is not None:
        group, since = override.schedule.group_id, override.starts_at
        require_there(override.user, [group], since, override.ends_at, field="user")


def _require_changeable(override: Override, now: datetime) -> None:
    if override.swap_id is not None:
        raise NotAllowed("This comes from a swap; cancel the request instead.")
    if override.ends_at <= now:
        raise NotAllowed(_OVER)


def _require_future(override: Override, now: datetime) -> None:
    if override.ends_at and override.ends_at <= now:
        raise ValidationError({"ends_at": "This time has passed; the end must be in the future."})


def _require_same_past(before: Override, after: Override) -> None:
    kept = (
        "schedule_id", "kind", "role", "user_id", "replaces_id", "rotation_id", "fixed_shift_id",
        "calendar_id",
    )  # fmt: skip
    if any(getattr(before, name) != getattr(after, name) for name in kept):
        raise NotAllowed("This override has begun: only its end and its reason can be changed.")
    after.starts_at = before.starts_at


def _facts(override: Override) -> dict[str, Any]:
    layer = override.layer
    return {
        "schedule": override.schedule_id,
        "kind": override.kind,
        "role": override.role,
        "user": override.user_id,
        "replaces": override.replaces_id,
        "layer": layer and f"{layer._meta.model_name} {layer.pk}",
        "starts_at": override.starts_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
    }
