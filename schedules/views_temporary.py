"""A temporary schedule: for a while only its own shifts count. Made, looked at, changed, ended."""

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
from schedules import actions_temporary
from schedules.forms_span import next_hour
from schedules.forms_temporary import TemporaryForm, shift_forms
from schedules.models import TemporarySchedule
from schedules.outlook import Outlook, outlook
from schedules.rights import may_edit
from schedules.sight import schedule_of, tried

LENGTH = timedelta(days=1)
MORE = 5


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who is on call in a while of its own: a holiday, a launch."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    start = next_hour(now, schedule.zone)
    initial = {"starts_at": start, "ends_at": start + LENGTH}
    return _page(request, TemporarySchedule(schedule=schedule), user, now, initial)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int, temporary_pk: int) -> HttpResponse:
    """Change one that is not over; what has passed of it stays."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    temporary = get_object_or_404(schedule.temporary, pk=temporary_pk)
    temporary.schedule = schedule
    return _page(request, temporary, user, now, {})


@login_required
@require_POST
def end(request: HttpRequest, pk: int, temporary_pk: int) -> HttpResponse:
    """Take it back, or end it now if it runs."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    temporary = get_object_or_404(schedule.temporary, pk=temporary_pk)
    work = partial(actions_temporary.end_temporary, temporary, actor=user, now=now)
    attempt(request, work, "The temporary schedule is taken back.")
    return redirect("schedules:changes", schedule.pk)


def _page(
    request: HttpRequest,
    temporary: TemporarySchedule,
    user: User,
    now: datetime,
    initial: dict[str, Any],
) -> HttpResponse:
    schedule, is_new = temporary.schedule, temporary.pk is None
    data = request.POST or None
    form = TemporaryForm(data, instance=temporary, zone=schedule.zone, initial=initial)
    if not is_new and temporary.starts_at <= now:
        form.begun()
    shifts = shift_forms(_widened(request) if data else None, temporary)
    shown: list[Outlook] = []
    edits, is_more = may_edit(user, schedule.group), "more" in request.POST

    def work() -> None:
        made = copy(form.instance)
        rows = shifts.shifts(made)
        saving = partial(actions_temporary.save_temporary, made, rows, actor=user, now=now)
        if "preview" in request.POST:
            shown.append(outlook(schedule, saving, made.starts_at, made.ends_at, now))
        else:
            saving()

    valid = [form.is_valid(), shifts.is_valid()] if data else []
    if data and not is_more and all(valid) and tried(form, work) and not shown:
        messages.success(request, f"Saved: {form.instance}.")
        return redirect("schedules:changes", schedule.pk)
    context = {
        "now": now,
        "schedule": schedule,
        "temporary": None if is_new else temporary,
        "form": form,
        "shifts": shifts,
        "outlook": shown[0] if shown else None,
        "may": edits,
    }
    wrong = bool(data) and not is_more and not shown
    return render(request, "schedules/temporary.html", context, status=422 if wrong else 200)


def _widened(request: HttpRequest) -> Any:
    """Return what was sent, with some more empty lines where they are asked for."""
    data = request.POST.copy()
    count = data.get("shifts-TOTAL_FORMS", "")
    if "more" in data and count.isascii() and count.isdigit() and len(count) < 4:
        data["shifts-TOTAL_FORMS"] = str(int(count) + MORE)
    return data
