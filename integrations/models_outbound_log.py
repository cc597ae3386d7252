"""What is told to other tools: the messages, what came of each try, its name over there."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from alerts.models import Alert
from alerts.states import Kind
from integrations.models_outbound import OutboundConnection
from integrations.outbound.contract import TEST, News
from integrations.outbound.states import UNFINISHED, Progress


class OutboundMessage(models.Model):
    """One event, to be told to one connection: at least once, in order for each alert."""

    connection = models.ForeignKey(
        OutboundConnection, models.CASCADE, related_name="messages", db_index=False
    )
    # Unchecked, because the check would lock the alert's row, which the engine skips while locked.
    alert = models.ForeignKey(
        Alert,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    """Null: a test message."""
    event = models.BigIntegerField(null=True)
    """The number of the timeline's event."""
    kind = models.CharField(max_length=24)
    news: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()
    state = models.CharField(max_length=8, choices=Progress, default=Progress.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    """When it is due, or when its lease ends while it is on its way."""
    give_up_at = models.DateTimeField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connection", "event"], name="an_event_is_told_once_per_connection"
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNFINISHED, next_try_at__isnull=False, finished_at=None)
                | (~Q(state__in=UNFINISHED) & Q(next_try_at=None, finished_at__isnull=False)),
                name="an_unfinished_message_is_due_some_time",
            ),
            models.CheckConstraint(
                condition=Q(alert__isnull=True, event__isnull=True)
                | Q(alert__isnull=False, event__isnull=False),
                name="only_a_test_has_no_alert",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                "connection", "next_try_at", name="outbound_due", condition=Q(state__in=UNFINISHED)
            ),
            models.Index(
                "connection",
                "alert",
                "event",
                name="outbound_in_order",
                condition=Q(state__in=UNFINISHED),
            ),
            models.Index("connection", "id", name="outbound_log"),
            models.Index("connection", "state", "id", name="outbound_log_by_state"),
            models.Index("alert", name="outbound_of_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.connection_id}"

    @property
    def label(self) -> str:
        """What it tells of, as people call it."""
        return "Test" if self.kind == TEST else str(dict(Kind.choices).get(self.kind, self.kind))

    @property
    def told(self) -> News:
        return News.from_dict(self.news)


class OutboundAttempt(models.Model):
    """What one attempt came to. Append-only."""

    message = models.ForeignKey(OutboundMessage, models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    """The HTTP status; null where none came."""
    error = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True)
    """The first 1 KB of what came back."""

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.status or self.error}"


class LinkQuerySet(models.QuerySet["OutboundLink"]):
    def of(self, alert_id: int) -> LinkQuerySet:
        """What the tools opened for an alert, oldest first. Ask for the alert first: who may see
        it may see these."""
        return self.filter(alert=alert_id).select_related("connection").order_by("pk")


class OutboundLink(models.Model):
    """What an alert is called over there: the ticket, the message in the chat."""

    connection = models.ForeignKey(
        OutboundConnection, models.CASCADE, related_name="links", db_index=False
    )
    alert = models.ForeignKey(
        Alert, models.CASCADE, related_name="outbound_links", db_constraint=False
    )
    reference = models.CharField(max_length=255)
    name = models.CharField(max_length=120, blank=True, db_default="")
    """What people call it there."""
    url = models.CharField(max_length=500, blank=True, db_default="")
    """Where they see it, if it has an address."""
    created_at = models.DateTimeField(db_default=Now())

    objects: ClassVar[LinkQuerySet] = LinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connection", "alert"], name="one_reference_per_connection_and_alert"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("connection", "reference", name="outbound_by_reference"),
        ]

    def __str__(self) -> str:
        return self.name or self.reference


class OutboundDelivery(models.Model):
    """A delivery that came in through a hook: the second of a kind changes nothing."""

    connection = models.ForeignKey(
        OutboundConnection, models.CASCADE, related_name="+", db_index=False
    )
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connection", "digest"], name="a_delivery_is_heard_once"
            ),
        ]

    def __str__(self) -> str:
        return self.digest


class OutboundCursor(models.Model):
    """One row: how far the timeline has been read, and which numbers are still missing."""

    read_to = models.BigIntegerField(default=0)
    gaps: models.JSONField[list[list[Any]], list[list[Any]]] = models.JSONField(default=list)
    """[first, last, transaction, seconds]: numbers not seen yet, which a transaction older than
    that one may still bring."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id=1), name="one_outbound_cursor"),
        ]

    def __str__(self) -> str:
        return f"read to {self.read_to}"
