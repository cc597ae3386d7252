"""Calendars of other programs: feeds that are read from us, calendars that are read by us."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.fields import EncryptedTextField, validate_time_zone
from groups.models import Group
from schedules.models_base import Schedule, ends_after_start
from schedules.models_layers import Layer, holidays_agree
from schedules.states import Role


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def live(self) -> Self:
        """Not revoked."""
        return self.filter(revoked_at__isnull=True)


class CalendarFeed(models.Model):
    """A secret address under which a calendar client reads final shifts without signing in.

    Of a schedule, of a group, or (neither is set) the shifts of its owner. Only the SHA-256 of
    the token is kept; a feed shows no more than its owner may see at that moment.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_feeds"
    )
    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, related_name="feeds", null=True, blank=True
    )
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, related_name="calendar_feeds", null=True, blank=True
    )
    prefix = models.CharField(max_length=12, editable=False)
    """The first letters, to tell feeds apart."""
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(schedule__isnull=True) | Q(group__isnull=True),
                name="feed_of_one_thing",
                violation_error_message="A feed is of a schedule, of a group, or personal.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule or self.group or self.user} ({self.prefix}…)"


class ImportedCalendar(Layer):
    """A calendar elsewhere, as a layer: whom its events name is on call while they last.

    `body` is the last good copy; `events` is what was understood of it, people found. A fetch
    that fails changes nothing but `error` and `tried_at`.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="calendars")
    role = models.CharField(max_length=9, choices=Role.choices, default=Role.PRIMARY)
    url = EncryptedTextField()
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text="Of its all-day events. Empty: as the calendar says, else the schedule's.",
    )
    is_enabled = models.BooleanField("read it", default=True)
    body = models.TextField(blank=True, editable=False)
    etag = models.CharField(max_length=200, blank=True, editable=False)
    modified = models.CharField(max_length=100, blank=True, editable=False)
    fetched_at = models.DateTimeField(null=True, editable=False)
    """When the last good copy was read."""
    tried_at = models.DateTimeField(null=True, editable=False)
    next_fetch_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    error = models.CharField(max_length=300, blank=True, editable=False)
    unknown_names = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, editable=False
    )
    """What events say of whom nobody in the group is known by."""

    class Meta:
        ordering = ["schedule", "-rank", "pk"]
        indexes = [
            models.Index(
                fields=["next_fetch_at"], condition=Q(is_enabled=True), name="calendar_due"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(rank__lte=100), name="calendar_rank"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="calendar_role_known"),
            holidays_agree("calendar_holidays_agree"),
            models.UniqueConstraint(
                fields=["schedule", "name"],
                name="calendar_name_once",
                violation_error_message="This schedule has a calendar of this name already.",
            ),
        ]


class ImportedEventQuerySet(models.QuerySet["ImportedEvent"]):
    def touching(self, since: datetime, until: datetime) -> Self:
        """In force at some instant of [since, until)."""
        return self.filter(starts_at__lt=until, ends_at__gt=since)


class ImportedEvent(models.Model):
    """One occurrence of an event, and one person it names; without a person: an unknown name."""

    calendar = models.ForeignKey(ImportedCalendar, on_delete=models.CASCADE, related_name="events")
    uid = models.CharField(max_length=255)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    summary = models.CharField(max_length=300, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True
    )

    objects = ImportedEventQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["calendar", "ends_at"], name="imported_in_force")]
        constraints = [
            ends_after_start("imported_ends_after_start"),
            models.UniqueConstraint(
                fields=["calendar", "uid", "starts_at", "user", "summary"],
                name="imported_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.summary
