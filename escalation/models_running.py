"""Running escalations and the outbox of notifications: rows the engine owns."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import ContactMethod
from alerts.models import Alert
from escalation.models_policies import PolicyVersion
from escalation.states import OPEN_STATES, Purpose, State
from groups.models import GroupContactMethod


class Escalation(models.Model):
    """Where one alert stands in its policy. Owned by the engine; nobody edits it."""

    alert = models.OneToOneField(Alert, models.CASCADE, primary_key=True, related_name="escalation")
    version = models.ForeignKey(PolicyVersion, models.PROTECT, related_name="+", db_index=False)
    chosen_by = models.CharField(max_length=12)
    """Which setting won: integration (or its route), group, or default."""
    round = models.PositiveSmallIntegerField(default=0)
    level = models.PositiveSmallIntegerField(default=0)
    member = models.PositiveSmallIntegerField(default=0)
    send = models.PositiveSmallIntegerField(default=0)
    told = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    """The position of the step that comes next, and who had their turn in its level."""
    fired = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField()
    exhausted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Escalation of #{self.alert_id}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def open(self) -> NotificationQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def of_epoch(self, epoch: int) -> NotificationQuerySet:
        return self.filter(epoch=epoch)

    def due(self, now: datetime) -> NotificationQuerySet:
        return self.filter(state__in=[State.PENDING, State.UNKNOWN], due_at__lte=now)


class Notification(models.Model):
    """One message to one contact method: the outbox.

    `key` is the idempotency key: the same step of the same escalation can queue it once only.
    """

    key = models.CharField(max_length=80)
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notifications", db_index=False)
    epoch = models.PositiveIntegerField()
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.PAGE)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="notifications",
        db_index=False,
    )
    contact_method = models.ForeignKey(
        ContactMethod, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    group_contact = models.ForeignKey(
        GroupContactMethod, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=16)
    round = models.PositiveSmallIntegerField(default=0)
    level = models.PositiveSmallIntegerField(null=True)
    urgency = models.CharField(max_length=4, default="high")
    priority = models.PositiveSmallIntegerField(default=0)

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    widened = models.BooleanField(default=False)
    """It did not get through at once, so the person's next method is being used as well."""
    attempts = models.PositiveIntegerField(default=0)
    first_tried_at = models.DateTimeField(null=True, blank=True)

    provider_id = models.CharField(max_length=128, blank=True)
    provider_rank = models.SmallIntegerField(default=0)
    accepted_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    proof_due_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    is_local = models.BooleanField(default=False)
    """No provider is configured: it can be read on the outbox page and went nowhere else."""

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # Not `unique=True`: that brings a second index for LIKE, which every page would pay.
            models.UniqueConstraint(fields=["key"], name="a_step_queues_a_page_once"),
            models.CheckConstraint(
                condition=~Q(state="sending") | Q(lease_until__isnull=False),
                name="a_sending_notification_has_a_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "delivered"]) | Q(accepted_at__isnull=False),
                name="a_sent_notification_says_when",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                "channel",
                "priority",
                "due_at",
                name="notification_due",
                condition=Q(state__in=["pending", "unknown"]),
            ),
            models.Index("lease_until", name="notification_leased", condition=Q(state="sending")),
            models.Index(
                "proof_due_at",
                name="notification_unproved",
                condition=Q(state="accepted", proof_due_at__isnull=False),
            ),
            models.Index("alert", "id", name="notification_by_alert"),
            models.Index("user", "channel", "accepted_at", name="notification_by_person"),
            models.Index("is_local", "id", name="notification_local", condition=Q(is_local=True)),
        ]

    def __str__(self) -> str:
        return self.key


class Attempt(models.Model):
    """Proof, committed before the call, that a notification may have left."""

    notification = models.ForeignKey(
        Notification, models.CASCADE, related_name="tries", db_index=False
    )
    number = models.PositiveIntegerField()
    token = models.CharField(max_length=32)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)
    """accepted, refused, not_sent, ambiguous, cancelled; empty: never came back."""
    provider_id = models.CharField(max_length=128, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["notification", "number"], name="attempts_are_numbered"
            ),
            models.UniqueConstraint(fields=["token"], name="attempt_tokens_are_unique"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("provider_id", name="attempt_by_provider_id", condition=~Q(provider_id=""))
        ]

    def __str__(self) -> str:
        return f"{self.notification_id}/{self.number}"


class Reply(models.Model):
    """A text somebody sent back. Counted, so that robots cannot talk to us for ever."""

    channel = models.CharField(max_length=16)
    address_digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    understood = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "replies"
        indexes: ClassVar[list[models.Index]] = [
            models.Index("address_digest", "at", name="reply_by_address")
        ]

    def __str__(self) -> str:
        return f"{self.channel} at {self.at:%Y-%m-%d %H:%M}"


class Circuit(models.Model):
    """Whether a channel's provider answers. Open: everybody's next method is used meanwhile."""

    channel = models.CharField(max_length=16, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.channel
