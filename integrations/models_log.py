"""The log of everything that came in, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from accounts.models import User
from alerts.models import Alert
from integrations.models_inbound import Integration, Key
from integrations.models_routes import Route
from integrations.states import Outcome

SEARCHED = 10_000
"""Events whose bodies a search of the log looks through."""


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

    key = models.ForeignKey(
        Key, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    """The key it came in with. Not checked by the database: that would cost each event a lock."""

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
            models.Index(
                fields=["integration", "-id"], condition=Q(refused__gt=0), name="event_refused"
            ),
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
    route = models.ForeignKey(
        Route, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    """May have been removed since. Not checked by the database: one that is removed while its
    events are worked off would fail with them, and each event would lock it."""
    routed_by = models.CharField(max_length=120, db_default="")
    """The route's name as it was, or "integration" where none fitted."""
    detail = models.TextField(db_default="")

    class Meta:
        ordering: ClassVar[list[str]] = ["event_id", "position"]

    def __str__(self) -> str:
        return f"{self.outcome} {self.dedup_key}"
