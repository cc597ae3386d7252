"""Who may change what of a calendar, said once."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError

from accounts.errors import NotAllowed
from accounts.models import ContactMethod, User
from groups.models import Group, Member
from schedules.models import Schedule


def may_edit(user: User, group: Group) -> bool:
    """Whether somebody may change the group's schedules and rotations."""
    return Group.objects.editable_by(user).filter(pk=group.pk).exists()


def may_override(user: User, group: Group) -> bool:
    """Whether somebody may put in any override at all: an editor, or a member who is pageable."""
    if may_edit(user, group):
        return True
    mine = Member.objects.filter(group=group, user=user)
    return user.is_active and not user.is_stakeholder and mine.exists()


def require_editor(actor: User | None, group: Group) -> None:
    """Raise NotAllowed unless `actor` is the system itself or an editor of the group."""
    if actor is not None and not may_edit(actor, group):
        raise NotAllowed(f"Only those who may edit {group} can change its schedules.")


def require_mine_or_editor(actor: User | None, people: Iterable[int | None], group: Group) -> None:
    """Raise NotAllowed unless one of `people` acts in the group, or an editor does."""
    if actor is None or may_edit(actor, group):
        return
    if not may_override(actor, group):
        raise NotAllowed(f"Only members of {group} can change who is on call in it.")
    if actor.pk not in people:
        raise NotAllowed(
            "You can take a shift over or give away your own; "
            f"ask somebody who may edit {group} to move other people."
        )


def require_same_group(before: Schedule, after: Schedule) -> None:
    """Raise ValidationError when something would move to another group."""
    if before.group_id != after.group_id:
        raise ValidationError({"schedule": "It stays in its group; make another one there."})


def require_reachable(user: User) -> None:
    """Raise ValidationError unless pages can reach this person at all."""
    if not ContactMethod.objects.usable().filter(user=user).exists():
        raise ValidationError(f"{user} has no verified contact method; pages could not reach them.")
