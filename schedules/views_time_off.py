"""Time off: who is away, who covers, and their yes or no."""

from collections.abc import Callable, Iterator
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.signed_in import person
from accounts.views import attempt
from alertops import clock
from groups.models import Group, Member
from schedules import actions_away
from schedules.forms_requests import TimeOffForm
from schedules.forms_span import on_wall
from schedules.models import Schedule, TimeOff
from schedules.outlook import Outlook, outlook
from schedules.sight import tried
from schedules.walltime import zone_of

MORNING, DAYS = timedelta(days=1), timedelta(days=7)
MOST_GROUPS = 10


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """Say when I am, or somebody of a group I may edit is, away."""
    user, now = person(request), clock.now()
    today = on_wall(now, zone_of(user.time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Group.objects.visible_to(user).filter(slug=request.GET.get("group", "")).first()
    initial = {
        "user": user.pk,
        "group": mine.pk if mine else None,
        "starts_at": today + MORNING,
        "ends_at": today + MORNING + DAYS,
    }
    return _page(request, TimeOff(), user, now, initial)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at one time off, change it, answer it."""
    user, now = person(request), clock.now()
    rows = actions_away.visible_to(user).select_related("user", "group", "covered_by")
    return _page(request, get_object_or_404(rows, pk=pk), user, now, {})


@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back, or come back now if it runs."""
    user, now = person(request), clock.now()
    time_off = get_object_or_404(actions_away.visible_to(user), pk=pk)
    work = partial(actions_away.end_time_off, time_off, actor=user, now=now)
    attempt(request, work, "The time off is taken back.")
    return _back(request)


@login_required
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """I cover, or I do not."""
    user, now = person(request), clock.now()
    time_off = get_object_or_404(actions_away.visible_to(user), pk=pk)
    accepted = request.POST.get("accepted") == "yes"
    owner = time_off.user
    done = f"You cover for {owner}." if accepted else f"Declined; {owner} has the shifts again."
    work = partial(actions_away.answer_time_off, time_off, accepted, actor=user, now=now)
    attempt(request, work, done)
    return _back(request)


def _page(
    request: HttpRequest, time_off: TimeOff, user: User, now: datetime, initial: dict[str, Any]
) -> HttpResponse:
    is_new, zone = time_off.pk is None, zone_of(user.time_zone)
    given: dict[str, Any] = {"instance": time_off, "zone": zone, "initial": initial}
    before = copy(time_off)
    form = TimeOffForm(request.POST or None, viewer=user, **given)
    if not is_new and time_off.starts_at <= now:
        form.begun()
    save = actions_away.add_time_off if is_new else actions_away.change_time_off
    may = is_new or may_change(before, user, now)
    shown: list[tuple[Group, Outlook]] = []
    is_preview = "preview" in request.POST

    def work() -> None:
        if is_preview:
            shown.extend(_outlooks(save, form, user, now))
        else:
            save(copy(form.instance), actor=user, now=now)

    if form.is_bound and form.is_valid() and tried(form, work) and not is_preview:
        messages.success(request, _said(form.instance))
        return _back(request)
    context = {
        "now": now,
        "form": form if may else None,
        "time_off": None if is_new else before,
        "outlooks": shown,
        "is_previewed": is_preview and not form.errors,
        "may_answer": not is_new and before.covered_by_id == user.pk and before.ends_at > now,
    }
    status = 422 if form.errors else 200
    return render(request, "schedules/time_off.html", context, status=status)


def _outlooks(
    save: Callable[..., TimeOff], form: TimeOffForm, user: User, now: datetime
) -> Iterator[tuple[Group, Outlook]]:
    """Yield, for each group in which the person takes turns, what would change in it."""
    said = form.instance
    seen = Schedule.objects.visible_to(user).active().select_related("group")
    if said.group_id is not None:
        schedules = seen.filter(group=said.group_id)
    else:
        theirs = Member.objects.filter(user=said.user_id).values("group")
        schedules = seen.filter(group__in=theirs)
    for schedule in schedules.order_by("group__name")[:MOST_GROUPS]:
        saving = partial(save, copy(said), actor=user, now=now)
        yield schedule.group, outlook(schedule, saving, said.starts_at, said.ends_at, now)


def may_change(time_off: TimeOff, user: User, now: datetime) -> bool:
    """Whether the form is of any use to them."""
    if time_off.ends_at <= now:
        return False
    if time_off.user_id == user.pk or user.is_admin:
        return True
    edited = Group.objects.editable_by(user).filter(pk=time_off.group_id or 0)
    return edited.exists()


def _said(time_off: TimeOff) -> str:
    if time_off.covered_by is None:
        return "Saved. Nobody covers: look whether somebody must take your shifts."
    return f"Saved. {time_off.covered_by} covers, unless they decline."


def _back(request: HttpRequest) -> HttpResponse:
    """Go back to where the button was: a schedule's changes, or my own page."""
    number = request.POST.get("schedule", "")
    if number.isascii() and number.isdigit() and len(number) < 16:
        return redirect("schedules:changes", int(number))
    return redirect("schedules:my-shifts")
