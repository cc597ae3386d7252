"""Where events come in, where they are sent, and the log of all of them."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from accounts.models import User
from alerts.models import Alert, Source
from alerts.states import Severity
from escalation.models import Policy
from groups.models import Group
from integrations import expressions, routing
from integrations.states import Outcome
from integrations.vendors import KINDS

SEARCHED = 10_000
"""Events whose bodies a search of the log looks through."""
KEY_LENGTH = 32  # what PagerDuty's clients expect of a routing key


def key_hash(key: str) -> str:
    """Return what is stored of a key: 128 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def kinds() -> list[tuple[str, str]]:
    """The registry's words, read when a form is shown: a new vendor is no migration."""
    return KINDS


class IntegrationQuerySet(models.QuerySet["Integration"]):
    def visible_to(self, user: User) -> IntegrationQuerySet:
        """All of them for those who manage integrations, nothing for anybody else."""
        return self.all() if user.has_perm("integrations.view_integration") else self.none()


class Integration(Source):
    """One address for one tool: what it sends here becomes alerts for one group."""

    kind = models.CharField(max_length=32, choices=kinds, default="generic")
    key_prefix = models.CharField("key begins with", max_length=8, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    is_active = models.BooleanField(
        "active", default=True, help_text="The key of an inactive integration is unknown: 404."
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
        help_text="More than this for longer than a burst is refused with 429 and one alert.",
    )
    burst = models.PositiveIntegerField(
        default=1000,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="Events taken at once before the rate counts.",
    )
    mapping: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict,
        blank=True,
        help_text="JMESPath by field: title, severity, action, dedup_key, description, link.",
    )
    last_event_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[models.Manager[Integration]] = IntegrationQuerySet.as_manager()
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
        """Make a new key and return it, this once; the old one is void as soon as this is saved."""
        key = secrets.token_hex(KEY_LENGTH // 2)
        while key.isdigit():  # an address must not look like a page number
            key = secrets.token_hex(KEY_LENGTH // 2)
        self.key, self.key_prefix, self.key_hash = key, key[:6], key_hash(key)
        return key

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.key_hash:
            self.issue_key()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if not isinstance(self.mapping, dict):
            raise ValidationError({"mapping": "The mapping is an object of field and expression."})
        wrong = expressions.check(self.mapping)
        if wrong:
            raise ValidationError(
                {"mapping": [f"{name}: {sentence}" for name, sentence in wrong.items()]}
            )


_SENDS_OR_DROPS = (
    "Say where this route sends alerts (a group, a person, a policy or a severity), or that it "
    "drops them; not both."
)


class Route(models.Model):
    """ "Where all of this holds, send it there": the first route that fits wins."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="routes")
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower is asked first.")
    name = models.CharField(max_length=120)
    conditions: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(
        default=list,
        blank=True,
        help_text='All of them must hold, such as {"field": "labels.team", "operator": "equals", '
        '"value": "payments"}. Operators: equals, contains, starts, regex, exists. The fields '
        "title, severity, description, dedup_key and tags are the alert's; any other is looked "
        "up in the payload (/severity is the payload's own).",
    )
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="person",
    )
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, blank=True, related_name="+")
    severity = models.CharField(max_length=8, choices=Severity, blank=True)
    drop = models.BooleanField(
        default=False, help_text="Open no alert. What resolves or acknowledges still does."
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["integration", "position", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(
                    drop=True,
                    group__isnull=True,
                    assignee__isnull=True,
                    policy__isnull=True,
                    severity="",
                )
                | (
                    Q(drop=False)
                    & (
                        Q(group__isnull=False)
                        | Q(assignee__isnull=False)
                        | Q(policy__isnull=False)
                        | ~Q(severity="")
                    )
                ),
                name="a_route_sends_or_drops",
                violation_error_message=_SENDS_OR_DROPS,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        try:
            routing.compiled(self.conditions)
        except routing.BadCondition as error:
            raise ValidationError({"conditions": str(error)}) from None
        sends = bool(self.group_id or self.assignee_id or self.policy_id or self.severity)
        if sends == self.drop:  # the constraint's rule, said beside a field
            raise ValidationError({"drop": _SENDS_OR_DROPS})


class InboundEventQuerySet(models.QuerySet["InboundEvent"]):
    def waiting(self) -> InboundEventQuerySet:
        return self.filter(processed_at__isnull=True)

    def mentioning(self, text: str) -> InboundEventQuerySet:
        """Those with this number, or with this text in the body, among the newest SEARCHED."""
        number = int(text) if text.isdecimal() and len(text) < 19 else 0
        newest = self.order_by("-id").values_list("pk", flat=True)
        floor = next(iter(newest[SEARCHED - 1 : SEARCHED]), 0)
        holds = RawSQL("position(%s in body) > 0", [text.encode("utf-8", "replace")])
        return self.alias(holds=ExpressionWrapper(holds, models.BooleanField())).filter(
            Q(pk__gte=floor, holds=True) | Q(pk=number)
        )

    def visible_to(self, user: User) -> InboundEventQuerySet:
        """The log is for those who manage integrations: payloads may hold anything."""
        return self.all() if user.has_perm("integrations.view_inboundevent") else self.none()


class InboundEvent(models.Model):
    """What somebody sent, byte for byte. Written before anything looks into it."""

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="events", db_index=False
    )
    received_at = models.DateTimeField(db_default=Now())
    body = models.BinaryField()
    content_type = models.CharField(max_length=200, db_default="")
    content_encoding = models.CharField(max_length=40, db_default="")
    headers = models.JSONField(db_default=models.Value({}, models.JSONField()))
    query = models.CharField(max_length=2048, db_default="")
    remote = models.CharField(max_length=64, db_default="")
    dialect = models.CharField(max_length=32, db_default="")
    """The vendor to read it as, where the door it came through says so (/v2/enqueue)."""
    own_key = models.CharField(max_length=255, db_default="")
    """The dedup key the sender was promised because it sent none."""
    oversized = models.BooleanField(db_default=False)
    """Only its first 64 KiB are here."""
    refused = models.PositiveIntegerField(db_default=0)
    """Not itself an alert, but the sign that so many events were over the rate limit."""

    processed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=Outcome, db_default="")
    detail = models.TextField(db_default="")
    attempts = models.PositiveSmallIntegerField(db_default=0)
    next_try_at = models.DateTimeField(null=True)

    objects = InboundEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["id"], condition=Q(processed_at__isnull=True), name="event_waiting"
            ),
            models.Index(fields=["integration", "-id"], name="event_by_integration"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(processed_at__isnull=True) | ~Q(outcome=""),
                name="a_processed_event_has_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"Event {self.pk}"


class EventOutcome(models.Model):
    """What became of one thing an event said, and which rule decided."""

    event = models.ForeignKey(InboundEvent, models.CASCADE, related_name="outcomes")
    position = models.PositiveSmallIntegerField()
    dedup_key = models.CharField(max_length=255)
    outcome = models.CharField(max_length=16, choices=Outcome)
    alert = models.ForeignKey(
        Alert, models.CASCADE, null=True, related_name="outcomes", db_constraint=True
    )
    route = models.ForeignKey(Route, models.SET_NULL, null=True, related_name="+", db_index=False)
    routed_by = models.CharField(max_length=120, db_default="")
    """The route's name as it was, or "integration" where none fitted."""
    detail = models.TextField(db_default="")

    class Meta:
        ordering: ClassVar[list[str]] = ["event_id", "position"]

    def __str__(self) -> str:
        return f"{self.outcome} {self.dedup_key}"
