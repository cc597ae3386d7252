"""The start page and what belongs to no app: the way into the console, the appearance switch."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts.models import Alert
from alerts.views import way_back
from groups.models import Member

SHOWN = 20
THEMES = ("auto", "light", "dark")
_YEAR = 365 * 86400


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what is mine to answer, whether I am on call, and when next."""
    user, now = person(request), clock.now()
    context = {"now": now, "may_respond": not user.is_stakeholder, **_alerts(user)}
    return render(request, "home.html", context)


def _alerts(user: User) -> dict[str, Any]:
    """Return the open alerts I own, and those of my groups that nobody owns yet."""
    open_ = Alert.objects.visible_to(user).open().select_related("group", "assignee", "source")
    my_group = Exists(Member.objects.filter(user=user, group=OuterRef("group")))
    unowned = open_.filter(my_group, Q(assignee__isnull=True), snoozed_until__isnull=True)
    return {
        "mine": list(open_.filter(assignee=user)[:SHOWN]),
        "unowned": list(unowned[:SHOWN]),
        "shown": SHOWN,
    }


def console_sign_in(request: HttpRequest) -> HttpResponse:
    """The console has no sign-in of its own: it would know no second factor and no patience."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


@login_required
def console_password(request: HttpRequest) -> HttpResponse:
    """Nor a change of password: guessing the old one is throttled on the page of everybody."""
    return redirect("account_change_password")


@login_required
def own_address(request: HttpRequest) -> HttpResponse:
    """Nobody gives themselves another address to sign in with: an administrator does, on the
    record. Whoever finds a browser open would else need no password to keep the account."""
    return redirect("accounts:profile")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or automatic in a cookie; nobody needs to sign in for that."""
    chosen = request.POST.get("theme", "")
    if chosen not in THEMES:
        return HttpResponseBadRequest("Choose auto, light or dark.")
    response = redirect(way_back(request) or "/")
    response.set_cookie(
        "theme", chosen, max_age=_YEAR, secure=settings.IS_HTTPS, httponly=True, samesite="Lax"
    )
    return response
