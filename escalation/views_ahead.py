"""What would happen: a group's policy with its people, and any alert one can imagine."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alertops.fragments import is_piece
from alerts.states import Severity
from escalation import actions, outlook
from escalation.forms import ChoosePolicyForm, SimulateForm
from escalation.outlook import Simulation
from groups.models import Group


@login_required
@require_safe
def group(request: HttpRequest, slug: str) -> HttpResponse:
    """A group's policy and whom it would page now: a piece of the group's page, or a page."""
    user, now = person(request), clock.now()
    found = _group(user, slug)
    simulation = outlook.simulate(found, Severity.CRITICAL, now)
    may_edit = Group.objects.editable_by(user).filter(pk=found.pk).exists()
    initial = {"policy": simulation.policy_id}
    context = {
        "group": found,
        "simulation": simulation,
        "now": now,
        "form": ChoosePolicyForm(initial=initial, user=user) if may_edit else None,
    }
    name = "escalation/_group.html" if is_piece(request) else "escalation/group.html"
    return render(request, name, context)


@login_required
@require_POST
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose the policy of a group one may edit."""
    user = person(request)
    found = _group(user, slug)
    if not Group.objects.editable_by(user).filter(pk=found.pk).exists():
        raise Http404
    form = ChoosePolicyForm(request.POST, user=user)
    if form.is_valid():
        policy = form.cleaned_data["policy"]
        actions.choose_policy(found, policy, actor=user, now=clock.now())
        chosen = policy or "the default policy"
        messages.success(request, f"Alerts to come in {found} use “{chosen}”.")
    else:
        messages.error(request, "There is no such policy; choose one of the list.")
    return redirect("groups:schedules", found.slug)


@login_required
@require_safe
def simulate(request: HttpRequest) -> HttpResponse:
    """Show whom an imagined alert would page, when and how. Nothing is stored or sent."""
    user, now = person(request), clock.now()
    asked = "group" in request.GET
    form = SimulateForm(request.GET if asked else None, user=user)
    found = _simulated(form, now) if asked and form.is_valid() else None
    context = {"form": form, "simulation": found, "now": now}
    return render(request, "escalation/simulate.html", context)


def _simulated(form: SimulateForm, now: datetime) -> Simulation:
    asked = form.cleaned_data
    at = asked["at"] or now
    return outlook.simulate(asked["group"], asked["severity"], at, policy=asked["policy"])


def _group(user: User, slug: str) -> Group:
    return get_object_or_404(Group.objects.visible_to(user), slug=slug)
