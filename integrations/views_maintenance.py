"""Maintenance windows for those who manage integrations, and the banner for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts.models import Alert
from integrations import actions_maintenance, maintenance
from integrations.actions import NotAllowed
from integrations.forms import lines
from integrations.forms_maintenance import WindowForm
from integrations.last_week import LastWeek, look_back
from integrations.models import MaintenanceWindow
from integrations.windows import Span

PAST = 50
_HELD = 50
_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Row:
    """A window as the list shows it."""

    window: MaintenanceWindow
    now: Span | None
    next: Span | None


@login_required
@require_safe
def window_list(request: HttpRequest) -> HttpResponse:
    """Show what goes on, what is planned and what is over."""
    user, now = person(request), clock.now()
    visible = MaintenanceWindow.objects.visible_to(user)
    tab = request.GET.get("when", "current")
    rows = [Row(each, each.span_at(now), each.next_span(now)) for each in visible.standing(now)]
    current = [row for row in rows if row.now]
    planned = sorted(
        (row for row in rows if not row.now), key=lambda row: row.next[0] if row.next else now
    )
    over = visible.over(now).order_by("-over_at")[:PAST] if tab == "past" else []
    shown = {"planned": planned, "past": [Row(each, None, None) for each in over]}
    context = {
        "rows": shown.get(tab, current),
        "tab": tab if tab in shown else "current",
        "current_count": len(current),
        "planned_count": len(planned),
        "may_view": user.has_perm("integrations.view_maintenancewindow"),
        "may_add": user.has_perm("integrations.add_maintenancewindow"),
        "now": now,
    }
    return render(request, "integrations/windows.html", context)


@login_required
@require_safe
def window(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one window: when, for what, and what it holds back."""
    user, now = person(request), clock.now()
    found = _window(user, pk)
    span = found.span_at(now)
    held = Alert.objects.filter(suppressed=True, events__kind="suppressed")
    held = held.filter(events__data__window=found.name).distinct() if span else held.none()
    context = {
        "window": found,
        "span": span,
        "next": found.next_span(now),
        "is_over": found.ended_at is not None or found.over_at <= now,
        "lines": lines(found.conditions),
        "held": held.select_related("group", "source").order_by("-opened_at")[:_HELD],
        "may_change": user.has_perm("integrations.change_maintenancewindow"),
        "now": now,
    }
    return render(request, "integrations/window.html", context)


def _window(user: User, pk: int) -> MaintenanceWindow:
    return get_object_or_404(MaintenanceWindow.objects.visible_to(user), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def new_window(request: HttpRequest) -> HttpResponse:
    """Plan a window, looking first at what it would have held back last week."""
    user = person(request)
    if not user.has_perm("integrations.add_maintenancewindow"):
        raise PermissionDenied
    return _edit(request, user, None)


@login_required
@require_http_methods(["GET", "POST"])
def edit_window(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a window that is not over."""
    user = person(request)
    found = _window(user, pk)
    if not user.has_perm("integrations.change_maintenancewindow"):
        raise PermissionDenied
    return _edit(request, user, found)


def _edit(request: HttpRequest, user: User, found: MaintenanceWindow | None) -> HttpResponse:
    now = clock.now()
    if found is not None and (found.ended_at is not None or found.over_at <= now):
        messages.error(request, f"{found.name} is over and stays as it was.")
        return redirect("integrations:window", found.pk)
    chosen = request.GET.get("integration", "")
    initial = {"integrations": [chosen]} if chosen.isdecimal() and len(chosen) < 16 else {}
    form = WindowForm(
        request.POST or None,
        viewer=user,
        now=now,
        instance=found,
        initial=initial if found is None else {},
    )
    preview: LastWeek | None = None
    if request.method == "POST" and form.is_valid():
        if "preview" in request.POST:
            preview = _preview(form, now)
        else:
            saved = _save(request, form, user, now)
            if saved is not None:
                return redirect("integrations:window", saved.pk)
    context = {"form": form, "window": found, "preview": preview, "now": now}
    return render(request, "integrations/window_form.html", context)


def _preview(form: WindowForm, now: datetime) -> LastWeek:
    data: dict[str, Any] = form.cleaned_data
    return look_back(
        form.instance.plan,
        everything=data["everything"],
        integrations=list(data["integrations"]),
        services=list(data["services"].prefetch_related("integrations")),
        group_ids=[group.pk for group in data["groups"]],
        conditions=data["conditions"],
        now=now,
    )


def _save(
    request: HttpRequest, form: WindowForm, user: User, now: datetime
) -> MaintenanceWindow | None:
    data = form.cleaned_data
    try:
        saved = actions_maintenance.save_window(
            form.instance,
            integrations=data["integrations"],
            services=data["services"],
            groups=data["groups"],
            actor=user,
            now=now,
        )
    except NotAllowed as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, f"{saved.name} is saved.")
    return saved


@login_required
@require_POST
def end_window(request: HttpRequest, pk: int) -> HttpResponse:
    """End what goes on now, or call all of it off."""
    user, now = person(request), clock.now()
    found = _window(user, pk)
    if not user.has_perm("integrations.change_maintenancewindow"):
        raise PermissionDenied
    for_good = "for_good" in request.POST
    act = actions_maintenance.call_off if for_good else actions_maintenance.end_now
    try:
        act(found, actor=user, now=now)
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        told = "is called off" if for_good else "has ended"
        messages.success(request, f"{found.name} {told}; what still fires is paged now.")
    return redirect("integrations:window", pk)


@login_required
@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """A piece for pages of alerts: whose alerts are not being paged, and until when."""
    user, now = person(request), clock.now()
    going = [each for each in maintenance.active(now) if _concerns(each.scope, user)]
    context = {
        "windows": sorted(going, key=lambda each: each.until),
        "may_view": user.has_perm("integrations.view_maintenancewindow"),
        "now": now,
    }
    return render(request, "integrations/_maintenance.html", context)


def _concerns(scope: Any, user: User) -> bool:
    """Whether any alert this person may see could be held back by it."""
    if scope.everything or user.has_perm("integrations.view_maintenancewindow"):
        return True
    mine = Alert.objects.visible_to(user).filter(suppressed=True)
    return mine.filter(source__in=scope.sources).exists() or (
        mine.filter(group__in=scope.groups).exists()
    )
