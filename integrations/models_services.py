"""Technical services: what the tools watch, in the words of those who own it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from accounts.models import User
from groups.models import Group
from integrations.models_inbound import Integration
from integrations.states import Criticality


class ServiceQuerySet(models.QuerySet["Service"]):
    def visible_to(self, user: User) -> ServiceQuerySet:
        """All of them for those who manage integrations, nothing for anybody else."""
        return self.all() if user.has_perm("integrations.view_service") else self.none()


class Service(models.Model):
    """A bundle of integrations that watch one thing. Its state is that of their open alerts."""

    name = models.CharField(max_length=120, unique=True)
    group = models.ForeignKey(
        Group, models.PROTECT, related_name="services", verbose_name="owned by"
    )
    criticality = models.CharField(max_length=8, choices=Criticality, default=Criticality.MEDIUM)
    description = models.TextField(blank=True, max_length=4000)
    runbook = models.URLField(
        blank=True, max_length=500, help_text="Where to read what to do when it is broken."
    )
    integrations = models.ManyToManyField(Integration, blank=True, related_name="services")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[ServiceQuerySet] = ServiceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name
