"""Heartbeats for people: the list, one with its address, and the form."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts.models import Alert
from integrations import actions_heartbeats as actions
from integrations.actions import NotAllowed
from integrations.forms_heartbeats import HeartbeatFilters, HeartbeatForm
from integrations.models import Heartbeat

PAGE_SIZE = 50
ALERTS = 10


@login_required
@require_safe
def heartbeat_list(request: HttpRequest) -> HttpResponse:
    """Show heartbeats by name, a page at a time."""
    user = person(request)
    filters = HeartbeatFilters(request.GET)
    visible = Heartbeat.objects.visible_to(user).select_related("group", "assignee")
    chosen = filters.apply(visible) if filters.is_valid() else visible.none()
    rows, previous, following = _page(chosen, request)
    context = {
        "filters": filters,
        "heartbeats": rows,
        "previous_url": previous,
        "next_url": following,
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
        "may_change": user.has_perm("integrations.change_heartbeat"),
        "now": clock.now(),
    }
    return render(request, "integrations/heartbeats/list.html", context)


def _page(rows: Any, request: HttpRequest) -> tuple[list[Heartbeat], str, str]:
    """Return a page in the order of names, and the addresses of its neighbours."""
    after, before = request.GET.get("after", "")[:120], request.GET.get("before", "")[:120]
    if "\x00" in after + before:
        return [], "", ""
    if before:
        found = list(rows.filter(name__lt=before).order_by("-name")[: PAGE_SIZE + 1])
        page, has_previous, has_next = found[:PAGE_SIZE][::-1], len(found) > PAGE_SIZE, True
    else:
        below = rows.filter(name__gt=after) if after else rows
        found = list(below.order_by("name")[: PAGE_SIZE + 1])
        page, has_previous, has_next = found[:PAGE_SIZE], bool(after), len(found) > PAGE_SIZE
    if not page:
        return [], "", ""
    kept = [(k, str(v)) for k, v in request.GET.items() if v and k not in {"after", "before"}]
    return (
        page,
        "?" + urlencode([*kept, ("before", page[0].name)]) if has_previous else "",
        "?" + urlencode([*kept, ("after", page[-1].name)]) if has_next else "",
    )


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one: how it is, how to ping it, and what it has been."""
    user = person(request)
    return _detail(request, _visible(user, pk))


def _visible(user: User, pk: int) -> Heartbeat:
    rows = Heartbeat.objects.visible_to(user).select_related("group", "assignee", "policy")
    return get_object_or_404(rows, pk=pk)


def _changeable(request: HttpRequest, pk: int) -> Heartbeat:
    user = person(request)
    beat = _visible(user, pk)
    if not user.has_perm("integrations.change_heartbeat"):
        raise PermissionDenied
    return beat


def _detail(request: HttpRequest, beat: Heartbeat) -> HttpResponse:
    user = person(request)
    alerts = Alert.objects.visible_to(user).filter(source_id=beat.pk)
    context = {
        "heartbeat": beat,
        "address": f"{settings.PUBLIC_URL}/heartbeats/{beat.key or '<the key>'}/",
        "alerts": alerts.order_by("-opened_at", "-id")[:ALERTS],
        "may_change": user.has_perm("integrations.change_heartbeat"),
        "now": clock.now(),
    }
    response = render(request, "integrations/heartbeats/detail.html", context)
    if beat.key:
        response["Cache-Control"] = "no-store"
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Make a heartbeat and show its address, this once."""
    user = person(request)
    if not user.has_perm("integrations.add_heartbeat"):
        raise PermissionDenied
    form = HeartbeatForm(request.POST or None, initial={"group": request.GET.get("group", "")})
    if request.method == "POST" and form.is_valid():
        beat = actions.save(form.save(commit=False), actor=user, now=clock.now())
        messages.warning(request, "Copy the address now: its key is not shown again.")
        return _detail(request, beat)
    return _form(request, form, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a heartbeat."""
    beat = _changeable(request, pk)
    form = HeartbeatForm(request.POST or None, instance=beat)
    if request.method == "POST" and form.is_valid():
        actions.save(form.save(commit=False), actor=person(request), now=clock.now())
        messages.success(request, f"{beat.name} is saved.")
        return redirect("integrations:heartbeat", pk)
    return _form(request, form, beat)


def _form(request: HttpRequest, form: HeartbeatForm, beat: Heartbeat | None) -> HttpResponse:
    context = {"form": form, "heartbeat": beat}
    status = 400 if form.is_bound else 200
    return render(request, "integrations/heartbeats/form.html", context, status=status)


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Pause, resume, remove, or give it a new key."""
    beat, user, now = _changeable(request, pk), person(request), clock.now()
    if verb == "key":
        actions.new_key(beat, actor=user, now=now)
        messages.warning(request, "The old key is void. Copy the address now.")
        return _detail(request, beat)
    if verb == "delete":
        try:
            actions.delete(beat, actor=user, now=now)
        except NotAllowed as error:
            messages.error(request, str(error))
            return redirect("integrations:heartbeat", pk)
        messages.success(request, f"{beat.name} is gone.")
        return redirect("integrations:heartbeats")
    change = actions.pause if verb == "pause" else actions.resume
    change(beat, actor=user, now=now)
    return redirect("integrations:heartbeat", pk)
