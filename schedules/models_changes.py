"""Changes over the layers: overrides, temporary schedules, time off, requests to swap or cover."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from groups.models import Group
from schedules.models_base import Schedule, ends_after_start, validate_assignable, within_reason
from schedules.models_calendars import ImportedCalendar
from schedules.models_layers import FixedShift
from schedules.models_rotations import Rotation
from schedules.states import Answer, Change, Role, SwapState

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


class Override(models.Model):
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
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until", help_text="At this instant the rotation takes over.")
    reason = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        editable=False,
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

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


class TemporarySchedule(models.Model):
    """For [starts_at, ends_at) only its own shifts count, whatever layers and overrides say.

    Two of one schedule never overlap (excluded by the database).
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="temporary")
    name = models.CharField(max_length=120)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        editable=False,
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

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


class TimeOff(models.Model):
    """Somebody is away for [starts_at, ends_at), in one group or everywhere; who covers.

    One for a group is stronger than one for everywhere. When the coverer declines, the shifts
    return to the owner. Two of one person and scope never overlap (excluded by the database).
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="time_off"
    )
    group = models.ForeignKey(
        Group,
        on_delete=models.CASCADE,
        related_name="time_off",
        null=True,
        blank=True,
        help_text="Leave empty for all groups.",
    )
    covered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="covers_time_off",
        null=True,
        blank=True,
        help_text="Leave empty and nobody takes over: lower ranks do, or it is a gap.",
    )
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    reason = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=8, choices=Answer.choices, default=Answer.ASKED)
    answered_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["user", "ends_at"], name="time_off_in_force"),
            models.Index(fields=["covered_by", "ends_at"], name="time_off_covered"),
        ]
        constraints = [
            ends_after_start("time_off_ends_after_start"),
            within_reason("time_off_sane", "Time off"),
            models.CheckConstraint(
                condition=Q(covered_by__isnull=True) | ~Q(covered_by=F("user")),
                name="time_off_two_people",
                violation_error_message="Nobody can cover for themselves.",
            ),
            models.CheckConstraint(
                condition=Q(answer__in=Answer.values), name="time_off_answer_known"
            ),
            models.CheckConstraint(
                condition=~Q(answer=Answer.DECLINED) | Q(covered_by__isnull=False),
                name="time_off_declined_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is away"


class SwapRequest(models.Model):
    """ "Who takes my shifts in [starts_at, ends_at)?", perhaps in return for others.

    Until somebody has taken it the person stays on call. There is one taker, of everything.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="swaps")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="swap_requests"
    )
    """Whose shifts; usually the one who asks."""
    offered_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        help_text="Leave empty to ask everybody in the group.",
    )
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    return_starts_at = models.DateTimeField("in return from", null=True, blank=True)
    return_ends_at = models.DateTimeField("in return until", null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=SwapState.choices, default=SwapState.OPEN)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="swaps_taken", null=True
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["starts_at"], condition=Q(state="open"), name="swap_open"),
            models.Index(fields=["schedule", "ends_at"], name="swap_of_schedule"),
        ]
        constraints = [
            ends_after_start("swap_ends_after_start"),
            within_reason("swap_sane", "A request"),
            models.CheckConstraint(
                condition=Q(return_starts_at__isnull=True, return_ends_at__isnull=True)
                | Q(return_ends_at__gt=F("return_starts_at")),
                name="swap_return_ends_after_start",
                violation_error_message="What is given in return must end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SwapState.values), name="swap_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=SwapState.TAKEN, taken_by__isnull=False)
                | (~Q(state=SwapState.TAKEN) & Q(taken_by__isnull=True)),
                name="swap_taken_by_one",
            ),
            models.CheckConstraint(
                condition=Q(state=SwapState.OPEN) ^ Q(decided_at__isnull=False),
                name="swap_open_until_decided",
            ),
            models.CheckConstraint(
                condition=(Q(offered_to__isnull=True) | ~Q(offered_to=F("user")))
                & (Q(taken_by__isnull=True) | ~Q(taken_by=F("user"))),
                name="swap_two_people",
                violation_error_message="Nobody can cover for themselves.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} asks for cover"


class SwapDecline(models.Model):
    """Somebody said no to a request that is open to others still."""

    swap = models.ForeignKey(SwapRequest, on_delete=models.CASCADE, related_name="declines")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["swap", "user"], name="swap_declined_once"),
        ]

    def __str__(self) -> str:
        return str(self.user)


class SwapReminder(models.Model):
    """One reminder of an open request, `ahead_seconds` before its start; never sent twice."""

    swap = models.ForeignKey(SwapRequest, on_delete=models.CASCADE, related_name="reminders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    ahead_seconds = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["swap", "user", "ahead_seconds"], name="swap_reminded_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)
