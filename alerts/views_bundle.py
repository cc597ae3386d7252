"""Alerts that belong together: what follows an alert, and the buttons to attach and detach."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.signed_in import person
from alertops import clock
from alerts import bundles
from alerts.models import Alert
from alerts.similar import bundle_of
from alerts.states import NotAllowed
from alerts.views_act import responder_of


@login_required
@require_safe
def bundle(request: HttpRequest, number: int) -> HttpResponse:
    """A piece of an alert's page: what it follows, what follows it, what might."""
    user = person(request)
    alert = get_object_or_404(Alert.objects.visible_to(user), pk=number)
    context = {
        "alert": alert,
        "bundle": bundle_of(alert, user),
        "may_respond": not user.is_stakeholder,
    }
    return render(request, "alerts/_bundle.html", context)


@login_required
@require_POST
def attach(request: HttpRequest, number: int) -> HttpResponse:
    """Let another alert follow this one."""
    user = responder_of(request)
    leader = get_object_or_404(Alert.objects.visible_to(user), pk=number)
    text = request.POST.get("alert", "").strip().lstrip("#")
    pk = int(text) if text.isdecimal() and len(text) < 19 else 0
    alert = Alert.objects.visible_to(user).filter(pk=pk).first()
    if alert is None:
        messages.error(request, "There is no such alert; write its number.")
        return redirect(leader)
    try:
        bundles.attach(alert.pk, leader.pk, actor_id=user.pk, now=clock.now())
    except NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"#{alert.pk} follows #{leader.pk} now and pages nobody itself.")
    return redirect(leader)


@login_required
@require_POST
def detach(request: HttpRequest, number: int) -> HttpResponse:
    """Let an alert stand alone again."""
    user = responder_of(request)
    alert = get_object_or_404(Alert.objects.visible_to(user), pk=number)
    leader = alert.parent_id
    bundles.detach(alert.pk, actor_id=user.pk, now=clock.now())
    messages.success(request, f"#{alert.pk} stands alone again; it is paged if nobody has it.")
    return redirect("alerts:detail", leader if "stay" in request.POST and leader else alert.pk)
