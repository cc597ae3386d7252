"""Integrations for those who manage them: the list, how to connect a tool, the inbound log."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from integrations import actions, excess, payloads, steps, texts
from integrations.forms import GraceForm, LogFilters
from integrations.models import EventOutcome, InboundEvent, Integration
from integrations.store import TooMany, Unavailable
from integrations.vendors import VENDORS
from schedules.walltime import zone_of

PAGE_SIZE = 50
SHOWN = 64 * 1024
"""Bytes of a body that the page shows."""


@login_required
@require_safe
def integration_list(request: HttpRequest) -> HttpResponse:
    """Show every integration, and whether its tool has been heard lately."""
    user, now = person(request), clock.now()
    rows = Integration.objects.visible_to(user).select_related("group", "assignee")
    shown = list(rows.annotate(route_count=Count("routes")).order_by("name"))
    over = excess.of([row.pk for row in shown], now)
    context = {
        "integrations": [(row, over.get(row.pk)) for row in shown],
        "may_view": user.has_perm("integrations.view_integration"),
        "may_change": user.has_perm("integrations.change_integration"),
        "now": now,
    }
    return render(request, "integrations/list.html", context)


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how to connect the tool, where its alerts go, and what came in last."""
    return _detail(request, _integration(person(request), pk))


def _integration(user: User, pk: int) -> Integration:
    rows = Integration.objects.visible_to(user).select_related("group", "assignee", "policy")
    return get_object_or_404(rows, pk=pk)


def _detail(request: HttpRequest, integration: Integration) -> HttpResponse:
    user, now = person(request), clock.now()
    context = {
        "integration": integration,
        "vendor": VENDORS[integration.kind],
        "steps": steps.steps(integration),
        "address": steps.address(integration),
        "routes": integration.routes.select_related("group", "assignee", "policy"),
        "events": _with_first(list(integration.events.defer("body").order_by("-id")[:10])),
        "may_change": user.has_perm("integrations.change_integration"),
        "keys": integration.keys.valid(now),
        "grace_form": GraceForm(),
        "excess": excess.of([integration.pk], now).get(integration.pk),
        "broken": _broken(integration),
        "now": now,
    }
    response = render(request, "integrations/detail.html", context)
    if integration.key:
        response["Cache-Control"] = "no-store"
    return response


def _broken(integration: Integration) -> int:
    """Count the last events on which the integration's own mapping failed."""
    if not integration.mapping:
        return 0
    last = integration.events.order_by("-id").values_list("detail", flat=True)[:100]
    return sum("the mapping of" in detail for detail in last)


@login_required
@require_POST
def new_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new key and show it, this once."""
    user = person(request)
    integration = _changeable(user, pk)
    form = GraceForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say how long the old key is to work.")
        return redirect("integrations:detail", pk)
    grace = form.cleaned_data["grace"]
    actions.rotate_key(integration, grace=grace, actor=user, now=clock.now())
    old = "works a while longer" if grace is None or grace else "is void"
    sentence = f"The old key {old}. Copy the new one now: it is not shown again."
    messages.warning(request, sentence)
    return _detail(request, integration)


@login_required
@require_POST
def revoke_key(request: HttpRequest, pk: int, key: int) -> HttpResponse:
    """Void the key that has been replaced."""
    user = person(request)
    row = get_object_or_404(_changeable(user, pk).keys, pk=key)
    try:
        actions.revoke_key(row, actor=user, now=clock.now())
    except actions.NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The key {row} is void.")
    return redirect("integrations:detail", pk)


@login_required
@require_safe
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the one piece of the page that waits for the first event."""
    integration = _integration(person(request), pk)
    return render(request, "integrations/_state.html", {"integration": integration})


@login_required
@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the vendor's own sample through the whole way; it really pages."""
    user = person(request)
    integration = _changeable(user, pk)
    try:
        event = actions.send_test(integration, actor=user, now=clock.now())
    except actions.NotAllowed as error:
        messages.error(request, str(error))
    except TooMany:
        messages.error(request, "This integration is over its limit; try again in a minute.")
    except Unavailable:
        messages.error(request, "The database did not take the event; try again.")
    else:
        return redirect("integrations:event", event)
    return redirect("integrations:detail", pk)


def _changeable(user: User, pk: int) -> Integration:
    integration = _integration(user, pk)
    if not user.has_perm("integrations.change_integration"):
        raise PermissionDenied
    return integration


@login_required
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Show what came in, newest first, a page at a time."""
    user = person(request)
    zone = zone_of(user.time_zone or "UTC")
    integrations = Integration.objects.visible_to(user)
    filters = LogFilters(request.GET, integrations=integrations, zone=zone)
    visible = InboundEvent.objects.visible_to(user)
    chosen = filters.apply(visible) if filters.is_valid() else visible.none()
    rows, older, newer = _page(chosen, request.GET.get("after", ""), request.GET.get("before", ""))
    context = {
        "filters": filters,
        "events": _with_first(rows),
        "older_url": _url(request, "after", older),
        "newer_url": _url(request, "before", newer),
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
        "may_view": user.has_perm("integrations.view_inboundevent"),
        "now": clock.now(),
    }
    return render(request, "integrations/log.html", context)


def _with_first(events: list[InboundEvent]) -> list[InboundEvent]:
    """Give each event its first outcome: a body may carry a hundred alerts."""
    firsts = EventOutcome.objects.filter(event__in=[event.pk for event in events], position=0)
    by_event = {outcome.event_id: outcome for outcome in firsts.select_related("alert")}
    for event in events:
        event.first = by_event.get(event.pk)  # type: ignore[attr-defined]
    return events


def _page(
    events: Any, after: str, before: str
) -> tuple[list[InboundEvent], int | None, int | None]:
    """Return a page of events and the numbers its neighbours begin at. Bodies stay in the table."""
    light = events.defer("body").select_related("integration")
    if before.isdecimal() and len(before) < 19:
        found = list(light.filter(pk__gt=int(before)).order_by("pk")[: PAGE_SIZE + 1])
        rows = found[:PAGE_SIZE][::-1]
        more_newer, more_older = len(found) > PAGE_SIZE, True
    else:
        is_first = not (after.isdecimal() and len(after) < 19)
        below = light if is_first else light.filter(pk__lt=int(after))
        found = list(below.order_by("-pk")[: PAGE_SIZE + 1])
        rows = found[:PAGE_SIZE]
        more_newer, more_older = not is_first, len(found) > PAGE_SIZE
    if not rows:
        return [], None, None
    return rows, rows[-1].pk if more_older else None, rows[0].pk if more_newer else None


def _url(request: HttpRequest, name: str, number: int | None) -> str:
    if number is None:
        return ""
    kept = [(k, str(v)) for k, v in request.GET.items() if v and k not in {"after", "before"}]
    return "?" + urlencode([*kept, (name, str(number))])


@login_required
@require_safe
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one event: its body as it came, what became of it, and why."""
    user = person(request)
    rows = InboundEvent.objects.visible_to(user).select_related("integration")
    found = get_object_or_404(rows, pk=pk)
    body = bytes(found.body)
    decoded = payloads.decode(body, found.content_type, found.content_encoding)
    is_data = isinstance(decoded.value, (dict, list))
    context = {
        "event": found,
        "outcomes": found.outcomes.select_related("alert").order_by("position")[:1000],
        "is_data": is_data,
        "pretty": texts.whole(decoded.value)[:SHOWN] if is_data else "",
        "raw": texts.starred(texts.clean(body[:SHOWN].decode("utf-8", "replace"), SHOWN)),
        "size": len(body),
        "now": clock.now(),
    }
    return render(request, "integrations/event.html", context)
