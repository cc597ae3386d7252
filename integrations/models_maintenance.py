"""Maintenance windows: when nobody is to be paged, for what, and what becomes of it after."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.fields import validate_time_zone
from accounts.models import User
from groups.models import Group
from integrations import routing
from integrations.models_inbound import Integration
from integrations.models_services import Service
from integrations.states import AtEnd
from integrations.windows import Every, Plan, Span, wrong


class WindowQuerySet(models.QuerySet["MaintenanceWindow"]):
    def visible_to(self, user: User) -> WindowQuerySet:
        """All of them for those who manage integrations, nothing for anybody else."""
        allowed = user.has_perm("integrations.view_maintenancewindow")
        return self.all() if allowed else self.none()

    def standing(self, at: datetime) -> WindowQuerySet:
        """Those that are not over for good."""
        return self.filter(ended_at__isnull=True, over_at__gt=at)

    def over(self, at: datetime) -> WindowQuerySet:
        return self.filter(Q(ended_at__isnull=False) | Q(over_at__lte=at))


class MaintenanceWindow(models.Model):
    """Alerts are recorded and held back, never lost: at the end they page, or are closed."""

    name = models.CharField(max_length=120)
    reason = models.TextField(blank=True, max_length=1000)
    every = models.CharField("happens", max_length=8, choices=Every, default=Every.ONCE)
    time_zone = models.CharField(max_length=64, validators=[validate_time_zone])
    first_on = models.DateField("first day")
    begins_at = models.TimeField("begins at")
    last_on = models.DateField("last day")
    ends_at = models.TimeField("ends at")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    month_day = models.PositiveSmallIntegerField(
        "day of the month",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text="31 is the last day of every month.",
    )
    everything = models.BooleanField(
        "everything", default=False, help_text="All integrations and groups."
    )
    integrations = models.ManyToManyField(Integration, blank=True, related_name="windows")
    services = models.ManyToManyField(Service, blank=True, related_name="windows")
    groups = models.ManyToManyField(Group, blank=True, related_name="+")
    conditions: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(
        "only where", default=list, blank=True
    )
    at_end = models.CharField("at the end", max_length=8, choices=AtEnd, default=AtEnd.RELEASE)

    # Made from the plan when it is saved. Nothing without an end can be stored.
    starts_at = models.DateTimeField(editable=False)
    over_at = models.DateTimeField(editable=False)
    skip_until = models.DateTimeField(null=True, editable=False)
    """What began before this was ended by hand."""
    ended_at = models.DateTimeField(null=True, editable=False)
    """When somebody called all of it off."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changes = models.PositiveIntegerField(default=0, editable=False)

    objects: ClassVar[WindowQuerySet] = WindowQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering: ClassVar[list[str]] = ["starts_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("over_at", name="window_standing", condition=Q(ended_at__isnull=True)),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(over_at__gt=F("starts_at")), name="a_window_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def plan(self) -> Plan:
        return Plan(
            self.every,
            self.time_zone,
            self.first_on,
            self.begins_at,
            self.last_on,
            self.ends_at,
            tuple(self.weekdays),
            self.month_day,
        )

    def clean(self) -> None:
        try:
            routing.compiled(self.conditions)
        except routing.BadCondition as error:
            raise ValidationError({"conditions": str(error)}) from None
        if None in (self.first_on, self.begins_at, self.last_on, self.ends_at):
            return  # their own fields say so
        if problems := wrong(self.plan):
            raise ValidationError({name: [text] for name, text in problems.items()})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.starts_at, self.over_at = self.plan.bounds
        super().save(*args, **kwargs)

    def span_at(self, at: datetime) -> Span | None:
        """Return when it began and will end, if it goes on at that instant."""
        if self.ended_at is not None:
            return None
        span = self.plan.at(at)
        if span is not None and self.skip_until is not None and span[0] < self.skip_until:
            return None
        return span

    def next_span(self, after: datetime) -> Span | None:
        return None if self.ended_at is not None else self.plan.next(after)
