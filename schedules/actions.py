"""Every change to a calendar, one verb at a time: allowed? sensible? saved and recorded together.

Pages, API and console come through here. `actor` is None when the system itself acts (demo data).
What nonsense is refused is said by the models; who may do what is said here, once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import User
from groups.models import Group, Member
from schedules.models import Override, Rotation, RotationMember, Schedule, validate_assignable


def may_edit(user: User, group: Group) -> bool:
    """Whether somebody may change the group's schedules and rotations."""
    return Group.objects.editable_by(user).filter(pk=group.pk).exists()


def may_override(user: User, group: Group) -> bool:
    """Whether somebody may put in any override at all: an editor, or a member who is pageable."""
    if may_edit(user, group):
        return True
    mine = Member.objects.filter(group=group, user=user)
    return user.is_active and not user.is_stakeholder and mine.exists()


@transaction.atomic
def save_schedule(schedule: Schedule, *, actor: User | None, now: datetime) -> Schedule:
    """Add or change a schedule. Raises ValidationError or NotAllowed."""
    is_new = schedule.pk is None
    _require_editor(actor, schedule.group)
    if not is_new and Schedule.objects.get(pk=schedule.pk).group_id != schedule.group_id:
        raise ValidationError({"group": "A schedule stays in its group; make another one there."})
    schedule.full_clean()
    schedule.save()
    audit.record("added" if is_new else "changed", schedule, actor=actor, now=now)
    return schedule


@transaction.atomic
def save_rotation(
    rotation: Rotation, people: Sequence[User] | None, *, actor: User | None, now: datetime
) -> Rotation:
    """Add or change a rotation and, unless `people` is None, who takes turns in which order."""
    is_new = rotation.pk is None
    _require_editor(actor, rotation.schedule.group)
    if not is_new:
        _require_same_group(Rotation.objects.get(pk=rotation.pk).schedule, rotation.schedule)
    rotation.full_clean()
    rotation.save()
    facts: dict[str, Any] = {}
    if people is not None:
        _set_line(rotation, people)
        facts = {"members": [user.pk for user in people]}
    audit.record("added" if is_new else "changed", rotation, actor=actor, now=now, **facts)
    return rotation


@transaction.atomic
def remove(thing: Schedule | Rotation, *, actor: User | None, now: datetime) -> None:
    """Delete a schedule or a rotation with all that hangs on it."""
    _require_editor(actor, _group_of(thing))
    audit.record("deleted", thing, actor=actor, now=now)
    thing.delete()


@transaction.atomic
def add_override(override: Override, *, actor: User | None, now: datetime) -> Override:
    """Put somebody else on call for a while.

    What has passed stays as it was: a start before `now` is cut to `now`, and an override that is
    over already is refused. An editor may move anybody; a member may take a shift over or give
    away their own.
    """
    _require_override(actor, override)
    if override.ends_at and override.ends_at <= now:
        raise ValidationError({"ends_at": "This time has passed; the end must be in the future."})
    if override.starts_at and override.starts_at < now < override.ends_at:
        override.starts_at = now
    override.created_by = actor
    override.full_clean()
    override.save()
    audit.record("added", override, actor=actor, now=now, **_facts(override))
    return override


@transaction.atomic
def change_override(override: Override, *, actor: User | None, now: datetime) -> Override:
    """Change an override that has not begun, or move the end of one that runs."""
    before = Override.objects.select_for_update().get(pk=override.pk)
    _require_override(actor, before)
    _require_override(actor, override)
    _require_same_group(before.schedule, override.schedule)
    if before.ends_at <= now:
        raise NotAllowed("This override is over; what happened stays as it was.")
    if override.ends_at <= now:
        raise ValidationError({"ends_at": "This time has passed; the end must be in the future."})
    if before.starts_at <= now:
        _require_same_past(before, override)
    else:
        override.starts_at = max(override.starts_at, now)
    override.full_clean()
    override.save()
    audit.record("changed", override, actor=actor, now=now, **_facts(override))
    return override


@transaction.atomic
def end_override(override: Override, *, actor: User | None, now: datetime) -> None:
    """Take an override back: wholly if it has not begun, from `now` on if it runs."""
    override = Override.objects.select_for_update().get(pk=override.pk)
    _require_override(actor, override)
    if override.ends_at <= now:
        raise NotAllowed("This override is over; what happened stays as it was.")
    audit.record("ended", override, actor=actor, now=now, **_facts(override))
    if override.starts_at >= now:
        override.delete()
    else:
        override.ends_at = now
        override.save(update_fields=["ends_at"])


def _require_editor(actor: User | None, group: Group) -> None:
    if actor is not None and not may_edit(actor, group):
        raise NotAllowed(f"Only those who may edit {group} can change its schedules.")


def _require_override(actor: User | None, override: Override) -> None:
    group = override.schedule.group
    if actor is None or may_edit(actor, group):
        return
    if not may_override(actor, group):
        raise NotAllowed(f"Only members of {group} can change who is on call in it.")
    if actor.pk not in (override.user_id, override.replaces_id):
        raise NotAllowed(
            "You can take a shift over or give away your own; "
            f"ask somebody who may edit {group} to move other people."
        )


def _require_same_group(before: Schedule, after: Schedule) -> None:
    if before.group_id != after.group_id:
        raise ValidationError({"schedule": "It stays in its group; make another one there."})


def _set_line(rotation: Rotation, people: Sequence[User]) -> None:
    group = rotation.schedule.group
    for user in people:
        validate_assignable(user, group)
    members = {m.user_id: m for m in Member.objects.filter(group=group, user__in=people)}
    rotation.members.all().delete()
    RotationMember.objects.bulk_create(
        RotationMember(rotation=rotation, user=user, member=members[user.pk], position=position)
        for position, user in enumerate(people)
    )


def _require_same_past(before: Override, after: Override) -> None:
    kept = ("schedule_id", "role", "user_id", "replaces_id")
    if any(getattr(before, name) != getattr(after, name) for name in kept):
        raise NotAllowed("This override has begun: only its end and its reason can be changed.")
    after.starts_at = before.starts_at


def _group_of(thing: Schedule | Rotation) -> Group:
    return thing.group if isinstance(thing, Schedule) else thing.schedule.group


def _facts(override: Override) -> dict[str, Any]:
    return {
        "schedule": override.schedule_id,
        "role": override.role,
        "user": override.user_id,
        "replaces": override.replaces_id,
        "starts_at": override.starts_at.isoformat(),
        "ends_at": override.ends_at.isoformat(),
    }
