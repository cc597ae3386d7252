"""Requests to cover or to swap: asked, looked at, taken, declined, taken back."""

from collections.abc import Callable
from copy import copy
from datetime import datetime, timedelta
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from accounts.views import attempt
from alertops import clock
from schedules import actions_swaps, oncall, rota
from schedules.changes_rights import rights_in
from schedules.forms_requests import SwapForm
from schedules.forms_span import next_hour
from schedules.models import Schedule, SwapRequest
from schedules.rights import may_edit, may_override
from schedules.rota import Shift
from schedules.sight import schedule_of, tried
from schedules.states import Why

LENGTH = timedelta(hours=8)
MOST_SHIFTS = 20
DONE = {
    "take": "Yours now. Thank you.",
    "decline": "Declined.",
    "cancel": "The request is taken back.",
}
_ACTIONS: dict[str, Callable[..., SwapRequest]] = {
    "take": actions_swaps.take,
    "decline": actions_swaps.decline,
    "cancel": actions_swaps.cancel,
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask one person or everybody to take shifts over, perhaps in return for theirs."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    edits = may_edit(user, schedule.group)
    start = next_hour(now, schedule.zone) + timedelta(days=1)
    form = SwapForm(
        request.POST or None,
        viewer=user,
        may_edit=edits,
        instance=SwapRequest(schedule=schedule),
        zone=schedule.zone,
        initial={"user": user.pk, "starts_at": start, "ends_at": start + LENGTH},
    )
    if form.is_bound and form.is_valid():
        work = partial(_save, form, user, now)
        if tried(form, work):
            messages.success(request, "Asked. Until it is taken nothing changes.")
            return redirect("schedules:changes", schedule.pk)
    context = {
        "now": now,
        "schedule": schedule,
        "form": form,
        "may": edits or may_override(user, schedule.group),
    }
    status = 422 if form.errors else 200
    return render(request, "schedules/swap_ask.html", context, status=status)


@login_required
@require_safe
def swap(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: which shifts it is about, where it stands, what I may do."""
    user, now = person(request), clock.now()
    found = _visible(user, pk)
    taker = found.taken_by or found.offered_to
    given_back: list[Shift] = []
    if found.return_starts_at and found.return_ends_at and taker:
        window = found.return_starts_at, found.return_ends_at
        given_back = _shifts(found.schedule, found.user if found.taken_by else taker, *window)
    holder = found.taken_by or found.user
    rights = rights_in(found.schedule, user, now, [found.pk])
    context = {
        "now": now,
        "swap": found,
        "schedule": found.schedule,
        "shifts": _shifts(found.schedule, holder, found.starts_at, found.ends_at),
        "given_back": given_back,
        "declines": found.declines.select_related("user") if found.user_id == user.pk else [],
        "may_take": rights.take(found),
        "may_cancel": rights.cancel(found),
    }
    return render(request, "schedules/swap.html", context)


@login_required
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Take it, decline it, take it back."""
    user, now = person(request), clock.now()
    found = _visible(user, pk)
    attempt(request, partial(_ACTIONS[verb], found.pk, actor=user, now=now), DONE[verb])
    return redirect("schedules:swap", found.pk)


def _save(form: SwapForm, user: User, now: datetime) -> None:
    actions_swaps.request(copy(form.instance), actor=user, now=now)


def _visible(user: User, pk: int) -> SwapRequest:
    people = ("schedule__group", "user", "offered_to", "taken_by")
    return get_object_or_404(actions_swaps.visible_to(user).select_related(*people), pk=pk)


def _shifts(schedule: Schedule, user: User, since: datetime, until: datetime) -> list[Shift]:
    """Return the shifts in the stretch that are a person's as things stand."""
    roster = oncall.roster_of(schedule, since, until)
    mine = [
        shift
        for shift in rota.shifts(roster.plan, since, until)
        if shift.user == user.pk and shift.source and shift.source.why != Why.MEMBER
    ]
    return mine[:MOST_SHIFTS]
