"""Pages of alerts that only look: the list, one alert, its refresh."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts import paging
from alerts.forms import AssignForm, Filters, NoteForm, SnoozeForm
from alerts.models import Alert
from alerts.states import Status
from alerts.story import SHOWN, story

PAGE_SIZE = 50
COUNTED = 1000
LIVE_SECONDS = 4
_JOINS = ("group", "assignee", "source", "acknowledged_by", "resolved_by", "opened_by")


def way_back(request: HttpRequest) -> str:
    """Return where the form wants to go back to if that is a path of ours, else ""."""
    url = request.POST.get("next", "")
    ours = url.startswith("/") and url_has_allowed_host_and_scheme(url, None)
    return url if ours else ""


@login_required
@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    """Show alerts, newest first, a page at a time. An htmx refresh gets the table alone."""
    user, now = person(request), clock.now()
    filters = Filters(request.GET, user=user)
    visible = Alert.objects.visible_to(user)
    chosen = filters.apply(visible) if filters.is_valid() else visible.none()
    cursors = {name: request.GET.get(name, "") for name in ("after", "before")}
    try:
        page = paging.page(chosen.select_related(*_JOINS), size=PAGE_SIZE, **cursors)
    except paging.BadCursor as error:
        raise Http404(str(error)) from error
    partial = request.headers.get("HX-Target") == "alert-list"
    context = {
        "filters": filters,
        "status": filters.data.get("status") or "open",
        "page": page,
        "older_url": _page_url(request, after=page.older),
        "newer_url": _page_url(request, before=page.newer),
        "now": now,
        "may_respond": not user.is_stakeholder,
        "is_filtered": any(request.GET.get(name) for name in filters.fields),
    }
    if not partial:
        context["tabs"] = _tabs(visible, user, filters)
    response = render(request, "alerts/_list.html" if partial else "alerts/list.html", context)
    patch_vary_headers(response, ["HX-Target"])
    return response


def _page_url(request: HttpRequest, **cursor: str | None) -> str:
    """Return the address of a neighbouring page with the same filters, or "" when there is none."""
    ((name, value),) = cursor.items()
    if value is None:
        return ""
    kept = {k: str(v) for k, v in request.GET.items() if v and k not in {"after", "before"}}
    return "?" + urlencode({**kept, name: value})


def _tabs(visible: QuerySet[Alert], user: User, filters: Filters) -> list[dict[str, Any]]:
    """Name the usual views with how many open alerts each holds; counting stops at a thousand."""
    sample = visible.filter(status__in=[Status.TRIGGERED, Status.ACKNOWLEDGED]).order_by()
    triggered = Q(status=Status.TRIGGERED)
    counts = sample[:COUNTED].aggregate(
        open=Count("pk"),
        triggered=Count("pk", filter=triggered),
        acknowledged=Count("pk", filter=Q(status=Status.ACKNOWLEDGED)),
        mine=Count("pk", filter=Q(assignee=user)),
    )
    tabs = [
        ("Open", "open", ""),
        ("Triggered", "triggered", ""),
        ("Acknowledged", "acknowledged", ""),
        ("Mine", "open", "on"),
        ("Resolved", "resolved", ""),
        ("All", "all", ""),
    ]
    now_open = (filters.data.get("status") or "open", bool(filters.data.get("mine")))
    return [
        {
            "label": label,
            "query": urlencode({"status": status, **({"mine": mine} if mine else {})}),
            "is_current": (status, bool(mine)) == now_open,
            "count": counts.get("mine" if mine else status),
            "is_capped": counts.get("mine" if mine else status) == COUNTED,
        }
        for label, status, mine in tabs
    ]


@login_required
@require_safe
def detail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one alert: its state, what may be done, who is next, and the whole story."""
    user = person(request)
    alert = _visible(user, number)
    context = _alert_context(request, alert, user)
    return render(request, "alerts/detail.html", {**context, "note_form": NoteForm()})


@login_required
@require_safe
def live(request: HttpRequest, number: int) -> HttpResponse:
    """Answer the page's poll: the pieces that may have changed, for htmx to put in place.

    The buttons are sent only when the state changed, so an open menu is not taken away.
    """
    user = person(request)
    alert = _visible(user, number)
    context = _alert_context(request, alert, user)
    changed = request.GET.get("epoch") != str(alert.epoch)
    return render(request, "alerts/_live.html", {**context, "oob": True, "changed": changed})


def _visible(user: User, number: int) -> Alert:
    visible = Alert.objects.visible_to(user).select_related(*_JOINS)
    return get_object_or_404(visible, pk=number)


def _alert_context(request: HttpRequest, alert: Alert, user: User) -> dict[str, Any]:
    now = clock.now()
    everything = request.GET.get("story") == "all"
    return {
        "alert": alert,
        "now": now,
        "verbs": [] if user.is_stakeholder else [verb.value for verb in alert.verbs],
        "story": story(alert, limit=10_000 if everything else SHOWN),
        "assign_form": AssignForm(alert=alert),
        "snooze_form": SnoozeForm(),
        "links": safe_links(alert.links),
        "is_live": alert.status != Status.RESOLVED,
        "live_seconds": LIVE_SECONDS,
    }


def safe_links(links: Any) -> list[dict[str, str]]:
    """Return the links that lead to a web page; anything else (javascript:, data:) is dropped."""
    found = []
    for link in links if isinstance(links, list) else []:
        href = str(link.get("href", "")) if isinstance(link, dict) else ""
        if href.lower().startswith(("http://", "https://")):
            found.append({"href": href, "text": str(link.get("text") or href)})
    return found
