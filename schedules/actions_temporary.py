"""A temporary schedule: for a while only its own shifts count."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import User
from schedules.models import Schedule, TemporarySchedule, TemporaryShift, validate_assignable
from schedules.moving import moving
from schedules.rights import require_editor, require_same_group

MOST_SHIFTS = 500
_TWICE = "There is a temporary schedule for this time already; change that one."


@transaction.atomic
def save_temporary(
    temporary: TemporarySchedule,
    shifts: Sequence[TemporaryShift],
    *,
    actor: User | None,
    now: datetime,
) -> TemporarySchedule:
    """Add or change a temporary schedule with all its shifts.

    What has passed stays as it was: a new one begins `now` at the earliest, of one that runs the
    start stays, and one that is over is not changed.
    """
    require_editor(actor, temporary.schedule.group)
    is_new = temporary.pk is None
    if temporary.ends_at and temporary.ends_at <= now:
        raise ValidationError({"ends_at": "This time has passed; the end must be in the future."})
    earliest = now
    if not is_new:
        before = _changeable(temporary, now)
        require_same_group(before.schedule, temporary.schedule)
        earliest = min(now, before.starts_at)
    if temporary.starts_at and temporary.starts_at < earliest:
        temporary.starts_at = earliest
    if is_new:
        temporary.created_by = actor
    temporary.full_clean()
    _check_shifts(temporary, shifts)
    _require_alone(temporary)
    what = f"Temporary schedule “{temporary}”"
    with moving([temporary.schedule.group_id], what, actor=actor, now=now):
        _save(temporary, shifts)
    verb = "added" if is_new else "changed"
    audit.record(verb, temporary, actor=actor, now=now, **_facts(temporary))
    return temporary


@transaction.atomic
def end_temporary(temporary: TemporarySchedule, *, actor: User | None, now: datetime) -> None:
    """Take a temporary schedule back: wholly if it has not begun, from `now` on if it runs."""
    require_editor(actor, temporary.schedule.group)
    temporary = _changeable(temporary, now)
    audit.record("ended", temporary, actor=actor, now=now, **_facts(temporary))
    what = f"Temporary schedule “{temporary}” taken back"
    with moving([temporary.schedule.group_id], what, actor=actor, now=now):
        if temporary.starts_at >= now:
            temporary.delete()
            return
        temporary.shifts.filter(starts_at__gte=now).delete()
        temporary.shifts.filter(ends_at__gt=now).update(ends_at=now)
        temporary.ends_at = now
        temporary.save(update_fields=["ends_at"])


def _changeable(temporary: TemporarySchedule, now: datetime) -> TemporarySchedule:
    before = TemporarySchedule.objects.select_for_update(of=("self",)).get(pk=temporary.pk)
    if before.ends_at <= now:
        raise NotAllowed("This temporary schedule is over; what happened stays as it was.")
    return before


def _check_shifts(temporary: TemporarySchedule, shifts: Sequence[TemporaryShift]) -> None:
    if len(shifts) > MOST_SHIFTS:
        raise ValidationError(f"A temporary schedule has at most {MOST_SHIFTS} shifts.")
    checked: set[int] = set()
    for shift in shifts:
        shift.full_clean(exclude=["temporary"])
        if shift.starts_at < temporary.starts_at:
            shift.starts_at = temporary.starts_at
        if shift.ends_at > temporary.ends_at or shift.ends_at <= shift.starts_at:
            raise ValidationError("Every shift must lie within the temporary schedule.")
        if shift.user_id not in checked:
            validate_assignable(shift.user, temporary.schedule.group)
            checked.add(shift.user_id)


def _require_alone(temporary: TemporarySchedule) -> None:
    Schedule.objects.select_for_update(no_key=True, of=("self",)).get(pk=temporary.schedule_id)
    others = TemporarySchedule.objects.filter(
        schedule=temporary.schedule_id,
        starts_at__lt=temporary.ends_at,
        ends_at__gt=temporary.starts_at,
    )
    if others.exclude(pk=temporary.pk).exists():
        raise ValidationError(_TWICE)


def _save(temporary: TemporarySchedule, shifts: Sequence[TemporaryShift]) -> None:
    try:
        with transaction.atomic():
            temporary.save()
    except IntegrityError:
        raise ValidationError(_TWICE) from None
    temporary.shifts.all().delete()
    for shift in shifts:
        shift.pk, shift.temporary = None, temporary
    TemporaryShift.objects.bulk_create(shifts)


def _facts(temporary: TemporarySchedule) -> dict[str, Any]:
    return {
        "schedule": temporary.schedule_id,
        "starts_at": temporary.starts_at.isoformat(),
        "ends_at": temporary.ends_at.isoformat(),
    }
