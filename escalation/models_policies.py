"""Policies: what happens when nobody answers, and as it was when an escalation began."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from accounts.channels import CHANNELS
from accounts.models import User
from alertops.durations import SecondsField
from escalation.states import NotificationType, Target
from groups.models import Group

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
