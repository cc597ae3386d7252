"""Tells owners that a connection was switched off for a day: quietly, once, and not by paging."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from accounts.roles import ADMIN_ROLES, Role
from integrations.models import OutboundConnection
from schedules import telling

MOST = 20


def tell(now: datetime) -> int:
    """Tell of what was switched off since the last look; return of how many. What cannot leave
    now is tried again a minute later, for as long as the connection is off."""
    count = 0
    for link in OutboundConnection.objects.filter(owners_due=True).order_by("pk")[:MOST]:
        OutboundConnection.objects.filter(pk=link.pk).update(owners_due=False)
        if not link.is_off(now):
            continue
        left = [telling.tell(person, _news(link)) for person in owners(link)]
        if left and not any(left):
            OutboundConnection.objects.filter(pk=link.pk).update(owners_due=True)
        count += 1
    return count


def owners(link: OutboundConnection) -> list[User]:
    """Whoever made it and the Integrations Admins; where nobody is left, the App Admins."""
    active = User.objects.filter(is_active=True)
    theirs = active.filter(
        Q(pk=link.created_by_id) | Q(roles__contains=[Role.INTEGRATIONS_ADMIN.value])
    )
    found = list(theirs.order_by("pk")[:MOST])
    return found or list(
        active.filter(roles__overlap=[role.value for role in ADMIN_ROLES]).order_by("pk")[:MOST]
    )


def _news(link: OutboundConnection) -> telling.News:
    return telling.News(
        title=f"Outbound connection {link.name} is off for a day",
        lines=(
            (
                "Three messages in a row could not be delivered, so nothing is sent to it until "
                f"{link.off_until:%Y-%m-%d %H:%M} UTC. What happens meanwhile waits and is sent "
                "then, unless it is older than 48 hours."
            ),
            f"The last answer was: {link.off_reason or 'none'}",
            "Mend the receiver, then press “Switch on now” on its page.",
        ),
        path=reverse("integrations:outbound-connection", args=[link.pk]),
        key=f"outbound-off-{link.pk}-{link.off_until:%Y%m%d%H%M}",
    )
