"""Changes over the layers that an editor makes: overrides and temporary schedules."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from schedules.models_base import (
    Schedule,
    Stretch,
    ends_after_start,
    validate_assignable,
    within_reason,
)
from schedules.models_calendars import ImportedCalendar
from schedules.models_layers import FixedShift
from schedules.models_rotations import Rotation
from schedules.states import Change, Role

LAYERS = ("rotation", "fixed_shift", "calendar")
_EVERY_LAYER = Q(rotation__isnull=True, fixed_shift__isnull=True, calendar__isnull=True)
_ONE_LAYER = (
    Q(rotation__isnull=False, fixed_shift__isnull=True, calendar__isnull=True)
    | Q(rotation__isnull=True, fixed_shift__isnull=False, calendar__isnull=True)
    | Q(rotation__isnull=True, fixed_shift__isnull=True, calendar__isnull=False)
)


class OverrideQuerySet(models.QuerySet["Override"]):
    def touching(self, since: datetime, until: datetime) -> Self:
        """In force at some instant of [since, until)."""
        return self.filter(starts_at__lt=until, ends_at__gt=since)


class Override(Stretch):
    """A change for [starts_at, ends_at): somebody instead, somebody more, or somebody less.

    Over the whole schedule, or in one layer of it. Replace: `user` for `replaces`, or for whoever
    it is. Add: `user` as well. Remove: without `replaces`.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    kind = models.CharField(
        max_length=7, choices=Change.choices, default=Change.REPLACE, db_default=Change.REPLACE
    )
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.PRIMARY)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="on call instead",
        on_delete=models.PROTECT,
        related_name="override_shifts",
        null=True,
        blank=True,
    )
    replaces = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="instead of",
        on_delete=models.PROTECT,
        related_name="overridden_shifts",
        null=True,
        blank=True,
        help_text="Only while this person would be on call. Leave empty for whoever it would be.",
    )
    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, null=True, blank=True)
    fixed_shift = models.ForeignKey(FixedShift, on_delete=models.CASCADE, null=True, blank=True)
    calendar = models.ForeignKey(ImportedCalendar, on_delete=models.CASCADE, null=True, blank=True)
    swap = models.ForeignKey(
        "schedules.SwapRequest",
        on_delete=models.CASCADE,
        related_name="overrides",
        null=True,
        editable=False,
    )
    """Made by taking a request; lives and dies with it."""
    ends_at = models.DateTimeField("until", help_text="At this instant the rotation takes over.")
    reason = models.CharField(max_length=200, blank=True)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["schedule", "ends_at"], name="override_in_force")]
        constraints = [
            ends_after_start("override_ends_after_start"),
            within_reason("override_sane", "An override"),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True) | Q(user__isnull=True) | ~Q(replaces=F("user")),
                name="override_two_people",
                violation_error_message="Nobody can be replaced by themselves.",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="override_role_known"),
            models.CheckConstraint(
                condition=Q(kind=Change.REPLACE, user__isnull=False)
                | Q(kind=Change.ADD, user__isnull=False, replaces__isnull=True)
                | Q(kind=Change.REMOVE, user__isnull=True, replaces__isnull=False),
                name="override_names_people",
                violation_error_message="To replace or add, say who is on call; "
                "to remove, say only who is not.",
            ),
            models.CheckConstraint(
                condition=_EVERY_LAYER | _ONE_LAYER,
                name="override_one_layer",
                violation_error_message="Choose one layer, or the whole schedule.",
            ),
            models.UniqueConstraint(
                fields=["swap", "role", "user"],
                condition=Q(swap__isnull=False),
                name="override_once_per_swap",
            ),
        ]

    def __str__(self) -> str:
        if self.kind == Change.REMOVE:
            return f"{self.replaces} not as {self.get_role_display()}"
        return f"{self.user} as {self.get_role_display()}"

    @property
    def layer(self) -> Rotation | FixedShift | ImportedCalendar | None:
        """The one layer it changes, or None for the whole schedule."""
        return self.rotation or self.fixed_shift or self.calendar

    def clean(self) -> None:
        if self.user is not None and self.schedule_id:
            validate_assignable(self.user, self.schedule.group)
        if self.schedule_id and self.layer and self.layer.schedule_id != self.schedule_id:
            raise ValidationError("This layer is not part of the schedule.")


class TemporarySchedule(Stretch):
    """For [starts_at, ends_at) only its own shifts count, whatever layers and overrides say.

    Two of one schedule never overlap (excluded by the database).
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="temporary")
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["starts_at"]
        indexes = [models.Index(fields=["schedule", "ends_at"], name="temporary_in_force")]
        constraints = [
            ends_after_start("temporary_ends_after_start"),
            within_reason("temporary_sane", "A temporary schedule"),
        ]

    def __str__(self) -> str:
        return self.name


class TemporaryShift(models.Model):
    """One person in one role, within the window of a temporary schedule."""

    temporary = models.ForeignKey(
        TemporarySchedule, on_delete=models.CASCADE, related_name="shifts"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.PRIMARY)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            ends_after_start("temporary_shift_ends_after_start"),
            within_reason("temporary_shift_sane", "A shift"),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="temporary_shift_role_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)
