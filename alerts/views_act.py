"""Buttons of alerts: everything a signed-in person can do to one, to several, or to open one."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts import actions
from alerts.forms import AssignForm, CreateForm, NoteForm, SnoozeForm
from alerts.models import Alert
from alerts.states import Severity, Status, Verb
from alerts.views import PAGE_SIZE, way_back
from groups.models import Group

AGAIN = timedelta(minutes=1)
"""Who opens an alert with the same words within it has pressed twice."""


def responder_of(request: HttpRequest) -> User:
    """Return who is signed in, provided the person may answer alerts: all but Stakeholders."""
    user = person(request)
    if user.is_stakeholder:
        raise PermissionDenied("Stakeholders are informed; they do not answer alerts.")
    return user


@login_required
@require_POST
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Do what a button says, then show the alert again."""
    if verb not in Verb.values:
        raise Http404
    user, now = responder_of(request), clock.now()
    alert = get_object_or_404(Alert.objects.visible_to(user), pk=number)
    back = redirect(way_back(request) or alert.get_absolute_url())
    try:
        before = alert.status
        alert = actions.apply(Verb(verb), alert.pk, _move(request, Verb(verb), alert, now))
    except actions.NotAllowed as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _said(Verb(verb), alert, before))
    return back


def _move(request: HttpRequest, verb: Verb, alert: Alert, now: datetime) -> actions.Move:
    """Read what the verb needs from its form. Raises NotAllowed with the form's first sentence."""
    extra: dict[str, Any] = {"seen_at": _instant(request.POST.get("seen_at", ""))}
    if verb == Verb.ASSIGN:
        extra["assignee"] = _read(AssignForm(request.POST, alert=alert))["person"]
    elif verb == Verb.SNOOZE:
        extra["until"] = now + timedelta(minutes=_read(SnoozeForm(request.POST))["minutes"])
    elif verb == Verb.NOTE:
        extra["note"] = _read(NoteForm(request.POST))["note"]
    return actions.Move(actor=person(request), now=now, via="page", **extra)


def _read(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        raise actions.NotAllowed(next(iter(form.errors.values()))[0])
    return form.cleaned_data


def _instant(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
    except ValueError:
        return None
    return at if at is not None and at.tzinfo else None


def _said(verb: Verb, alert: Alert, before: str) -> str:
    """Say what happened, and what that means for paging."""
    if verb == Verb.ACKNOWLEDGE and before == Status.ACKNOWLEDGED:
        return f"#{alert.pk} was already acknowledged by {alert.acknowledged_by or 'its source'}."
    if verb == Verb.RESOLVE and before == Status.RESOLVED:
        return f"#{alert.pk} was already resolved by {alert.resolved_by or 'its source'}."
    return {
        Verb.ACKNOWLEDGE: f"You acknowledged #{alert.pk}. Nobody else will be paged.",
        Verb.UNACKNOWLEDGE: f"#{alert.pk} is triggered again; paging starts anew in 10 seconds.",
        Verb.RESOLVE: f"#{alert.pk} is resolved.",
        Verb.ESCALATE: f"#{alert.pk} goes to the next level now.",
        Verb.ASSIGN: f"#{alert.pk} is assigned to {alert.assignee or alert.group}.",
        Verb.SNOOZE: f"#{alert.pk} is snoozed; paging starts anew when the snooze ends.",
        Verb.NOTE: "Your note is on the timeline.",
    }[verb]


@login_required
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Acknowledge or resolve every ticked alert that the person may see."""
    user, now = responder_of(request), clock.now()
    verb = request.POST.get("verb")
    if verb not in {Verb.ACKNOWLEDGE, Verb.RESOLVE}:
        raise Http404
    chosen = {int(pk) for pk in request.POST.getlist("alert") if pk.isdecimal() and len(pk) < 19}
    visible = Alert.objects.visible_to(user).filter(pk__in=sorted(chosen)[:PAGE_SIZE])
    done, refused = 0, []
    for pk in visible.order_by("pk").values_list("pk", flat=True):
        try:
            actions.apply(Verb(verb), pk, actions.Move(actor=user, now=now, via="page"))
            done += 1
        except actions.NotAllowed as error:
            refused.append(f"#{pk}: {error}")
    _report(request, Verb(verb), done, refused)
    return redirect(way_back(request) or "alerts:list")


def _report(request: HttpRequest, verb: Verb, done: int, refused: list[str]) -> None:
    word = "acknowledged" if verb == Verb.ACKNOWLEDGE else "resolved"
    if done:
        messages.success(request, f"{done} alert{'' if done == 1 else 's'} {word}.")
    for sentence in refused[:5]:
        messages.warning(request, sentence)
    if len(refused) > 5:
        messages.warning(request, f"{len(refused) - 5} more were left as they are.")
    if not done and not refused:
        messages.warning(request, "Tick at least one alert first.")


@login_required
def create(request: HttpRequest) -> HttpResponse:
    """Open an alert by hand; paging starts at once."""
    user = responder_of(request)
    form = CreateForm(request.POST or None, user=user, initial=_asked_for(request, user))
    if request.method == "POST" and form.is_valid():
        try:
            alert = _open(form.cleaned_data, user, clock.now())
        except actions.NotAllowed as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"#{alert.pk} is open and paging starts now.")
            return redirect(alert)
    return render(request, "alerts/create.html", {"form": form})


@transaction.atomic
def _open(data: dict[str, Any], user: User, now: datetime) -> Alert:
    """Open an alert, unless the person has just opened this very one.

    A thumb that presses twice, or a phone that tries again on a bad line, pages nobody twice.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one press after the other
    said: dict[str, Any] = {name: data[name] for name in ("title", "description", "group")}
    said["severity"] = Severity(data["severity"])
    whose = {} if data["group"] else {"assignee": data["person"]}
    just_now = Alert.objects.open().filter(opened_by=user, opened_at__gt=now - AGAIN)
    same = just_now.filter(source=None, **said, **whose).first()
    if same is not None:
        return same
    return actions.create(**said, assignee=data["person"], actor=user, now=now, via="page")


def _asked_for(request: HttpRequest, user: User) -> dict[str, Any]:
    """A group page may link here with its slug: ?group=payments."""
    slug = request.GET.get("group", "")
    group = Group.objects.visible_to(user).filter(slug=slug[:80]).first() if slug else None
    return {"group": group} if group else {}
