"""Where events come in and where they are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from alertops.durations import SecondsField
from alerts.models import Source
from alerts.states import Severity
from escalation.models import Policy
from groups.models import Group
from integrations import expressions, keys
from integrations.grouping import A_DAY, GROUP_BY, GROUP_FOR
from integrations.states import Standing
from integrations.vendors import KINDS


def kinds() -> list[tuple[str, str]]:
    """The registry's words, read when a form is shown: a new vendor is no migration."""
    return KINDS


class IntegrationQuerySet(models.QuerySet["Integration"]):
    def visible_to(self, user: User) -> IntegrationQuerySet:
        """All of them for those who manage integrations, nothing for anybody else."""
        return self.all() if user.has_perm("integrations.view_integration") else self.none()

    def with_key(self, key: str, at: datetime) -> IntegrationQuerySet:
        """The active integration one of whose keys this is, at that instant."""
        valid = Key.objects.valid(at).filter(digest=keys.key_hash(key))
        return self.filter(is_active=True, pk__in=valid.values("integration"))


_Integrations = models.Manager.from_queryset(IntegrationQuerySet)


class IntegrationManager(_Integrations["Integration"]):
    """Integrations of people. Below zero lives the house's own self-test."""

    def get_queryset(self) -> IntegrationQuerySet:
        return IntegrationQuerySet(self.model, using=self._db).filter(pk__gt=0)


class Integration(Source):
    """One address for one tool: what it sends here becomes alerts for one group."""

    kind = models.CharField(max_length=32, choices=kinds, default="generic")
    is_active = models.BooleanField(
        "active", default=True, help_text="The keys of an inactive integration are unknown: 404."
    )
    group = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="integrations",
        help_text="Who answers for what comes in, unless a route says otherwise.",
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
        help_text="Instead of the group's own policy. A route's policy goes before this one.",
    )
    default_severity = models.CharField(
        max_length=8,
        choices=Severity,
        default=Severity.CRITICAL,
        help_text="Where an event does not say, or says a word nobody knows.",
    )
    rate_per_minute = models.PositiveIntegerField(
        "events per minute",
        default=6000,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="What comes faster, for longer than a burst, is answered 429 and opens nothing "
        "until it is sent again. One alert says so and pages.",
    )
    burst = models.PositiveIntegerField(
        default=1000,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="Events taken at once before the rate counts.",
    )
    group_by = ArrayField(
        models.CharField(max_length=200),
        default=list,
        db_default=[],
        blank=True,
        help_text=GROUP_BY,
    )
    group_seconds = SecondsField(
        "grouped for", null=True, blank=True, validators=[A_DAY], help_text=GROUP_FOR
    )
    storm_after = models.PositiveIntegerField(
        "storm after",
        default=0,
        db_default=0,
        validators=[MaxValueValidator(100_000)],
        help_text="New alerts a minute for the same people. Those beyond it are attached to one "
        "storm alert, which pages for all; once it is acknowledged, what joins it pages nobody. "
        "Every page waits a second for this. 0: never.",
    )
    flap_count = models.PositiveSmallIntegerField(
        "flapping after",
        default=0,
        db_default=0,
        validators=[MaxValueValidator(100)],
        help_text="Recoveries of the same key, within the time beside. What flaps pages only when "
        "it has fired for that long, or has paged nobody for as long; 0: never.",
    )
    flap_seconds = SecondsField("within", default=900, db_default=900, validators=[A_DAY])
    mapping: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict,
        blank=True,
        help_text="JMESPath by field: title, severity, action, dedup_key, description, link.",
    )
    last_event_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[IntegrationManager] = IntegrationManager()  # type: ignore[assignment]
    key = ""
    """The whole key, only on the object that has just made it."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(group__isnull=False) | Q(assignee__isnull=False),
                name="an_integration_has_somebody_to_answer",
                violation_error_message="Choose a group or a person: somebody must answer.",
            ),
            models.CheckConstraint(
                condition=Q(rate_per_minute__gte=1, burst__gte=1),
                name="an_integration_takes_events",
                violation_error_message="The limits are at least 1.",
            ),
        ]

    def issue_key(self) -> str:
        """Make the first key of an integration that is about to be saved, and return it."""
        self.key = keys.new()
        return self.key

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep it; a new one gets its first key, which stays on `.key` this once."""
        is_new = self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_new:
                key = self.key or self.issue_key()
                self.keys.create(prefix=key[: keys.SHOWN], digest=keys.key_hash(key))

    @property
    def key_prefix(self) -> str:
        """How the current key begins. Reads `keys`: prefetch them for lists."""
        current = (key for key in self.keys.all() if key.standing == Standing.CURRENT)
        return next((key.prefix for key in current), "")

    def clean(self) -> None:
        if not isinstance(self.mapping, dict):
            raise ValidationError({"mapping": "The mapping is an object of field and expression."})
        wrong = expressions.check(self.mapping)
        if wrong:
            raise ValidationError(
                {"mapping": [f"{name}: {sentence}" for name, sentence in wrong.items()]}
            )


class KeyQuerySet(models.QuerySet["Key"]):
    def valid(self, at: datetime) -> KeyQuerySet:
        """Those that open the door at that instant."""
        return self.exclude(standing=Standing.VOID).filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=at)
        )


class Key(models.Model):
    """One secret of an integration, kept as a hash. At most two are valid at a time: the current
    one and, while senders change over, the one before it."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="keys")
    prefix = models.CharField("begins with", max_length=8)
    digest = models.CharField(max_length=64, unique=True)
    standing = models.CharField(max_length=8, choices=Standing, default=Standing.CURRENT)
    valid_until = models.DateTimeField(null=True)
    """When the grace of the key before the current one ends; null: when somebody revokes it."""
    last_used_at = models.DateTimeField(null=True)
    """Within a minute: a row that every event writes would be a queue of its own."""
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[KeyQuerySet] = KeyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(standing=Standing.CURRENT),
                name="one_current_key",
            ),
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(standing=Standing.PREVIOUS),
                name="one_previous_key",
            ),
            models.CheckConstraint(
                condition=~Q(standing=Standing.CURRENT) | Q(valid_until__isnull=True),
                name="the_current_key_has_no_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"
