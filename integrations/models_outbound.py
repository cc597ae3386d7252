"""Who hears what happens to alerts: the connections to other tools, and their secrets."""

from __future__ import annotations

import json
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse

from accounts.fields import EncryptedTextField, Unreadable
from accounts.models import User
from groups.models import Group
from integrations import keys
from integrations.models_inbound import Integration
from integrations.outbound.contract import Tool
from integrations.outbound.tools import TOOLS


def tools() -> list[tuple[str, str]]:
    """The registry's words, read when a form is shown: a new tool is no migration."""
    return [(tool.slug, tool.label) for tool in TOOLS.values()]


class ConnectionQuerySet(models.QuerySet["OutboundConnection"]):
    def visible_to(self, user: User) -> ConnectionQuerySet:
        """All of them for those who manage integrations, nothing for anybody else."""
        return self.all() if user.has_perm("integrations.view_outboundconnection") else self.none()

    def listening(self, key: str) -> ConnectionQuerySet:
        """The active connection whose hook this is."""
        return self.filter(is_active=True, hook_digest=keys.key_hash(key))


class OutboundConnection(models.Model):
    """One receiver: which alerts and which of their events it hears about, and how it is."""

    name = models.CharField(max_length=120, unique=True)
    tool = models.CharField(max_length=32, choices=tools)
    is_active = models.BooleanField(
        "active", default=True, help_text="While it is not, nothing is told and nothing is kept."
    )
    group = models.ForeignKey(
        Group,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="outbound",
        help_text="Only alerts of this group. Empty: of every group.",
    )
    integrations = models.ManyToManyField(
        Integration,
        blank=True,
        related_name="outbound",
        help_text="Only alerts that came in through these. None: whatever they came through.",
    )
    events = ArrayField(models.CharField(max_length=24))
    sealed = EncryptedTextField(editable=False, default="{}")
    """The tool's settings as JSON: some of them are secrets."""
    hook_digest = models.CharField(max_length=64, blank=True, editable=False)
    hook_prefix = models.CharField(max_length=8, blank=True, editable=False)
    told_from = models.BigIntegerField(default=0, editable=False)
    """Events up to this number happened before it was switched on and are not its business."""

    gave_up = models.PositiveSmallIntegerField(default=0, editable=False)
    """Messages given up in a row."""
    failures = models.PositiveIntegerField(default=0, editable=False)
    """Attempts that failed in a row."""
    rest_until = models.DateTimeField(null=True, editable=False)
    off_until = models.DateTimeField(null=True, editable=False)
    off_reason = models.CharField(max_length=300, blank=True, editable=False)
    owners_due = models.BooleanField(default=False, editable=False)
    """Its owners have still to hear that it is off."""
    last_sent_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[ConnectionQuerySet] = ConnectionQuerySet.as_manager()  # type: ignore[assignment]
    hook = ""
    """The whole key of its hook, only on the object that has just made it."""
    secret = ""
    """The signing secret, only on the object that has just made it."""

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]
        verbose_name = "outbound connection"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["hook_digest"], condition=~Q(hook_digest=""), name="one_hook_per_key"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index("id", name="outbound_owners_due", condition=Q(owners_due=True)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("integrations:outbound-connection", args=[self.pk])

    @property
    def kind(self) -> Tool:
        """The tool. Raises KeyError for one this release does not know."""
        return TOOLS[self.tool]

    @property
    def is_known(self) -> bool:
        """Whether this release has its tool."""
        return self.tool in TOOLS

    @property
    def is_readable(self) -> bool:
        """Whether the key its settings are sealed with is still there."""
        return not isinstance(self.sealed, Unreadable)

    @property
    def settings(self) -> dict[str, str]:
        """What the administrator said. Empty where the encryption key is gone."""
        found: dict[str, str] = json.loads(self.sealed or "{}")
        return found

    @settings.setter
    def settings(self, values: dict[str, str]) -> None:
        self.sealed = json.dumps(values)

    def issue_hook(self) -> str:
        """Give its hook a new key and return it; the old one is void when this is saved."""
        self.hook = keys.new()
        self.hook_prefix, self.hook_digest = self.hook[: keys.SHOWN], keys.key_hash(self.hook)
        return self.hook

    def is_off(self, now: datetime) -> bool:
        return self.off_until is not None and self.off_until > now


class OutboundSecret(models.Model):
    """One secret a connection's messages are signed with. Several while a receiver changes over."""

    connection = models.ForeignKey(OutboundConnection, models.CASCADE, related_name="secrets")
    value = EncryptedTextField()
    prefix = models.CharField("begins with", max_length=12)
    valid_until = models.DateTimeField(null=True)
    """When it ends after it was replaced; null: it is the current one."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(valid_until__isnull=True),
                name="one_current_outbound_secret",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix}…"
