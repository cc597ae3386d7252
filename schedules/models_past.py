"""What is kept: the past as it was, what people were told of changes and of hand-offs.

What will be is a rule; what was is a record. Before anything that decides who is on call is
changed, everything up to that instant is written down here (`past.settle`), and whoever asks about
an instant before it reads the record. So no edit, no new zone rule, no departure changes the past.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from alertops.durations import SecondsField
from groups.models import Group
from schedules.models_base import Schedule, ends_after_start
from schedules.states import Notice, Role, Why


class Settled(models.Model):
    """[since, until) of a group is on record: read there, never computed. It only ever grows."""

    group = models.OneToOneField(
        Group, on_delete=models.CASCADE, primary_key=True, related_name="settled"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="settled_forwards"),
        ]

    def __str__(self) -> str:
        return f"{self.group} until {self.until}"


class PastDuty(models.Model):
    """Somebody was on call for [starts_at, ends_at), and why. Never changed (by a trigger)."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="past_duties")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=9, choices=Role.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    why = models.CharField(max_length=9, choices=Why.choices)
    source_id = models.BigIntegerField(default=0)
    turn = models.IntegerField(default=0)
    words = models.CharField(max_length=300)
    """Why, in the words of then: names may have changed since."""

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["group", "ends_at"], name="past_of_group"),
            models.Index(fields=["user", "ends_at"], name="past_of_user"),
        ]
        constraints = [
            ends_after_start("past_ends_after_start"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="past_role_known"),
            models.CheckConstraint(condition=Q(why__in=Why.values), name="past_why_known"),
            models.UniqueConstraint(
                fields=["group", "role", "user", "starts_at"], name="past_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class ShiftChange(models.Model):
    """An edit moved somebody's own future shifts: written with the edit, told afterwards."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="shift_changes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True
    )
    made_at = models.DateTimeField()
    what = models.CharField(max_length=200)
    gained = models.JSONField(default=list)
    """[[role, start, end], …] that are now theirs, ISO 8601; `lost` no longer."""
    lost = models.JSONField(default=list)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at", "pk"]
        indexes = [
            models.Index(
                fields=["made_at"], condition=Q(told_at__isnull=True), name="shift_change_untold"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.what}"


class NoticeSettings(models.Model):
    """Who is told about hand-offs of a schedule. Without a row: nobody."""

    schedule = models.OneToOneField(
        Schedule, on_delete=models.CASCADE, primary_key=True, related_name="notices"
    )
    starts = models.BooleanField("tell people that their shift starts", default=False)
    ends = models.BooleanField("tell people that their shift ends", default=False)
    next = models.BooleanField("tell people that theirs comes next", default=False)
    ahead_seconds = SecondsField("how long before", default=24 * 3600)
    to_group = models.BooleanField("tell the group's own contact methods, too", default=False)

    def __str__(self) -> str:
        return f"Notices of {self.schedule}"


class HandoffNotice(models.Model):
    """One notice of one hand-off to one person, or to the group (no user). Never twice."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="sent_notices")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", null=True
    )
    kind = models.CharField(max_length=6, choices=Notice.choices)
    role = models.CharField(max_length=9, choices=Role.choices)
    at = models.DateTimeField()
    """The hand-off it is about."""
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "user", "kind", "role", "at"],
                name="handoff_notice_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(kind__in=Notice.values), name="notice_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"
