"""Overrides, made on the page of their schedule."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from accounts.errors import NotAllowed
from accounts.views import attempt, person
from alertops import clock
from schedules import actions
from schedules.forms import OverrideForm
from schedules.views_timeline import context, visible


@login_required
@require_POST
def add_override(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody else on call for a while, or say in the form why not."""
    schedule, user, now = visible(request, pk), person(request), clock.now()
    form = OverrideForm(request.POST, schedule=schedule, viewer=user, now=now)
    if form.is_valid():
        try:
            override = actions.add_override(form.instance, actor=user, now=now)
        except (ValidationError, NotAllowed) as error:
            form.add_error(None, error if isinstance(error, ValidationError) else str(error))
        else:
            messages.success(
                request, f"{override.user} is on call as {override.get_role_display()}."
            )
            return redirect("schedules:detail", schedule.pk)
    return render(request, "schedules/detail.html", context(request, schedule, form), status=422)


@login_required
@require_POST
def end_override(request: HttpRequest, pk: int, override_pk: int) -> HttpResponse:
    """Take an override back: it goes, or ends now if it runs."""
    schedule = visible(request, pk)
    override = get_object_or_404(schedule.overrides, pk=override_pk)
    user, now = person(request), clock.now()
    attempt(
        request,
        lambda: actions.end_override(override, actor=user, now=now),
        "The override is taken back.",
    )
    return redirect("schedules:detail", schedule.pk)
