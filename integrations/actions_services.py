"""Every change of technical services: checked, saved and written into the audit trail."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import User
from integrations.models import Integration, Service


@transaction.atomic
def save_service(
    service: Service, *, integrations: Iterable[Integration], actor: User | None, now: datetime
) -> Service:
    """Check and keep a service with the integrations that watch it."""
    is_new = service.pk is None
    service.full_clean()
    service.save()
    service.integrations.set(integrations)
    verb = "added a technical service" if is_new else "changed a technical service"
    audit.record(verb, service, actor=actor, now=now, group=service.group_id)
    return service


@transaction.atomic
def delete_service(service: Service, *, actor: User | None, now: datetime) -> None:
    """Remove a service. Its integrations, and their alerts, stay."""
    audit.record("removed a technical service", service, actor=actor, now=now)
    service.delete()
