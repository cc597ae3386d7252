"""Who is on call for a service: whoever is for the group that owns it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.signed_in import person
from alertops import clock
from groups.models import Group
from integrations.models import Service
from schedules import reach
from schedules.views_board import rows

PAGE_SIZE = 50


@login_required
@require_safe
def services_on_call(request: HttpRequest) -> HttpResponse:
    """Show each service in sight with who is on call for it, in a fixed number of queries."""
    user, now = person(request), clock.now()
    query = request.GET.get("q", "").strip()[:100]
    after = request.GET.get("after", "")[:120]
    seen = Group.objects.visible_to(user)
    services = Service.objects.visible_to(user).filter(group__in=seen).select_related("group")
    if query:
        services = services.filter(Q(name__icontains=query) | Q(group__name__icontains=query))
    if after:
        services = services.filter(name__gt=after)
    found = list(services.order_by("name")[: PAGE_SIZE + 1])
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    board = rows(list({service.group_id: service.group for service in found}.values()), now)
    reach.add(user, board)
    by_group = {row.group.pk: row for row in board}
    context: dict[str, Any] = {
        "now": now,
        "query": query,
        "after": after,
        "next": found[-1].name if more else "",
        "lines": [(service, by_group[service.group_id]) for service in found],
        "may_view": user.has_perm("integrations.view_service"),
    }
    return render(request, "integrations/services_on_call.html", context)
