"""Every change of integrations and routes: checked, saved and written into the audit trail."""

from datetime import datetime

from django.db import transaction
from django.db.models import ProtectedError

from accounts import audit
from accounts.models import User
from integrations import samples
from integrations.models import Integration, Route
from integrations.store import Parcel, store


class NotAllowed(Exception):
    """Why not, in one sentence for the person who asked."""


@transaction.atomic
def save_integration(integration: Integration, *, actor: User | None, now: datetime) -> Integration:
    """Check and keep an integration. A new one carries its key, this once, on `.key`."""
    is_new = integration.pk is None
    integration.full_clean()
    integration.save()
    audit.record(
        "added an integration" if is_new else "changed an integration",
        integration,
        actor=actor,
        now=now,
        kind=integration.kind,
        is_active=integration.is_active,
    )
    return integration


@transaction.atomic
def rotate_key(integration: Integration, *, actor: User | None, now: datetime) -> str:
    """Void the key and return the new one, which is never seen again."""
    key = integration.issue_key()
    integration.save(update_fields=["key_prefix", "key_hash"])
    audit.record("made a new key for an integration", integration, actor=actor, now=now)
    return key


@transaction.atomic
def delete_integration(integration: Integration, *, actor: User | None, now: datetime) -> None:
    """Remove an integration that never opened an alert. Raises NotAllowed for any other."""
    audit.record("removed an integration", integration, actor=actor, now=now)
    try:
        with transaction.atomic():
            integration.delete()
    except ProtectedError:
        raise NotAllowed(
            f"{integration.name} has opened alerts and cannot be removed; switch it off instead."
        ) from None


@transaction.atomic
def save_route(route: Route, *, actor: User | None, now: datetime) -> Route:
    """Check and keep a route."""
    is_new = route.pk is None
    route.full_clean()
    route.save()
    verb = "added a route" if is_new else "changed a route"
    audit.record(verb, route, actor=actor, now=now, integration=route.integration_id)
    return route


@transaction.atomic
def delete_route(route: Route, *, actor: User | None, now: datetime) -> None:
    """Remove a route; what it has decided stays in the log."""
    audit.record("removed a route", route, actor=actor, now=now, integration=route.integration_id)
    route.delete()


def send_test(integration: Integration, *, actor: User, now: datetime) -> int:
    """Put the vendor's own sample into the inbox, as if the tool had sent it: it really pages.

    Raises NotAllowed where the integration is switched off.
    """
    body, content_type = samples.request(samples.firing(integration.kind))
    parcel = Parcel(
        integration.key_hash,
        body,
        content_type=content_type,
        headers={"user-agent": f"AlertOps test by {actor.name}"[:200]},
    )
    event = store(parcel)
    if event is None:
        raise NotAllowed(f"{integration.name} is switched off; switch it on to test it.")
    audit.record("sent a test event", integration, actor=actor, now=now, event=event)
    return event
