"""A new schedule, for whoever may edit its group; its layers come next."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts.errors import NotAllowed
from accounts.forms import one_sentence
from accounts.signed_in import person
from alertops import clock
from groups.models import Group
from schedules import actions
from schedules.forms_schedule import NewScheduleForm
from schedules.models import Schedule


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_schedule(request: HttpRequest) -> HttpResponse:
    """Make a schedule without layers: until it has some, the members serve in their order."""
    user, now = person(request), clock.now()
    groups = Group.objects.editable_by(user).active().order_by("name")
    if not groups.exists():
        raise Http404
    form = NewScheduleForm(request.POST or None, groups=groups, initial=_initial(request, groups))
    if request.method == "POST" and form.is_valid():
        try:
            schedule = actions.save_schedule(form.instance, actor=user, now=now)
        except ValidationError as refusal:
            form.add_error(None, one_sentence(refusal))
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"“{schedule}” is there. Now give it a layer.")
            return redirect("schedules:layers", schedule.pk)
    status = 422 if form.errors else 200
    return render(request, "schedules/new.html", {"form": form}, status=status)


def _initial(request: HttpRequest, groups: Any) -> dict[str, Any]:
    """Return what is likely: the ?group= asked for, its zone, switched off if another is on."""
    asked = request.GET.get("group", "")
    group = groups.filter(slug=asked[:100]).first() or groups.first()
    taken = Schedule.objects.active().filter(group=group).exists()
    return {"group": group, "time_zone": group.time_zone, "is_active": not taken}
