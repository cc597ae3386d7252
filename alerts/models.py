"""The alert: what is wrong, its state and its story."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from alerts.states import Kind, Severity, Status, Urgency, Verb, Wake, urgency_of, verbs_from
from groups.models import Group


class SourceManager(models.Manager["Source"]):
    """Sources people know; see `AlertManager`."""

    def get_queryset(self) -> models.QuerySet[Source]:
        return super().get_queryset().filter(pk__gt=0)


class Source(models.Model):
    """Where signals come from. An integration is a source; a hand-made alert has none."""

    name = models.CharField(max_length=120, unique=True)

    objects = SourceManager()

    def __str__(self) -> str:
        return self.name


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> AlertQuerySet:
        return self.exclude(status=Status.RESOLVED)

    def due(self, now: datetime) -> AlertQuerySet:
        """Alerts the engine must look at: the one question it ever asks."""
        return self.filter(wake_at__lte=now)

    def visible_to(self, user: User) -> AlertQuerySet:
        """Alerts of groups the person may see, and those handed to the person directly."""
        if user.is_admin:
            return self
        groups = Group.objects.visible_to(user).values("pk")
        return self.filter(Q(group__in=groups) | Q(assignee=user) | Q(opened_by=user))


_Alerts = models.Manager.from_queryset(AlertQuerySet)


class AlertManager(_Alerts["Alert"]):
    """Alerts of people. Below zero lives the house's own self-test, which nobody ever sees."""

    def get_queryset(self) -> AlertQuerySet:
        return AlertQuerySet(self.model, using=self._db).filter(pk__gt=0)


class Alert(models.Model):
    source = models.ForeignKey(
        Source, models.PROTECT, null=True, blank=True, related_name="alerts", db_index=False
    )
    dedup_key = models.CharField(max_length=255, blank=True)
    title = models.CharField(max_length=1024)
    description = models.TextField(blank=True)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.CRITICAL)
    status = models.CharField(max_length=12, choices=Status, default=Status.TRIGGERED)
    group = models.ForeignKey(
        Group, models.PROTECT, null=True, blank=True, related_name="alerts", db_index=False
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    tags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    details = models.JSONField(default=dict, blank=True)
    # The policy a route or integration asked for; the group's own where null. A bare number,
    # because policies live above alerts; the escalation app alone gives it a meaning.
    policy_hint = models.BigIntegerField(null=True, blank=True)

    event_count = models.PositiveIntegerField(default=1)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    opened_at = models.DateTimeField()
    last_event_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    acknowledgement_expires = models.BooleanField(default=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    suppressed = models.BooleanField(default=False)
    # When maintenance closes it instead of letting it page. Soon after, `wake_at` pages all the
    # same: whoever should have closed it may be gone, and a page too many is the lesser evil.
    discard_at = models.DateTimeField(null=True, blank=True)

    # Alerts that belong together: `bundle` is what they have in common, `parent` the one of them
    # that pages. It has no parent itself.
    bundle = models.CharField(max_length=64, blank=True, db_default="")
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        db_index=False,
    )

    # The engine's memory. `wake_at` is the next instant it must look, `wake` why; `epoch` is
    # raised by every human answer, and a notification of an older epoch is never sent.
    wake_at = models.DateTimeField(null=True, blank=True)
    wake = models.CharField(max_length=16, choices=Wake, default=Wake.START)
    epoch = models.PositiveIntegerField(default=1)

    objects = AlertManager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-opened_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["source", "dedup_key"],
                condition=~Q(status="resolved"),
                name="one_open_alert_per_key",
            ),
            models.CheckConstraint(
                condition=~Q(status="triggered") | Q(wake_at__isnull=False),
                name="a_triggered_alert_is_never_silent",
            ),
            models.CheckConstraint(
                condition=Q(snoozed_until__isnull=True) | Q(wake_at__isnull=False),
                name="a_snoozed_alert_wakes_up",
            ),
            models.CheckConstraint(
                condition=Q(acknowledgement_expires=False) | Q(wake_at__isnull=False),
                name="an_expiring_acknowledgement_wakes_up",
            ),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False, wake_at__isnull=True)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True)),
                name="resolved_means_over",
            ),
            models.CheckConstraint(
                condition=Q(status="acknowledged") | Q(acknowledgement_expires=False),
                name="only_an_acknowledgement_expires",
            ),
            models.CheckConstraint(
                condition=Q(group__isnull=False) | Q(assignee__isnull=False),
                name="an_alert_has_an_addressee",
            ),
            models.CheckConstraint(
                condition=Q(suppressed=False) | Q(status="triggered"),
                name="only_a_triggered_alert_is_held_back",
            ),
            models.CheckConstraint(
                condition=Q(discard_at__isnull=True)
                | Q(suppressed=True, wake_at__gt=models.F("discard_at")),
                name="what_is_not_discarded_wakes_up",
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=models.F("id")),
                name="no_alert_follows_itself",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("wake_at", name="alert_due", condition=Q(wake_at__isnull=False)),
            models.Index("status", "opened_at", "id", name="alert_by_status"),
            models.Index("opened_at", "id", name="alert_by_age"),
            models.Index("group", "opened_at", "id", name="alert_by_group"),
            models.Index("source", "opened_at", "id", name="alert_by_source"),
            # Most alerts are a group's, nobody's own: none of their changes touches this one.
            models.Index(
                "assignee",
                name="alert_of_assignee",
                condition=~Q(status="resolved") & Q(assignee__isnull=False),
            ),
            models.Index("wake_at", name="alert_held_back", condition=Q(suppressed=True)),
            models.Index(
                "discard_at", name="alert_discarded", condition=Q(discard_at__isnull=False)
            ),
            models.Index("parent", name="alert_follows", condition=Q(parent__isnull=False)),
            models.Index(
                "source",
                "bundle",
                "id",
                name="alert_leads",
                condition=~Q(status="resolved") & ~Q(bundle="") & Q(parent__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("alerts:detail", args=[self.pk])

    @property
    def number(self) -> int:
        """What people call it: #42."""
        return int(self.pk)

    @property
    def urgency(self) -> Urgency:
        return urgency_of(self.severity)

    @property
    def verbs(self) -> list[Verb]:
        return verbs_from(self.status)


class AlertEvent(models.Model):
    """One fact of an alert's story. Append-only; words are made when it is read."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events", db_index=False)
    kind = models.CharField(max_length=24, choices=Kind)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("alert", "at", "id", name="alert_story")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} at {self.at:%Y-%m-%d %H:%M:%S}"

    @property
    def template(self) -> str:
        """The three lines that turn this fact into words."""
        return f"alerts/events/{self.kind}.html"
