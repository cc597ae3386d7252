"""Replays: events of the log, worked off once more, to see or for real."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from integrations.models_inbound import Integration
from integrations.states import Outcome


class ReplayQuerySet(models.QuerySet["Replay"]):
    def visible_to(self, user: User) -> ReplayQuerySet:
        """All of them for those who may read the log, nothing for anybody else."""
        return self.all() if user.has_perm("integrations.view_inboundevent") else self.none()


class Replay(models.Model):
    """A range of events and how far it has got. Nothing is done twice, however often it runs."""

    first = models.BigIntegerField()
    last = models.BigIntegerField()
    integration = models.ForeignKey(
        Integration, models.CASCADE, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    is_dry = models.BooleanField(default=True)
    total = models.PositiveIntegerField(default=0)

    done = models.PositiveIntegerField(default=0)
    reached = models.BigIntegerField(default=0)
    """The last event looked at."""
    tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    """How often the next piece was begun: whoever did may have died of it."""
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    lines: models.JSONField[list[dict[str, Any]], list[dict[str, Any]]] = models.JSONField(
        default=list
    )
    """The first few things it changed, or would."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    stopped = models.BooleanField(default=False)

    objects: ClassVar[ReplayQuerySet] = ReplayQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("id", name="replay_waiting", condition=Q(finished_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"Replay {self.pk}"

    @property
    def percent(self) -> int:
        if self.finished_at is not None:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


class Imagined(models.Model):
    """What a dry replay would have opened or closed so far. Gone when it is over."""

    replay = models.ForeignKey(Replay, models.CASCADE, related_name="+", db_index=False)
    source_id = models.BigIntegerField()
    dedup_key = models.CharField(max_length=255)
    is_open = models.BooleanField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["replay", "source_id", "dedup_key"], name="a_replay_imagines_a_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dedup_key} in {self.replay_id}"
