"""My calendar feeds: made, its address shown once, taken back."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.signed_in import person
from accounts.views import attempt
from alertops import clock
from groups.models import Group
from schedules import actions_feeds
from schedules.models import CalendarFeed, Schedule
from schedules.sight import tried


class FeedForm(forms.Form):
    """Whose shifts: mine, a schedule's, a group's."""

    what = forms.ChoiceField(label="Shifts")

    def __init__(self, data: Any = None, *, viewer: User, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        what: Any = self.fields["what"]
        groups = list(Group.objects.visible_to(viewer).active().order_by("name")[:200])
        seen = Schedule.objects.visible_to(viewer).select_related("group")[:200]
        what.choices = [
            ("mine", "My own, in all groups"),
            ("Everybody’s in a group", [(f"group:{g.pk}", g.name) for g in groups]),  # noqa: RUF001
            ("One schedule", [(f"schedule:{s.pk}", f"{s.group}: {s.name}") for s in seen]),
        ]

    def chosen(self) -> dict[str, Any]:
        kind, _, number = self.cleaned_data["what"].partition(":")
        if kind == "group":
            return {"group": Group.objects.get(pk=int(number))}
        return {"schedule": Schedule.objects.get(pk=int(number))} if kind == "schedule" else {}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def feeds(request: HttpRequest) -> HttpResponse:
    """List my feeds; make one, whose address this page shows and no other ever."""
    user, now = person(request), clock.now()
    initial = {"what": request.GET.get("what", "mine")}
    form = FeedForm(request.POST or None, viewer=user, initial=initial)
    address: list[str] = []
    if form.is_bound and form.is_valid():
        tried(form, lambda: address.append(_make(form, user, now)))
    rows = CalendarFeed.objects.live().filter(user=user).select_related("schedule", "group")
    context = {
        "tab": "calendars",
        "now": now,
        "form": FeedForm(viewer=user) if address else form,
        "address": address[0] if address else "",
        "webcal": "webcal://" + address[0].partition("://")[2] if address else "",
        "feeds": rows.order_by("-created_at", "-pk"),
    }
    status = 422 if form.errors else 200
    return render(request, "schedules/calendars.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """From now on its address finds nothing."""
    user, now = person(request), clock.now()
    feed = get_object_or_404(CalendarFeed, pk=pk, user=user)
    done = "Revoked. Calendars that subscribed to it find nothing there any more."
    attempt(request, lambda: actions_feeds.revoke_feed(feed, actor=user, now=now), done)
    return redirect("schedules:calendars")


def _make(form: FeedForm, user: User, now: datetime) -> str:
    _, address = actions_feeds.create_feed(user, now=now, **form.chosen())
    return address
