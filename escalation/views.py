"""Pages and pieces of escalation: who is next, who was notified, and what could not be sent."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.signed_in import person
from alertops import clock
from alertops.fragments import is_piece
from alerts.models import Alert
from escalation import history, outlook, unsent

PIECE_LINES, PAGE_LINES = 12, 100
_LARGEST = 2**63 - 1


@login_required
@require_safe
def next_up(request: HttpRequest, number: int) -> HttpResponse:
    """Who is next on one alert and when: a piece of the alert's page, or a page by itself."""
    alert, now = _alert(request, number), clock.now()
    context = {"alert": alert, "now": now, "outlook": outlook.of_alert(alert, now)}
    return _render(request, "next", context)


@login_required
@require_safe
def notifications(request: HttpRequest, number: int) -> HttpResponse:
    """Who was notified how, newest first: the latest as a piece, all of them as a page."""
    alert, now = _alert(request, number), clock.now()
    rows = alert.notifications.order_by("-pk")
    piece = is_piece(request)
    before = _number(request.GET.get("before"))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = history.lines(rows, now, size=PIECE_LINES if piece else PAGE_LINES)
    context = {
        "alert": alert,
        "now": now,
        "lines": found.lines,
        "more": found.more,
        "is_later": before is not None,
        "may_read_outbox": person(request).is_admin,
    }
    return _render(request, "notifications", context)


@login_required
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Show what could not leave, for administrators: it holds codes and acknowledge links."""
    if not person(request).is_admin:
        raise Http404
    now = clock.now()
    page = unsent.messages(before=_number(request.GET.get("before")), now=now)
    context = {
        "now": now,
        "page": page,
        "codes": unsent.codes(now),
        "missing": unsent.missing(),
        "is_later": "before" in request.GET,
    }
    return render(request, "escalation/outbox.html", context)


def _alert(request: HttpRequest, number: int) -> Alert:
    joins = ("group", "assignee", "acknowledged_by", "resolved_by")
    visible = Alert.objects.visible_to(person(request)).select_related(*joins)
    return get_object_or_404(visible, pk=number)


def _render(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    template = f"escalation/_{name}.html" if is_piece(request) else f"escalation/{name}.html"
    return render(request, template, context)


def _number(text: str | None) -> int | None:
    """Read where a page begins; what is not ours is not there."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _LARGEST):
        raise Http404
    return int(text)
