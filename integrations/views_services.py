"""Technical services: what is watched, who owns it, how it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts.models import Alert
from alerts.states import SEVERITY_RANK, Severity, Status
from integrations import actions_services, maintenance
from integrations.forms_maintenance import ServiceForm
from integrations.models import Service

_ALERTS = 50


@dataclass(slots=True)
class State:
    """How a service is: what its open alerts say."""

    open: int = 0
    unacknowledged: int = 0
    worst: Severity | None = None
    in_maintenance: bool = False

    def add(self, severity: str, status: str, count: int) -> None:
        self.open += count
        if status == Status.TRIGGERED:
            self.unacknowledged += count
        rank = SEVERITY_RANK[Severity(severity)]
        if self.worst is None or rank < SEVERITY_RANK[self.worst]:
            self.worst = Severity(severity)


def states_of(services: Sequence[Service]) -> dict[int, State]:
    """Return how each service is, in two queries however many there are."""
    of_source: dict[int, list[int]] = {}
    for service in services:
        for integration in service.integrations.all():
            of_source.setdefault(integration.pk, []).append(service.pk)
    states = {service.pk: State() for service in services}
    rows = Alert.objects.exclude(status=Status.RESOLVED).filter(source__in=list(of_source))
    counted = rows.order_by().values_list("source", "severity", "status").annotate(Count("pk"))
    for source, severity, status, count in counted:
        for pk in of_source[source]:
            states[pk].add(severity, status, count)
    windows = maintenance.active(clock.now())
    for source, pks in of_source.items():
        if any(each.scope.everything or source in each.scope.sources for each in windows):
            for pk in pks:
                states[pk].in_maintenance = True
    return states


@login_required
@require_safe
def service_list(request: HttpRequest) -> HttpResponse:
    """Show every service and how it is, the worst first."""
    user = person(request)
    rows = Service.objects.visible_to(user).select_related("group")
    services = list(rows.prefetch_related("integrations"))
    states = states_of(services)
    shown = sorted(((each, states[each.pk]) for each in services), key=_worst_first)
    context = {
        "services": shown,
        "may_view": user.has_perm("integrations.view_service"),
        "may_add": user.has_perm("integrations.add_service"),
        "now": clock.now(),
    }
    return render(request, "integrations/services.html", context)


def _worst_first(row: tuple[Service, State]) -> tuple[int, str]:
    service, state = row
    rank = SEVERITY_RANK[state.worst] if state.worst else len(SEVERITY_RANK)
    return rank, service.name.casefold()


@login_required
@require_safe
def service(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one service: its open alerts, what watches it, where to read what to do."""
    user = person(request)
    found = _service(user, pk)
    sources = [each.pk for each in found.integrations.all()]
    alerts = Alert.objects.exclude(status=Status.RESOLVED).filter(source__in=sources)
    context = {
        "service": found,
        "state": states_of([found])[found.pk],
        "alerts": alerts.select_related("group", "source").order_by("-opened_at")[:_ALERTS],
        "may_change": user.has_perm("integrations.change_service"),
        "now": clock.now(),
    }
    return render(request, "integrations/service.html", context)


def _service(user: User, pk: int) -> Service:
    rows = Service.objects.visible_to(user).select_related("group")
    return get_object_or_404(rows.prefetch_related("integrations"), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def edit_service(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a service, or change one."""
    user = person(request)
    found = _service(user, pk) if pk is not None else None
    needed = "integrations.change_service" if found else "integrations.add_service"
    if not user.has_perm(needed):
        raise PermissionDenied
    form = ServiceForm(request.POST or None, viewer=user, instance=found)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["integrations"]
        saved = actions_services.save_service(
            form.instance, integrations=chosen, actor=user, now=clock.now()
        )
        messages.success(request, f"{saved.name} is saved.")
        return redirect("integrations:service", saved.pk)
    context = {"form": form, "service": found}
    return render(request, "integrations/service_form.html", context)


@login_required
@require_POST
def remove_service(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a service; its integrations and alerts stay."""
    user = person(request)
    found = _service(user, pk)
    if not user.has_perm("integrations.delete_service"):
        raise PermissionDenied
    actions_services.delete_service(found, actor=user, now=clock.now())
    messages.success(request, f"{found.name} is removed. Its integrations stay.")
    return redirect("integrations:services")
