"""What people ask of each other: time off that somebody covers, requests to swap or to cover."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from groups.models import Group
from schedules.models_base import Schedule, Stretch, ends_after_start, within_reason
from schedules.states import Answer, SwapState


class TimeOff(Stretch):
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
    reason = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=8, choices=Answer.choices, default=Answer.ASKED)
    answered_at = models.DateTimeField(null=True, editable=False)

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


class SwapRequest(Stretch):
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
    return_starts_at = models.DateTimeField("in return from", null=True, blank=True)
    return_ends_at = models.DateTimeField("in return until", null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=SwapState.choices, default=SwapState.OPEN)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="swaps_taken", null=True
    )
    decided_at = models.DateTimeField(null=True, editable=False)

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
                | Q(
                    return_starts_at__isnull=False,
                    return_ends_at__isnull=False,
                    return_ends_at__gt=F("return_starts_at"),
                ),
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
