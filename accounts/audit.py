"""The audit trail's one door."""

from datetime import datetime
from typing import Any

from django.db import models

from accounts.models import AuditEntry, User


def record(
    verb: str, subject: models.Model, *, actor: User | None, now: datetime, **data: Any
) -> None:
    """Write down who did what to what. `data` is small facts: no secrets, no addresses."""
    AuditEntry.objects.create(
        at=now,
        actor=actor,
        actor_name=actor.name[:120] if actor else "",
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_name=str(subject)[:200],
        data=data,
    )


def recent(verb: str, *, actor: User, since: datetime) -> int:
    """How often somebody did this since then."""
    return AuditEntry.objects.filter(at__gt=since, actor=actor, verb=verb).count()
