"""Policies, running escalations and the outbox of notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.channels import CHANNELS
from accounts.models import ContactMethod, User
from alertops.durations import SecondsField
from alerts.models import Alert
from escalation.models_lost import LostMethod
from escalation.states import OPEN_STATES, NotificationType, Purpose, State, Target
from groups.models import Group, GroupContactMethod

DAY = 86_400


class PolicyQuerySet(models.QuerySet["Policy"]):
    def visible_to(self, user: User) -> PolicyQuerySet:
        """All of them for those who may choose one; else those of the groups one may see."""
        if user.has_perm("escalation.view_policy") or Group.objects.editable_by(user).exists():
            return self
        links = GroupPolicy.objects.filter(group__in=Group.objects.visible_to(user))
        return self.filter(pk__in=links.values("policy"))


class Policy(models.Model):
    """What happens when an alert is not acknowledged: levels, waits, rounds."""

    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    notification_type = models.CharField(
        max_length=8, choices=NotificationType, default=NotificationType.USER
    )
    repeat_rounds = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(20)],
        help_text="How often the whole policy starts again when nobody acknowledged.",
    )
    acknowledgement_timeout_seconds = SecondsField(
        null=True,
        blank=True,
        help_text="An acknowledged alert triggers again after this time. Empty: never.",
    )

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name_plural = "policies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(acknowledgement_timeout_seconds__isnull=True)
                | Q(acknowledgement_timeout_seconds__range=(10, 7 * DAY)),
                name="an_acknowledgement_timeout_is_10_s_to_7_days",
                violation_error_message="The acknowledgement time-out is 10 s to 7 days.",
            ),
            models.CheckConstraint(
                condition=Q(repeat_rounds__lte=20),
                name="a_policy_repeats_20_times_at_most",
                violation_error_message="A policy repeats 20 times at most.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Level(models.Model):
    """One level: whom, how often, and how long until the next."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="levels")
    position = models.PositiveSmallIntegerField()
    target = models.CharField(max_length=12, choices=Target, default=Target.PRIMARY)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(Group, models.PROTECT, null=True, blank=True, related_name="+")
    times_to_notify = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="Notifications to each person in all: 1 means once.",
    )
    interval_seconds = SecondsField(default=300, help_text="Between two of them.")
    member_wait_seconds = SecondsField(
        default=0, help_text="Before the next member of this level; 0 notifies all at once."
    )
    wait_seconds = SecondsField(default=300, help_text="Before the next level.")

    class Meta:
        ordering: ClassVar[list[str]] = ["policy", "position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="levels_are_in_order",
                deferrable=models.Deferrable.DEFERRED,
                violation_error_message="Two levels have the same position.",
            ),
            models.CheckConstraint(
                condition=Q(target="user", user__isnull=False, group__isnull=True)
                | Q(target="group", group__isnull=False, user__isnull=True)
                | (~Q(target__in=["user", "group"]) & Q(user__isnull=True, group__isnull=True)),
                name="a_level_names_exactly_its_target",
                violation_error_message="Name a person for “a named person”, a group for “another "
                "group”, and neither for the others.",
            ),
            models.CheckConstraint(
                condition=Q(times_to_notify__range=(1, 20)),
                name="a_level_notifies_1_to_20_times",
                violation_error_message="A level notifies 1 to 20 times.",
            ),
            models.CheckConstraint(
                condition=Q(
                    interval_seconds__lte=DAY, member_wait_seconds__lte=DAY, wait_seconds__lte=DAY
                ),
                name="a_level_waits_a_day_at_most",
                violation_error_message="A wait is a day at most.",
            ),
            models.CheckConstraint(
                condition=Q(times_to_notify=1) | Q(interval_seconds__gte=1),
                name="repeated_notifications_have_an_interval",
                violation_error_message="Notifying more than once needs an interval.",
            ),
        ]

    def __str__(self) -> str:
        return f"Level {self.position}: {self.get_target_display()}"


def channel_choices() -> list[tuple[str, str]]:
    """The registry's words, read when a form is shown."""
    return [(channel.kind, channel.label) for channel in CHANNELS.values()]


class LevelChannel(models.Model):
    """One step of a level's own sequence, used by policies of notification type *policy*."""

    level = models.ForeignKey(Level, models.CASCADE, related_name="channels")
    kind = models.CharField("channel", max_length=16, choices=channel_choices)
    delay_seconds = SecondsField(default=0, help_text="After the level began.")

    class Meta:
        ordering: ClassVar[list[str]] = ["level", "delay_seconds", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["level", "kind", "delay_seconds"],
                name="a_channel_once_per_delay",
                violation_error_message="This channel is already used after the same delay.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} after {self.delay_seconds} s"


class GroupPolicy(models.Model):
    """The policy a group uses; linked from here so that groups need not know policies."""

    group = models.OneToOneField(
        Group, models.CASCADE, primary_key=True, related_name="escalation_policy"
    )
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="groups")

    class Meta:
        verbose_name_plural = "group policies"

    def __str__(self) -> str:
        return f"{self.group}: {self.policy}"


class PolicyVersion(models.Model):
    """A policy as it was when an escalation began. Never changed, shared by equal snapshots."""

    policy = models.ForeignKey(Policy, models.SET_NULL, null=True, related_name="versions")
    digest = models.CharField(max_length=64, unique=True)
    body: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    def __str__(self) -> str:
        return str(self.body.get("name", "policy"))


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


__all__ = [
    "Attempt",
    "Circuit",
    "Escalation",
    "GroupPolicy",
    "Level",
    "LevelChannel",
    "LostMethod",
    "Notification",
    "Policy",
    "PolicyVersion",
    "Reply",
]
