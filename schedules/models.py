"""A group's calendar: rotations by rank, and overrides on top. Rules, not rows per shift.

What a rotation means is in `resolver.py`; what it takes to be sensible is said here, by `clean`
to people and by constraints to everybody else.
"""

from datetime import UTC, date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Now

from accounts.fields import validate_time_zone
from accounts.models import User
from groups.models import Group, Member
from schedules.states import Fills, Role, Unit
from schedules.walltime import zone_of

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
_FIRST, _LAST = (datetime(d.year, 1, 1, tzinfo=UTC) for d in (EARLIEST, LATEST))
LONGEST_COUNT = 1000


def validate_assignable(user: User, group: Group) -> None:
    """Raise unless this person can be put on call in the group: a member, active, pageable."""
    if not Member.objects.filter(group=group, user=user).exists():
        raise ValidationError(f"{user} is not a member of {group}; add them to the group first.")
    if user.is_stakeholder:
        raise ValidationError(
            f"{user} is a Stakeholder and is never on call; give them the Basic role first."
        )
    if not user.is_active:
        raise ValidationError(f"{user} is not active and cannot be on call.")


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def active(self) -> Self:
        """Those that decide who is on call."""
        return self.filter(is_active=True)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Schedules of the groups the person may see."""
        return self.filter(group__in=Group.objects.visible_to(user))

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Schedules of the groups the person may change."""
        return self.filter(group__in=Group.objects.editable_by(user))


class Schedule(models.Model):
    """Who is on call in a group, by the calendar. At most one per group is active."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="schedules")
    name = models.CharField(max_length=120)
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="An IANA zone such as Europe/Vienna. Hand-offs keep their hour on its clocks.",
    )
    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="The active schedule decides who is paged. Prepare the next one switched off.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        ordering = ["group__name", "-is_active", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["group"],
                condition=Q(is_active=True),
                name="schedule_one_active",
                violation_error_message="This group has an active schedule already; "
                "switch that one off first.",
            ),
            models.UniqueConstraint(
                fields=["group", "name"],
                name="schedule_name_once",
                violation_error_message="This group has a schedule of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.time_zone)


class Rotation(models.Model):
    """People taking turns: who hands over to whom, how often, at what hour on the wall."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="rotations")
    name = models.CharField(max_length=120)
    unit = models.CharField(
        "turn counted in", max_length=4, choices=Unit.choices, default=Unit.WEEK
    )
    count = models.PositiveSmallIntegerField(
        "turn lasts",
        default=1,
        validators=[
            MinValueValidator(1, "A turn lasts at least 1 hour, day or week."),
            MaxValueValidator(LONGEST_COUNT, f"A turn lasts at most {LONGEST_COUNT} units."),
        ],
        help_text="How many hours, days or weeks one person's turn lasts.",
    )
    starts_on = models.DateField(
        "first hand-off on", help_text="The first person's turn begins on this day."
    )
    handoff_at = models.TimeField(
        "hand-off at",
        help_text="On the clocks of the schedule's zone, daylight saving or not.",
    )
    fills = models.CharField(
        max_length=9, choices=Fills.choices, default=Fills.PRIMARY, help_text="The role it fills."
    )
    rank = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100, "A rank is between 0 and 100.")],
        help_text="A higher rank covers a lower one; rotations of the same rank are on call "
        "together. A turn that belongs to nobody hides nothing.",
    )

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
            models.UniqueConstraint(
                fields=["schedule", "name"],
                name="rotation_name_once",
                violation_error_message="This schedule has a rotation of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rhythm(self) -> str:
        """Say when hands change: "every week, Mondays at 09:00"."""
        turn = Unit(self.unit).name.lower() if self.count == 1 else f"{self.count} {self.unit}s"
        day = f"{self.starts_on:%A}s " if self.unit == Unit.WEEK else ""
        return f"every {turn}, {day}at {self.handoff_at:%H:%M}"

    @property
    def people(self) -> list[User]:
        """The line, first turn first; prefetch `members__user` before asking many."""
        return [place.user for place in self.members.all()]


class RotationMember(models.Model):
    """One place in the line. A person may have several; people in a line cannot be deleted."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="person",
        on_delete=models.PROTECT,
        related_name="rotation_places",
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="rotation_places", editable=False
    )
    """Follows `user`: nobody takes turns without being in the group, or leaves it in between."""
    position = models.PositiveSmallIntegerField(help_text="The lowest takes the first turn.")

    class Meta:
        ordering = ["rotation", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["rotation", "position"],
                name="rotation_position_once",
                deferrable=Deferrable.DEFERRED,
                violation_error_message="Two people cannot have the same place in the line.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)

    def clean(self) -> None:
        if self.user_id and self.rotation_id:
            validate_assignable(self.user, self.rotation.schedule.group)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the membership in step with the person."""
        self.member = Member.objects.get(group=self.rotation.schedule.group_id, user=self.user_id)
        super().save(*args, **kwargs)


class OverrideQuerySet(models.QuerySet["Override"]):
    def touching(self, since: datetime, until: datetime) -> Self:
        """In force at some instant of [since, until)."""
        return self.filter(starts_at__lt=until, ends_at__gt=since)


class Override(models.Model):
    """For [starts_at, ends_at) somebody else has the role: for one person, or for whoever it is."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.PRIMARY)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="on call instead",
        on_delete=models.PROTECT,
        related_name="override_shifts",
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
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="override_ends_after_start",
                violation_error_message="The end must be after the start.",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__gte=_FIRST, ends_at__lte=_LAST),
                name="override_sane",
                violation_error_message="An override must lie between 2000 and 2199.",
            ),
            models.CheckConstraint(
                condition=Q(replaces__isnull=True) | ~Q(replaces=F("user")),
                name="override_two_people",
                violation_error_message="Nobody can be replaced by themselves.",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="override_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.get_role_display()}"

    def clean(self) -> None:
        if self.user_id and self.schedule_id:
            validate_assignable(self.user, self.schedule.group)
