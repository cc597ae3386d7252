"""Heartbeats: jobs and hosts that say they are alive, and alerts when they stop saying it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.fields import validate_time_zone
from accounts.models import User
from alertops.durations import SecondsField, words
from alerts.models import Source
from alerts.states import Severity
from escalation.models import Policy
from groups.models import Group
from integrations import keys, rhythm
from integrations.rhythm import Rhythm
from integrations.states import Pulse

DAY = 86400


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def visible_to(self, user: User) -> HeartbeatQuerySet:
        """All for those who manage integrations; for others those of groups they may see."""
        if user.has_perm("integrations.view_heartbeat"):
            return self.all()
        return self.filter(Q(group__in=Group.objects.visible_to(user)) | Q(assignee=user))

    def with_key(self, key: str) -> HeartbeatQuerySet:
        return self.filter(digest=keys.key_hash(key))


class Heartbeat(Source):
    """Somebody pings us every so often; when that stops, one alert opens, and the next ping
    resolves it."""

    group = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="heartbeats",
        help_text="Who is paged when it is late.",
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="person",
        help_text="Straight to one person instead of a group.",
    )
    policy = models.ForeignKey(
        Policy,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Instead of the group's own policy.",
    )
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.CRITICAL)
    period_seconds = SecondsField(
        "every",
        null=True,
        blank=True,
        validators=[MinValueValidator(60), MaxValueValidator(365 * DAY)],
        help_text="How often it pings, such as “5 min” or “1 day”. Or give a cron expression.",
    )
    cron = models.CharField(
        max_length=100,
        blank=True,
        help_text="When it pings, such as “30 2 * * 1-5”: minute, hour, day, month, weekday.",
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="The zone of the cron expression.",
    )
    grace_seconds = SecondsField(
        "grace",
        default=60,
        validators=[MinValueValidator(30), MaxValueValidator(365 * DAY)],
        help_text="How late it may be, or how long a started job may take, before somebody is "
        "paged.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField("begins with", max_length=8, editable=False)

    state = models.CharField(
        max_length=8, choices=Pulse, default=Pulse.WAITING, editable=False, db_index=True
    )
    due_at = models.DateTimeField(null=True, editable=False)
    """When it counts as late. Null: not armed yet, paused, or somebody knows already."""
    started_at = models.DateTimeField(null=True, editable=False)
    """When its job said that it begins, until it says how it went."""
    last_ping_at = models.DateTimeField(null=True, editable=False)
    last_said = models.CharField(max_length=300, blank=True, editable=False)
    last_from = models.CharField(max_length=64, blank=True, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    """Since when it is in this state."""
    ping_count = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[HeartbeatQuerySet] = HeartbeatQuerySet.as_manager()  # type: ignore[assignment]
    key = ""
    """The whole key, only on the object that has just made it."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="heartbeat_due"
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(group__isnull=False) | Q(assignee__isnull=False),
                name="a_heartbeat_has_somebody_to_answer",
                violation_error_message="Choose a group or a person: somebody must answer.",
            ),
            models.CheckConstraint(
                condition=Q(period_seconds__isnull=False, cron="")
                | (Q(period_seconds__isnull=True) & ~Q(cron="")),
                name="a_heartbeat_has_one_rhythm",
                violation_error_message="Say how often it pings, or give a cron expression; "
                "not both.",
            ),
            models.CheckConstraint(
                condition=~Q(state=Pulse.UP) | Q(due_at__isnull=False),
                name="a_living_heartbeat_has_a_deadline",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[Pulse.DOWN, Pulse.PAUSED]) | Q(due_at__isnull=True),
                name="only_what_may_be_late_has_a_deadline",
            ),
        ]

    def issue_key(self) -> str:
        """Give it a new key and return it; the old one is void when this is saved."""
        self.key = keys.new()
        self.prefix, self.digest = self.key[: keys.SHOWN], keys.key_hash(self.key)
        return self.key

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it; a new one gets its key, which stays on `.key` this once."""
        if not self.digest:
            self.issue_key()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("integrations:heartbeat", args=[self.pk])

    @property
    def rhythm(self) -> Rhythm:
        period = self.period_seconds
        return Rhythm(
            timedelta(seconds=self.grace_seconds),
            timedelta(seconds=period) if period is not None else None,
            self.cron,
            self.time_zone,
        )

    @property
    def rhythm_words(self) -> str:
        """How often, as people say it."""
        if self.period_seconds is not None:
            return f"every {words(self.period_seconds)}"
        return f"{self.cron} ({self.time_zone})"

    @property
    def grace_words(self) -> str:
        return words(self.grace_seconds)

    def deadline(self) -> datetime | None:
        """When it is late, from what it said last."""
        ends = []
        if self.last_ping_at is not None and self.state == Pulse.UP:
            ends.append(self.rhythm.deadline(self.last_ping_at))
        if self.started_at is not None:
            ends.append(self.started_at + timedelta(seconds=self.grace_seconds))
        return min(ends, default=None)

    def clean(self) -> None:
        if (self.period_seconds is None) == (self.cron == ""):
            raise ValidationError(
                {"period_seconds": "Say how often it pings, or give a cron expression; not both."}
            )
        if self.cron:
            try:
                rhythm.check(self.cron, self.time_zone, _ANY_DAY)
            except (rhythm.BadCron, KeyError, ValueError) as error:
                sentence = str(error) if isinstance(error, rhythm.BadCron) else "No such zone."
                raise ValidationError({"cron": sentence}) from None


_ANY_DAY = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


class Listening(models.Model):
    """One row: until when pings were surely heard. What is missing from it is our own downtime."""

    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id=1), name="one_listening_row"),
        ]

    def __str__(self) -> str:
        return f"until {self.until:%Y-%m-%d %H:%M:%S}"
