"""Outbound connections, for those who manage integrations: what is sent where, what came back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from integrations.actions import NotAllowed
from integrations.forms_outbound import MessageFilters, OutboundForm, SecretGraceForm
from integrations.models import OutboundConnection, OutboundMessage
from integrations.outbound import actions, showing
from integrations.outbound.contract import Tool
from integrations.outbound.states import UNFINISHED
from integrations.outbound.tools import TOOLS
from integrations.steps import Block, blocks

PAGE_SIZE = 50
_WRAP = re.compile(r"(?<!\n)\n(?!\n)")


@login_required
@require_safe
def connection_list(request: HttpRequest) -> HttpResponse:
    """Show every connection and how it is, and the tools there are."""
    user, now = person(request), clock.now()
    rows = OutboundConnection.objects.visible_to(user).select_related("group")
    context = {
        "connections": [(row, showing.condition(row, now)) for row in rows],
        "tools": TOOLS.values(),
        "may_view": user.has_perm("integrations.view_outboundconnection"),
        "may_add": user.has_perm("integrations.add_outboundconnection"),
        "now": now,
    }
    return render(request, "integrations/outbound/list.html", context)


def _visible(user: User, pk: int) -> OutboundConnection:
    rows = OutboundConnection.objects.visible_to(user).select_related("group", "created_by")
    return get_object_or_404(rows, pk=pk)


def _changeable(request: HttpRequest, pk: int) -> OutboundConnection:
    user = person(request)
    link = _visible(user, pk)
    if not user.has_perm("integrations.change_outboundconnection"):
        raise PermissionDenied
    return link


@login_required
@require_safe
def connection(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one: how it is, what is to be done over there, and its log."""
    return _connection(request, _visible(person(request), pk))


def _connection(request: HttpRequest, link: OutboundConnection) -> HttpResponse:
    user, now = person(request), clock.now()
    filters = MessageFilters(request.GET if request.method == "GET" else None)
    rows = OutboundMessage.objects.filter(connection=link).select_related("alert")
    if filters.is_bound:
        rows = filters.apply(rows) if filters.is_valid() else rows.none()
    page, older = _page(request, rows)
    context = {
        "link": link,
        "condition": showing.condition(link, now),
        "settings": showing.settings_of(link),
        "secrets": link.secrets.order_by("-pk"),
        "grace_form": SecretGraceForm(),
        "hook": _hook(link.hook),
        "steps": _steps(link.kind, link.hook) if link.is_known else [],
        "missing_proof": showing.believes_nothing(link),
        "events": showing.events_of(link),
        "sources": link.integrations.order_by("name"),
        "filters": filters,
        "messages_shown": page,
        "waits": any(message.state in UNFINISHED for message in page),
        "older_url": older,
        "newer_url": f"{link.get_absolute_url()}#log" if request.GET.get("before") else "",
        "is_filtered": bool(request.GET.get("state") or request.GET.get("alert")),
        "may_change": user.has_perm("integrations.change_outboundconnection"),
        "now": now,
    }
    response = render(request, "integrations/outbound/connection.html", context)
    if link.secret or link.hook:
        response["Cache-Control"] = "no-store"
    return response


def _steps(tool: Tool, key: str) -> list[Block]:
    """What to do over there; prose flows, whatever its lines in the source."""
    told = blocks(tool.steps.format(hook=_hook(key)))
    return [
        each if each.is_code else replace(each, text=_WRAP.sub(" ", each.text)) for each in told
    ]


def _hook(key: str) -> str:
    return f"{settings.PUBLIC_URL}/integrations/outbound/{key or '<the key>'}/hook/"


def _page(request: HttpRequest, rows: Any) -> tuple[list[OutboundMessage], str]:
    """One page of the log, newest first, and the address of the next."""
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    if len(found) <= PAGE_SIZE:
        return found, ""
    kept = [(name, str(value)) for name, value in request.GET.items() if name != "before"]
    last = found[PAGE_SIZE - 1].pk
    return found[:PAGE_SIZE], f"?{urlencode([*kept, ('before', last)])}#log"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a connection and show its secrets, this once."""
    user = person(request)
    if not user.has_perm("integrations.add_outboundconnection"):
        raise PermissionDenied
    if slug not in TOOLS:
        raise Http404
    return _edit(request, user, OutboundForm(request.POST or None, tool=TOOLS[slug], viewer=user))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a connection."""
    link, user = _changeable(request, pk), person(request)
    if not link.is_known:
        raise Http404
    form = OutboundForm(request.POST or None, tool=link.kind, viewer=user, instance=link)
    return _edit(request, user, form)


def _edit(request: HttpRequest, user: User, form: OutboundForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        link = actions.save(
            form.instance,
            values=form.values,
            integrations=form.cleaned_data["integrations"],
            actor=user,
            now=clock.now(),
        )
        if link.secret or link.hook:
            messages.warning(request, "Copy what is shown here now: it is not shown again.")
            return _connection(request, link)
        messages.success(request, f"{link.name} is saved.")
        return redirect(link)
    context = {
        "form": form,
        "tool": form.tool,
        "link": None if form.is_new else form.instance,
        "steps": _steps(form.tool, "") if form.is_new else [],
    }
    status = 400 if form.is_bound else 200
    return render(request, "integrations/outbound/form.html", context, status=status)


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Test it, switch it on again, give it a new secret or hook, or remove it."""
    link, user, now = _changeable(request, pk), person(request), clock.now()
    try:
        if verb == "secret":
            return _new_secret(request, link)
        if verb == "hook":
            actions.new_hook(link, actor=user, now=now)
            messages.warning(request, "The old address is void. Copy the new one now.")
            return _connection(request, link)
        if verb == "test":
            actions.send_test(link, actor=user, now=now)
            messages.success(request, "The test is on its way; its answer shows in the log.")
        elif verb == "on":
            actions.switch_on(link, actor=user, now=now)
            messages.success(request, f"{link.name} is switched on.")
        elif verb == "delete":
            actions.delete(link, actor=user, now=now)
            messages.success(request, f"{link.name} is removed.")
            return redirect("integrations:outbound")
    except NotAllowed as error:
        messages.error(request, str(error))
    return redirect(link)


def _new_secret(request: HttpRequest, link: OutboundConnection) -> HttpResponse:
    form = SecretGraceForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say how long the old secret is to go on signing.")
        return redirect(link)
    _, grace = actions.GRACES[form.cleaned_data["grace"]]
    actions.rotate_secret(link, grace=grace, actor=person(request), now=clock.now())
    messages.warning(request, "Copy the new secret now: it is not shown again.")
    return _connection(request, link)


@login_required
@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one message: what is sent, and what every attempt came to."""
    user = person(request)
    found = _message(user, pk)
    context = {
        "message": found,
        "link": found.connection,
        "call": showing.call_of(found, clock.now()),
        "tries": found.tries.all()[:100],
        "may_change": user.has_perm("integrations.change_outboundconnection"),
        "is_over": found.state not in UNFINISHED,
        "now": clock.now(),
    }
    return render(request, "integrations/outbound/message.html", context)


def _message(user: User, pk: int) -> OutboundMessage:
    rows = OutboundMessage.objects.filter(
        connection__in=OutboundConnection.objects.visible_to(user)
    )
    return get_object_or_404(rows.select_related("connection", "alert"), pk=pk)


@login_required
@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a message that is over back into the queue."""
    user = person(request)
    found = _message(user, pk)
    if not user.has_perm("integrations.change_outboundconnection"):
        raise PermissionDenied
    try:
        actions.send_again(found, actor=user, now=clock.now())
        messages.success(request, "It is on its way again, with the same id.")
    except NotAllowed as error:
        messages.error(request, str(error))
    return redirect("integrations:outbound-message", pk)
