"""Mapping by example: pick fields on what really came in, and see at once what it makes."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.signed_in import person
from alertops import clock
from integrations import actions, expressions, sample_paths, trying
from integrations.models import Integration
from integrations.reading import Event

SAMPLES = 20
GROUPS = 20


@login_required
@require_http_methods(["GET", "POST"])
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the payload, the mapping and the alerts it makes; take a pick; save."""
    user = person(request)
    rows = Integration.objects.visible_to(user).select_related("group", "assignee")
    integration = get_object_or_404(rows, pk=pk)
    if not user.has_perm("integrations.change_integration"):
        raise PermissionDenied
    given = dict(integration.mapping)
    if request.method == "POST":
        given = _given(request)
        if "save" in request.POST and not expressions.check(given):
            integration.mapping = given
            actions.save_integration(integration, actor=user, now=clock.now())
            messages.success(request, "The mapping is saved; it counts from the next event on.")
            return redirect("integrations:mapping", pk)
    return render(request, "integrations/mapping.html", _context(request, integration, given))


def _context(
    request: HttpRequest, integration: Integration, given: dict[str, str]
) -> dict[str, object]:
    wrong = expressions.check(given)
    usable = {name: text for name, text in given.items() if name not in wrong}
    addressee = trying.with_mapping(integration, usable)
    events = trying.last_events(integration)
    sample = _sample(events, request.POST.get("event") or request.GET.get("event", ""))
    trial = trying.over(events, addressee)
    found = trying.fields(sample, addressee, usable)
    return {
        "integration": integration,
        "events": events[:SAMPLES],
        "sample": sample,
        "fields": [(each, given.get(each.name, ""), wrong.get(each.name, "")) for each in found],
        "paths": sample_paths.fields_of(trying.sample_of(sample, addressee)) if sample else [],
        "key_parts": sample_paths.parts(given.get("dedup_key", "")),
        "trial": trial,
        "groups": trial.groups[:GROUPS],
        "is_changed": given != integration.mapping,
    }


def _sample(events: list[Event], chosen: str) -> Event | None:
    wanted = int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0
    return next((each for each in events if each.id == wanted), events[0] if events else None)


def _given(request: HttpRequest) -> dict[str, str]:
    """Return the expressions as typed, changed by the button that was pressed."""
    given = {name: request.POST.get(name, "").strip() for name in expressions.FIELDS}
    name, _, path = request.POST.get("pick", "").partition(":")
    if name == "dedup_key" and path:
        parts = sample_paths.parts(given[name])
        chosen = [part for part in parts if part != path] if path in parts else [*parts, path]
        given[name] = sample_paths.joined(chosen) if chosen else ""
    elif name in given:
        given[name] = path
    return {name: text for name, text in given.items() if text}
