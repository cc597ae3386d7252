"""Rotations: people taking turns, the line they stand in, the hours they are on duty."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.deletion import Collector

from accounts.models import User
from groups.models import Member
from schedules.models_base import EARLIEST, LATEST, Schedule, validate_assignable
from schedules.models_layers import Layer, holidays_agree
from schedules.states import Advance, Fills, Unit

LONGEST_COUNT = 1000
MOST_AT_ONCE = 20
WEEK_MINUTES = 7 * 24 * 60


def keep_while_in_line(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Nobody leaves the group while they take turns; whoever has a day of leaving may."""
    if sub_objs.filter(leaves_on__isnull=True).exists():
        models.PROTECT(collector, field, sub_objs, using)
    models.SET_NULL(collector, field, sub_objs, using)


class Rotation(Layer):
    """People taking turns: who hands over to whom, how often, at what hour on the wall.

    An edit takes effect at `takes_effect_at`, which is the next hand-off: whoever has the turn
    keeps it until then, by the rule in `outgoing`.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="rotations")
    unit = models.CharField(
        "turn counted in", max_length=5, choices=Unit.choices, default=Unit.WEEK
    )
    count = models.PositiveSmallIntegerField(
        "turn lasts",
        default=1,
        validators=[
            MinValueValidator(1, "A turn lasts at least 1 hour, day, week or month."),
            MaxValueValidator(LONGEST_COUNT, f"A turn lasts at most {LONGEST_COUNT} units."),
        ],
        help_text="How many hours, days, weeks or months one person's turn lasts.",
    )
    starts_on = models.DateField(
        "first hand-off on", help_text="The first person's turn begins on this day."
    )
    handoff_at = models.TimeField(
        "hand-off at",
        help_text="On the clocks of the schedule's zone, daylight saving or not.",
    )
    ends_on = models.DateField(
        "ends on",
        null=True,
        blank=True,
        help_text="At the hand-off hour of this day the rotation is over. Empty: never.",
    )
    fills = models.CharField(
        max_length=9, choices=Fills.choices, default=Fills.PRIMARY, help_text="The role it fills."
    )
    people_at_once = models.PositiveSmallIntegerField(
        default=1,
        db_default=1,
        validators=[
            MinValueValidator(1, "At least one person has a turn."),
            MaxValueValidator(MOST_AT_ONCE, f"At most {MOST_AT_ONCE} people share a turn."),
        ],
        help_text="How many people of the line have a turn together.",
    )
    advance = models.CharField(
        "turn passes on",
        max_length=8,
        choices=Advance.choices,
        default=Advance.CALENDAR,
        db_default=Advance.CALENDAR,
        help_text="With duty hours, a turn may have no work in it; whether it counts all the same.",
    )
    takes_effect_at = models.DateTimeField(null=True, blank=True, editable=False)
    outgoing = models.JSONField(null=True, blank=True, editable=False)
    """The rule before the last edit, in force until `takes_effect_at`; see `outgoing.py`."""

    class Meta:
        ordering = ["schedule", "-rank", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(count__gte=1, count__lte=LONGEST_COUNT), name="rotation_count"
            ),
            models.CheckConstraint(condition=Q(unit__in=Unit.values), name="rotation_unit_known"),
            models.CheckConstraint(
                condition=Q(fills__in=Fills.values), name="rotation_fills_known"
            ),
            models.CheckConstraint(condition=Q(rank__lte=100), name="rotation_rank"),
            models.CheckConstraint(
                condition=Q(starts_on__gte=EARLIEST, starts_on__lt=LATEST),
                name="rotation_start_sane",
                violation_error_message="The first hand-off must be between 2000 and 2199.",
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True)
                | Q(ends_on__gt=F("starts_on"), ends_on__lte=LATEST),
                name="rotation_ends_after_start",
                violation_error_message="The end must be after the first hand-off, "
                "and before 2200.",
            ),
            models.CheckConstraint(
                condition=Q(people_at_once__gte=1, people_at_once__lte=MOST_AT_ONCE),
                name="rotation_people_at_once",
            ),
            models.CheckConstraint(
                condition=Q(advance__in=Advance.values), name="rotation_advance_known"
            ),
            models.CheckConstraint(
                condition=Q(outgoing__isnull=True) | Q(takes_effect_at__isnull=False),
                name="rotation_outgoing_ends",
            ),
            holidays_agree("rotation_holidays_agree"),
            models.UniqueConstraint(
                fields=["schedule", "name"],
                name="rotation_name_once",
                violation_error_message="This schedule has a rotation of this name already.",
            ),
        ]

    @property
    def rhythm(self) -> str:
        """Say when hands change: "every week, Mondays at 09:00"."""
        turn = Unit(self.unit).name.lower() if self.count == 1 else f"{self.count} {self.unit}s"
        day = {Unit.WEEK: f"{self.starts_on:%A}s ", Unit.MONTH: f"on day {self.starts_on.day} "}
        return f"every {turn}, {day.get(Unit(self.unit), '')}at {self.handoff_at:%H:%M}"

    @property
    def people(self) -> list[User]:
        """The line without its empty places, first turn first; prefetch `members__user`."""
        return [place.user for place in self.members.all() if place.user is not None]


class RotationMember(models.Model):
    """One place in the line, for good or between two days. Without a person it is nobody's turn.

    A person may have several places; people in a line cannot be deleted. Somebody who joins or
    leaves on a day changes nothing about the order of the others: the line goes on from whoever
    had the turn before that day.
    """

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="person",
        on_delete=models.PROTECT,
        related_name="rotation_places",
        null=True,
        blank=True,
        help_text="Leave empty for a turn that belongs to nobody.",
    )
    member = models.ForeignKey(
        Member,
        on_delete=keep_while_in_line,
        related_name="rotation_places",
        null=True,
        editable=False,
    )
    """Follows `user`: nobody takes turns without being in the group, or leaves it in between."""
    position = models.PositiveSmallIntegerField(help_text="The lowest takes the first turn.")
    joins_on = models.DateField(
        null=True, blank=True, help_text="Turns that begin before this day pass them over."
    )
    leaves_on = models.DateField(
        null=True, blank=True, help_text="Turns that begin on this day or later pass them over."
    )

    class Meta:
        ordering = ["rotation", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["rotation", "position"],
                name="rotation_position_once",
                deferrable=Deferrable.DEFERRED,
                violation_error_message="Two people cannot have the same place in the line.",
            ),
            models.CheckConstraint(
                condition=Q(leaves_on__isnull=True)
                | Q(joins_on__isnull=True)
                | Q(leaves_on__gt=F("joins_on")),
                name="rotation_member_leaves_after_joining",
                violation_error_message="The day of leaving must be after the day of joining.",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True, member__isnull=True)
                | Q(user__isnull=False, member__isnull=False)
                | Q(user__isnull=False, leaves_on__isnull=False),
                name="rotation_member_in_group",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user) if self.user else "Nobody"

    def clean(self) -> None:
        if self.user is not None and self.rotation_id:
            validate_assignable(self.user, self.rotation.schedule.group)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the membership in step with the person."""
        group = self.rotation.schedule.group_id
        self.member = Member.objects.get(group=group, user=self.user_id) if self.user_id else None
        super().save(*args, **kwargs)


class DutyWindow(models.Model):
    """A stretch of every week in which a rotation is on duty. Without any it always is.

    Minutes are counted from Monday 00:00 on the wall; a window may run over midnight and over
    the end of the week (Friday 18:00 to Monday 08:00 is 6840 to 10560).
    """

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="windows")
    starts_minute = models.PositiveSmallIntegerField()
    ends_minute = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["rotation", "starts_minute"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_minute__lt=WEEK_MINUTES)
                & Q(ends_minute__gt=F("starts_minute"))
                & Q(ends_minute__lt=F("starts_minute") + WEEK_MINUTES),
                name="window_within_a_week",
                violation_error_message="Duty hours must end after they begin, within a week.",
            ),
            models.UniqueConstraint(fields=["rotation", "starts_minute"], name="window_once"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_minute}-{self.ends_minute}"
