"""Contact methods that died, kept until somebody has been told."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import ContactMethod
from groups.models import GroupContactMethod


class LostMethod(models.Model):
    """A way to reach somebody that its provider says is dead, or that said STOP."""

    contact_method = models.ForeignKey(
        ContactMethod, models.CASCADE, null=True, related_name="+", db_index=False
    )
    group_contact = models.ForeignKey(
        GroupContactMethod, models.CASCADE, null=True, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    told = ArrayField(models.BigIntegerField(), default=list)
    """The people who know already."""
    next_try_at = models.DateTimeField(null=True)
    """Null: everybody who can be told has been."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(contact_method__isnull=False, group_contact__isnull=True)
                | Q(contact_method__isnull=True, group_contact__isnull=False),
                name="a_lost_method_is_a_persons_or_a_groups",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                "next_try_at", name="lost_method_untold", condition=Q(next_try_at__isnull=False)
            ),
            models.Index("contact_method", name="lost_method_of_person"),
            models.Index("group_contact", name="lost_method_of_group"),
        ]

    def __str__(self) -> str:
        return f"Lost at {self.at:%Y-%m-%d %H:%M}: {self.reason}"
