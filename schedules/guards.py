"""A person who takes turns cannot be switched off before somebody takes their place.

The people live in a lower app that cannot ask us, so we are heard before it saves. This only ever
says no; nothing is done here. Whoever goes round it (a bulk update) leaves an empty turn, which
the resolver passes over and the schedule's page names.
"""

from typing import Any

from django.db.models.signals import pre_save
from django.dispatch import receiver

from accounts.errors import NotAllowed
from accounts.models import User
from schedules.models import Rotation


@receiver(pre_save, sender=User, dispatch_uid="schedules.guards.keep_who_takes_turns")
def keep_who_takes_turns(
    instance: User, update_fields: frozenset[str] | None = None, **kwargs: Any
) -> None:
    """Refuse to make somebody inactive, or a mere Stakeholder, who is in an active rotation."""
    if instance.pk is None or (instance.is_active and not instance.is_stakeholder):
        return
    if update_fields is not None and not {"is_active", "roles"} & set(update_fields):
        return
    rotation = (
        Rotation.objects.filter(schedule__is_active=True, members__user=instance)
        .select_related("schedule__group")
        .first()
    )
    if rotation is not None and _could_be_paged(instance.pk):
        place = f"“{rotation}” of {rotation.schedule.group}"
        raise NotAllowed(f"{instance} takes turns in {place}; replace them there first.")


def _could_be_paged(pk: int) -> bool:
    return User.objects.responders().filter(pk=pk).exists()
