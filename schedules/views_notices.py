"""Who is told about the hand-offs of a schedule."""

from copy import copy
from datetime import datetime
from functools import partial

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from schedules import actions
from schedules.models import NoticeSettings
from schedules.rights import may_edit
from schedules.sight import schedule_of, tried


class NoticesForm(forms.ModelForm):
    """What is told, how long before, and whether the group hears it, too."""

    class Meta:
        model = NoticeSettings
        fields = ["next", "starts", "ends", "ahead_seconds", "to_group"]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody may look; an editor may change it."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    found = NoticeSettings.objects.filter(schedule=schedule).first()
    form = NoticesForm(request.POST or None, instance=found or NoticeSettings(schedule=schedule))
    edits = may_edit(user, schedule.group)
    if not edits:
        for field in form.fields.values():
            field.disabled = True
    saving = partial(_save, form, user, now)
    if form.is_bound and form.is_valid() and tried(form, saving):
        messages.success(request, "The hand-off notices are saved.")
        return redirect("schedules:notices", schedule.pk)
    context = {"now": now, "schedule": schedule, "form": form, "edits": edits}
    status = 422 if form.errors else 200
    return render(request, "schedules/notices.html", context, status=status)


def _save(form: NoticesForm, user: User, now: datetime) -> None:
    actions.save_notices(copy(form.instance), actor=user, now=now)
