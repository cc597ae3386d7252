"""Every change of maintenance windows: checked, saved and written into the audit trail."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts import audit
from accounts.models import User
from alertops import doorbell
from groups.models import Group
from integrations import maintenance
from integrations.actions import NotAllowed
from integrations.models import Integration, MaintenanceWindow, Service


@transaction.atomic
def save_window(
    window: MaintenanceWindow,
    *,
    integrations: Iterable[Integration],
    services: Iterable[Service],
    groups: Iterable[Group],
    actor: User | None,
    now: datetime,
) -> MaintenanceWindow:
    """Check and keep a window with what it is about. Raises NotAllowed for one that is over."""
    is_new = window.pk is None
    if is_new:
        window.created_by = actor
    else:
        _still(window, now)
    window.full_clean()
    window.changes += 1
    window.save()
    window.integrations.set(integrations)
    window.services.set(services)
    window.groups.set(groups)
    verb = "planned maintenance" if is_new else "changed maintenance"
    audit.record(verb, window, actor=actor, now=now, starts=window.starts_at.isoformat())
    doorbell.ring_on_commit("inbox")
    return window


@transaction.atomic
def end_now(window: MaintenanceWindow, *, actor: User | None, now: datetime) -> None:
    """End what goes on now; a recurring window comes back the next time."""
    _still(window, now)
    span = window.span_at(now)
    if span is None:
        raise NotAllowed(f"{window.name} does not go on now.")
    window.skip_until = now
    window.save(update_fields=["skip_until", "starts_at", "over_at"])
    MaintenanceWindow.objects.filter(pk=window.pk).update(changes=F("changes") + 1)
    maintenance.end(span[1], now)
    audit.record("ended maintenance early", window, actor=actor, now=now)
    doorbell.ring_on_commit("inbox")


@transaction.atomic
def call_off(window: MaintenanceWindow, *, actor: User | None, now: datetime) -> None:
    """End it for good. What is held back is paged."""
    _still(window, now)
    span = window.span_at(now)
    window.ended_at = now
    window.save(update_fields=["ended_at", "starts_at", "over_at"])
    if span is not None:
        maintenance.end(span[1], now)
    audit.record("called off maintenance", window, actor=actor, now=now)
    doorbell.ring_on_commit("inbox")


def _still(window: MaintenanceWindow, now: datetime) -> None:
    """Lock a window that is not over, or say that it is: the past is not changed."""
    rows = MaintenanceWindow.objects.select_for_update(of=("self",))
    if not rows.standing(now).filter(pk=window.pk).exists():
        raise NotAllowed(f"{window.name} is over and stays as it was.")
