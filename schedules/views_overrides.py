"""One override: made, looked at before it is saved, changed, taken back."""

import copy
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
from schedules import actions
from schedules.forms_changes import OverrideForm
from schedules.forms_span import next_hour
from schedules.models import Override
from schedules.outlook import Outlook, outlook
from schedules.rights import may_edit, may_override
from schedules.sight import schedule_of, tried

LENGTH = timedelta(hours=8)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody else, more or less on call for a while."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    start = next_hour(now, schedule.zone)
    initial = {"user": user.pk, "starts_at": start, "ends_at": start + LENGTH}
    return _page(request, Override(schedule=schedule), user, now, initial)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int, override_pk: int) -> HttpResponse:
    """Change an override that is to come, or the end of one that runs."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    rows = schedule.overrides.select_related("rotation", "fixed_shift", "calendar")
    override = get_object_or_404(rows, pk=override_pk, swap=None)
    override.schedule = schedule
    return _page(request, override, user, now, {})


@login_required
@require_POST
def end(request: HttpRequest, pk: int, override_pk: int) -> HttpResponse:
    """Take an override back: it goes, or ends now if it runs."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    override = get_object_or_404(schedule.overrides, pk=override_pk)
    done = "The override is taken back."
    attempt(request, lambda: actions.end_override(override, actor=user, now=now), done)
    return redirect("schedules:changes", schedule.pk)


def _page(
    request: HttpRequest, override: Override, user: User, now: datetime, initial: dict[str, Any]
) -> HttpResponse:
    schedule, is_new = override.schedule, override.pk is None
    edits = may_edit(user, schedule.group)
    form = OverrideForm(
        request.POST or None,
        instance=override,
        zone=schedule.zone,
        initial=initial,
        may_edit=edits,
    )
    if not is_new and override.starts_at <= now:
        form.begun()
    shown: list[Outlook] = []
    save = actions.add_override if is_new else actions.change_override

    def work() -> None:
        made = copy.copy(form.instance)
        saving = partial(save, made, actor=user, now=now)
        if "preview" in request.POST:
            shown.append(outlook(schedule, saving, made.starts_at, made.ends_at, now))
        else:
            saving()

    if form.is_bound and form.is_valid() and tried(form, work) and not shown:
        messages.success(request, f"Saved: {form.instance}.")
        return redirect("schedules:changes", schedule.pk)
    context = {
        "now": now,
        "schedule": schedule,
        "override": None if is_new else override,
        "form": form,
        "outlook": shown[0] if shown else None,
        "is_previewed": bool(shown),
        "may": edits or may_override(user, schedule.group),
        "edits": edits,
    }
    status = 422 if form.errors else 200
    return render(request, "schedules/override.html", context, status=status)
