"""Replays for those who manage integrations: choose events, look first, then for real."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alertops.fragments import is_piece
from integrations import actions_replays
from integrations.actions import NotAllowed
from integrations.actions_replays import Range
from integrations.models import InboundEvent, Integration, Replay
from integrations.replaying import UNCHANGED
from integrations.retention import number_at
from integrations.states import Outcome
from schedules.forms import WallField
from schedules.walltime import first_instant, last_instant, zone_of

_PAST = 10


class RangeForm(forms.Form):
    """From when to when, and perhaps only some of it."""

    since = WallField(label="From")
    until = WallField(label="Until")
    integration = forms.ModelChoiceField(
        Integration.objects.none(), required=False, empty_label="Every integration"
    )
    outcome = forms.ChoiceField(required=False, choices=[("", "Whatever it was"), *Outcome.choices])

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.zone = zone_of(viewer.time_zone or "UTC")
        choice: Any = self.fields["integration"]
        choice.queryset = Integration.objects.visible_to(viewer).order_by("name")

    def chosen(self) -> Range:
        data = self.cleaned_data
        first = number_at(first_instant(data["since"], self.zone))
        last = number_at(last_instant(data["until"], self.zone)) - 1
        return Range(first, last, data["integration"], data["outcome"])


def _replayer(request: HttpRequest) -> User:
    user = person(request)
    if not user.has_perm("integrations.add_replay"):
        raise PermissionDenied
    return user


@login_required
@require_http_methods(["GET", "POST"])
def new_replay(request: HttpRequest) -> HttpResponse:
    """Choose a range of events to work off once more."""
    user = _replayer(request)
    form = RangeForm(request.POST or None, viewer=user, initial=dict(request.GET.items()))
    if request.method == "POST" and form.is_valid():
        answer = _start(request, user, form.chosen())
        if answer is not None:
            return answer
    context = {"form": form, "replays": Replay.objects.visible_to(user)[:_PAST]}
    return render(request, "integrations/replay_form.html", context)


@login_required
@require_POST
def replay_event(request: HttpRequest, pk: int) -> HttpResponse:
    """Work one event off once more."""
    user = _replayer(request)
    event = get_object_or_404(InboundEvent.objects.visible_to(user), pk=pk)
    return _start(request, user, Range(event.pk, event.pk)) or redirect(
        "integrations:event", event.pk
    )


def _start(request: HttpRequest, user: User, chosen: Range) -> HttpResponse | None:
    is_dry = "for_real" not in request.POST
    try:
        replay = actions_replays.start(chosen, is_dry=is_dry, actor=user, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
        return None
    return redirect("integrations:replay", replay.pk)


@login_required
@require_safe
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a replay has got and what it does; the piece with the bar refreshes itself."""
    user = person(request)
    found = _found(user, pk)
    words = dict(Outcome.choices) | {UNCHANGED: "Nothing new to do"}
    context = {
        "replay": found,
        "counts": sorted((words.get(each, each), n) for each, n in found.counts.items()),
        "lines": [line | {"label": words.get(line["outcome"], "")} for line in found.lines],
        "may_replay": user.has_perm("integrations.add_replay"),
        "now": clock.now(),
    }
    name = "integrations/_replay.html" if is_piece(request) else "integrations/replay.html"
    return render(request, name, context)


def _found(user: User, pk: int) -> Replay:
    rows = Replay.objects.visible_to(user).select_related("integration", "created_by")
    return get_object_or_404(rows, pk=pk)


@login_required
@require_POST
def for_real(request: HttpRequest, pk: int) -> HttpResponse:
    """Do what a dry replay has shown."""
    user = _replayer(request)
    found = _found(user, pk)
    chosen = Range(found.first, found.last, found.integration, found.outcome)
    return _start(request, user, chosen) or redirect("integrations:replay", pk)


@login_required
@require_POST
def stop_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """End a replay where it stands."""
    user = _replayer(request)
    actions_replays.stop(_found(user, pk), actor=user, now=clock.now())
    return redirect("integrations:replay", pk)
