"""A group's schedule, and what every part of it asks: who may be put on call, what is sane."""

from datetime import UTC, date, datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.fields import validate_time_zone
from accounts.models import User
from groups.models import Group, Member
from schedules.models_holidays import HolidayCalendar
from schedules.walltime import zone_of

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
FIRST, LAST = (datetime(d.year, 1, 1, tzinfo=UTC) for d in (EARLIEST, LATEST))


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


def ends_after_start(name: str) -> models.CheckConstraint:
    """[starts_at, ends_at) has a length."""
    return models.CheckConstraint(
        condition=Q(ends_at__gt=F("starts_at")),
        name=name,
        violation_error_message="The end must be after the start.",
    )


def within_reason(name: str, noun: str) -> models.CheckConstraint:
    """[starts_at, ends_at) lies where clocks and calendars are known."""
    return models.CheckConstraint(
        condition=Q(starts_at__gte=FIRST, ends_at__lte=LAST),
        name=name,
        violation_error_message=f"{noun} must lie between 2000 and 2199.",
    )


class Stretch(models.Model):
    """[starts_at, ends_at) that somebody entered: a change over the layers."""

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
        abstract = True


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
    holidays = models.ForeignKey(
        HolidayCalendar,
        on_delete=models.SET_NULL,
        related_name="hinted_on",
        null=True,
        blank=True,
        help_text="Public holidays to show on the timeline; they change nothing by themselves.",
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
