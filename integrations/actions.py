"""Every change of integrations and routes: checked, saved and written into the audit trail."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import ProtectedError

from accounts import audit
from accounts.models import User
from integrations import keys, samples
from integrations.models import Integration, Key, MailRule, Route
from integrations.states import Standing
from integrations.store import Parcel, store

GRACES: dict[str, tuple[str, timedelta | None]] = {
    "day": ("for a day", timedelta(days=1)),
    "week": ("for a week", timedelta(days=7)),
    "revoked": ("until it is revoked", None),
    "none": ("not at all", timedelta()),
}
"""How long a key that is replaced may stay good."""


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
def rotate_key(
    integration: Integration, *, grace: timedelta | None, actor: User | None, now: datetime
) -> str:
    """Make a new key and return it; it is never seen again.

    The key it replaces stays good for `grace` (None: until somebody revokes it); one that was
    replaced before is void at once, so that there are never more than two.
    """
    Integration.objects.select_for_update(of=("self",)).get(pk=integration.pk)
    integration.keys.filter(standing=Standing.PREVIOUS).update(standing=Standing.VOID)
    if grace is None or grace > timedelta():
        until = now + grace if grace else None
        replaced = {"standing": Standing.PREVIOUS, "valid_until": until}
    else:
        replaced = {"standing": Standing.VOID}
    integration.keys.filter(standing=Standing.CURRENT).update(**replaced)
    key = integration.issue_key()
    integration.keys.create(prefix=key[: keys.SHOWN], digest=keys.key_hash(key))
    audit.record(
        "made a new key for an integration",
        integration,
        actor=actor,
        now=now,
        grace_seconds=None if grace is None else int(grace.total_seconds()),
    )
    return key


@transaction.atomic
def revoke_key(key: Key, *, actor: User | None, now: datetime) -> None:
    """Void the key before the current one. Raises NotAllowed for any other."""
    row = Key.objects.select_for_update(of=("self",)).select_related("integration").get(pk=key.pk)
    if row.standing != Standing.PREVIOUS:
        raise NotAllowed("Only a key that has been replaced can be revoked; make a new one first.")
    row.standing = Standing.VOID
    row.save(update_fields=["standing"])
    audit.record("revoked a key", row.integration, actor=actor, now=now, key=row.prefix)


@transaction.atomic
def delete_integration(integration: Integration, *, actor: User | None, now: datetime) -> None:
    """Remove an integration that never opened an alert. Raises NotAllowed for any other."""
    # Whoever is just sending waits for this lock, and is told that nobody has the key.
    Integration.objects.select_for_update(of=("self",)).filter(pk=integration.pk).first()
    if integration.events.waiting().exists():
        raise NotAllowed(f"{integration.name} has just been sent something; try again in a moment.")
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


@transaction.atomic
def save_mail_rules(
    integration: Integration,
    changed: Iterable[MailRule],
    removed: Iterable[MailRule],
    *,
    actor: User | None,
    now: datetime,
) -> None:
    """Check and keep what is to be done with mails."""
    for rule in changed:
        rule.full_clean()
        rule.save()
    for rule in removed:
        rule.delete()
    audit.record("changed the mail rules", integration, actor=actor, now=now)


def send_test(integration: Integration, *, actor: User, now: datetime) -> int:
    """Put the vendor's own sample into the inbox, as if the tool had sent it: it really pages.

    Raises NotAllowed where the integration is switched off.
    """
    body, content_type = samples.request(samples.firing(integration.kind))
    parcel = Parcel(
        integration.keys.get(standing=Standing.CURRENT).digest,
        body,
        content_type=content_type,
        headers={"user-agent": f"AlertOps test by {actor.name}"[:200]},
    )
    event = store(parcel)
    if event is None:
        raise NotAllowed(f"{integration.name} is switched off; switch it on to test it.")
    audit.record("sent a test event", integration, actor=actor, now=now, event=event)
    return event
