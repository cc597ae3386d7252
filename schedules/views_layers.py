"""The layers of a schedule, for those who may edit it: look at a change, then save exactly that.

Every change goes the same way: a form, a preview of who is on call when, the saving. The preview
carries what was typed and a mark of what was shown; where the calendar has moved on in between,
the new preview is shown instead of anything being saved.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import NotAllowed
from accounts.forms import one_sentence
from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from schedules import actions, proposals
from schedules.forms_fixed import FixedForms
from schedules.forms_rotation import RotationForms
from schedules.forms_schedule import ScheduleForms
from schedules.lines_saved import today_of
from schedules.models import FixedShift, Rotation, Schedule
from schedules.proposals import Proposal
from schedules.shift_templates import TEMPLATES
from schedules.walltime import first_instant

Forms = RotationForms | FixedForms | ScheduleForms
OWN = {"csrfmiddlewaretoken", "step", "mark", "until"}
"""What the pages themselves post, besides what was typed."""
edited = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def layers(request: HttpRequest, pk: int) -> HttpResponse:
    """List the layers with what can be done to each, and the templates for another."""
    schedule = _editable(request, pk)
    context = {
        "now": clock.now(),
        "schedule": schedule,
        "rotations": schedule.rotations.prefetch_related("members__user", "windows"),
        "fixed": schedule.fixed_shifts.prefetch_related("people__user"),
        "calendars": schedule.calendars.all(),
        "templates": TEMPLATES.values(),
    }
    return render(request, "schedules/layers.html", context)


@login_required
@edited
def add_rotation(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a rotation, from the ?template= that is asked for."""
    schedule, now = _editable(request, pk), clock.now()
    if request.method == "POST":
        return _change(request, schedule, lambda: Rotation(schedule=schedule), RotationForms, now)
    template = TEMPLATES.get(request.GET.get("template", ""), TEMPLATES["24x7"])
    forms = RotationForms.of_template(schedule, template, now)
    return _form(request, schedule, forms)


@login_required
@edited
def rotation(request: HttpRequest, pk: int, rotation_pk: int) -> HttpResponse:
    """Change a rotation: its rule, who takes turns, when it is on duty."""
    schedule, now = _editable(request, pk), clock.now()
    found = get_object_or_404(schedule.rotations, pk=rotation_pk)
    if request.method == "POST":
        return _change(
            request, schedule, lambda: schedule.rotations.get(pk=found.pk), RotationForms, now
        )
    return _form(request, schedule, RotationForms.of(found, now))


@login_required
@edited
def add_fixed(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a fixed shift, once or recurring."""
    schedule, now = _editable(request, pk), clock.now()
    if request.method == "POST":
        return _change(request, schedule, lambda: FixedShift(schedule=schedule), FixedForms, now)
    blank = FixedShift(schedule=schedule)
    today = today_of(Rotation(schedule=schedule), now)
    return _form(request, schedule, FixedForms.blank(blank, today, now))


@login_required
@edited
def fixed(request: HttpRequest, pk: int, fixed_pk: int) -> HttpResponse:
    """Change a fixed shift: its hours, who is on it."""
    schedule, now = _editable(request, pk), clock.now()
    found = get_object_or_404(schedule.fixed_shifts, pk=fixed_pk)
    if request.method == "POST":
        return _change(
            request, schedule, lambda: schedule.fixed_shifts.get(pk=found.pk), FixedForms, now
        )
    return _form(request, schedule, FixedForms.of(found, now))


@login_required
@edited
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the schedule itself: its name, its zone, whether it decides."""
    schedule, now = _editable(request, pk), clock.now()
    if request.method == "POST":
        return _change(request, schedule, lambda: Schedule.objects.get(pk=pk), ScheduleForms, now)
    return _form(request, schedule, ScheduleForms(schedule, now))


@login_required
@edited
def remove_rotation(request: HttpRequest, pk: int, rotation_pk: int) -> HttpResponse:
    """Show what is left without a rotation; take it away when that was looked at."""
    schedule = _editable(request, pk)
    get_object_or_404(schedule.rotations, pk=rotation_pk)
    return _remove(request, schedule, lambda: schedule.rotations.get(pk=rotation_pk))


@login_required
@edited
def remove_fixed(request: HttpRequest, pk: int, fixed_pk: int) -> HttpResponse:
    """Show what is left without a fixed shift; take it away when that was looked at."""
    schedule = _editable(request, pk)
    get_object_or_404(schedule.fixed_shifts, pk=fixed_pk)
    return _remove(request, schedule, lambda: schedule.fixed_shifts.get(pk=fixed_pk))


def _editable(request: HttpRequest, pk: int) -> Schedule:
    found = Schedule.objects.editable_by(person(request)).select_related("group")
    return get_object_or_404(found, pk=pk)


def _change(
    request: HttpRequest,
    schedule: Schedule,
    layer: Callable[[], Any],
    kind: type[Forms],
    now: datetime,
) -> HttpResponse:
    """Take one step: more lines, back to the form, the preview, or the saving.

    What is changed for the preview is for nothing else afterwards: the saving reads anew.
    """
    user, step = person(request), request.POST.get("step", "")
    if step in ("more", "edit"):
        return _form(request, schedule, kind.typed(layer(), now, request.POST))
    forms = kind(layer(), now, request.POST)
    if not forms.is_valid():
        return _form(request, schedule, forms, status=422)
    until = _until(request.POST, schedule, forms, now)
    try:
        proposal = proposals.propose(schedule, lambda: forms.save(actor=user, now=now), now, until)
        if step == "save" and request.POST.get("mark") == proposal.mark:
            return _save(request, schedule, kind(layer(), now, request.POST), user, now)
    except (ValidationError, NotAllowed) as refusal:
        forms = kind(layer(), now, request.POST)
        forms.is_valid()
        forms.refuse(
            refusal if isinstance(refusal, ValidationError) else ValidationError(str(refusal))
        )
        return _form(request, schedule, forms, status=422)
    return _preview(request, schedule, proposal, str(forms.rule.cleaned_data["name"]))


def _save(
    request: HttpRequest, schedule: Schedule, forms: Forms, user: User, now: datetime
) -> HttpResponse:
    forms.is_valid()
    saved = forms.save(actor=user, now=now)
    messages.success(request, f"“{saved}” is saved.")
    return redirect("schedules:detail", schedule.pk)


def _remove(
    request: HttpRequest, schedule: Schedule, layer: Callable[[], Rotation | FixedShift]
) -> HttpResponse:
    user, now = person(request), clock.now()
    until = _until(request.POST, schedule, None, now)
    gone = layer()
    try:
        proposal = proposals.propose(
            schedule, lambda: actions.remove(layer(), actor=user, now=now), now, until
        )
        if request.POST.get("step") == "save" and request.POST.get("mark") == proposal.mark:
            actions.remove(layer(), actor=user, now=now)
            messages.success(request, f"“{gone}” is removed.")
            return redirect("schedules:detail", schedule.pk)
    except (ValidationError, NotAllowed) as refusal:
        sentence = one_sentence(refusal) if isinstance(refusal, ValidationError) else str(refusal)
        messages.error(request, sentence)
        return redirect("schedules:layers", schedule.pk)
    return _preview(request, schedule, proposal, gone.name, is_removal=True)


def _form(
    request: HttpRequest, schedule: Schedule, forms: Forms, status: int = 200
) -> HttpResponse:
    layer: Any = forms.layer
    name = type(layer)._default_manager.filter(pk=layer.pk).values_list("name", flat=True).first()
    context = {"schedule": schedule, "forms": forms, "form": forms.rule, "name": name or ""}
    return render(request, forms.template, context, status=status)


def _preview(
    request: HttpRequest,
    schedule: Schedule,
    proposal: Proposal,
    name: str,
    *,
    is_removal: bool = False,
) -> HttpResponse:
    typed = [
        (key, value) for key, values in request.POST.lists() if key not in OWN for value in values
    ]
    context = {
        "schedule": schedule,
        "proposal": proposal,
        "name": name,
        "typed": typed,
        "is_removal": is_removal,
        "has_moved": request.POST.get("step") == "save",
        "now": clock.now(),
    }
    return render(request, "schedules/layer_preview.html", context)


def _until(data: QueryDict, schedule: Schedule, forms: Forms | None, now: datetime) -> datetime:
    """Return until when to look: as far as the preview did that is answered, or anew."""
    starts = forms.rule.cleaned_data.get("starts_on") if forms else None
    begin = None
    if starts is not None:
        wall = datetime(starts.year, starts.month, starts.day)  # noqa: DTZ001 - wall time
        begin = first_instant(wall, schedule.zone)
    until = proposals.horizon(now, begin)
    try:
        said = datetime.fromisoformat(data.get("until", ""))
    except ValueError:
        return until
    if said.tzinfo is None or abs(said - until) > proposals.AHEAD:
        return until
    return said.astimezone(UTC)
