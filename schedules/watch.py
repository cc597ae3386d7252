"""What was stays as it was when people join, leave, change places or are switched off.

They live in lower apps that cannot ask us; those say so before they change anything, and the past
of the groups concerned is settled then. A group that never had a schedule has no record.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from accounts.signals import duty_changes
from groups.models import Group
from schedules import past


@receiver(duty_changes, dispatch_uid="schedules.watch.write_down_what_was")
def write_down_what_was(
    now: datetime, users: Iterable[int] = (), groups: Iterable[int] = (), **kwargs: Any
) -> None:
    """Settle the past of `groups`, and of those `users` are in."""
    mine = Q(pk__in=list(groups)) | Q(members__user__in=list(users))
    recorded = Q(settled__isnull=False) | Q(schedules__is_active=True)
    found = Group.objects.filter(mine, recorded).order_by("pk").distinct()
    past.settle(list(found.values_list("pk", flat=True)), now)
