"""A person's own pages: profile, contact methods, notification rules."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions, verification
from accounts.channels import CHANNELS
from accounts.errors import NotAllowed
from accounts.forms import (
    CodeForm,
    ContactMethodForm,
    LabelForm,
    ProfileForm,
    RuleForm,
    named,
    one_sentence,
)
from accounts.models import ContactMethod, NotificationRule, User
from accounts.roles import Role
from accounts.rules import preview
from accounts.signed_in import person
from alertops import clock

SPARE_LINES = 2


def attempt(request: HttpRequest, work: Callable[[], Any], done: str = "") -> bool:
    """Run an action and say what came of it: `done`, or its refusal."""
    try:
        work()
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return False
    except ValidationError as refusal:
        messages.error(request, one_sentence(refusal))
        return False
    if done:
        messages.success(request, done)
    return True


@login_required
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """How I am reached: contact methods, and both sets of rules in words."""
    user = person(request)
    methods = list(user.contact_methods.all())
    context = {
        "tab": "reach",
        "methods": [shown(method) for method in methods],
        "missing": _missing(methods),
        "sets": _sets(user),
        "kinds": [channel for channel in CHANNELS.values() if channel.code_by_message],
        "is_reachable": any(method.is_usable for method in methods),
    }
    return render(request, "accounts/me.html", context)


def shown(method: ContactMethod) -> dict[str, Any]:
    """What a page shows of a method: never the address itself."""
    channel = CHANNELS[method.kind]
    return {
        "method": method,
        "channel": channel,
        "address": channel.mask(method.address),
        "missing": channel.configured(),
    }


def _missing(methods: list[ContactMethod]) -> list[str]:
    """Why some of these cannot be used now, each reason once."""
    reasons = (CHANNELS[method.kind].configured() for method in methods)
    return list(dict.fromkeys(reason for reason in reasons if reason))


def _sets(user: User) -> list[dict[str, Any]]:
    rules = list(user.notification_rules.select_related("contact_method"))
    return [
        {
            "urgency": urgency,
            "preview": preview(
                (rule.delay_seconds, named(rule.contact_method))
                for rule in rules
                if rule.urgency == urgency and rule.contact_method.is_usable
            ),
            "unusable": [
                named(rule.contact_method)
                for rule in rules
                if rule.urgency == urgency and not rule.contact_method.is_usable
            ],
        }
        for urgency in NotificationRule.Urgency
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """My name and time zone."""
    user = person(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        facts, now = form.cleaned_data, clock.now()
        if attempt(
            request,
            lambda: actions.change_user(
                user, actor=user, now=now, name=facts["name"], time_zone=facts["time_zone"]
            ),
            "Saved.",
        ):
            return redirect("accounts:profile")
    return render(
        request,
        "accounts/profile.html",
        {"form": form, "tab": "profile", "roles": [Role(role).label for role in user.roles]},
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_method(request: HttpRequest, kind: str) -> HttpResponse:
    """Add an address; the next page asks for the code that was sent there."""
    user, now = person(request), clock.now()
    channel = CHANNELS.get(kind)
    if channel is None or not channel.code_by_message:
        raise Http404
    form = ContactMethodForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            method = actions.add_contact_method(
                user,
                kind,
                form.cleaned_data["address"],
                actor=user,
                now=now,
                label=form.cleaned_data["label"],
            )
        except NotAllowed as refusal:
            form.add_error("address", str(refusal))
        else:
            _send_code(request, method, now)
            return redirect("accounts:method", method.pk)
    return render(
        request, "accounts/method_add.html", {"form": form, "channel": channel, "tab": "reach"}
    )


def _own(request: HttpRequest, pk: int) -> ContactMethod:
    return get_object_or_404(ContactMethod, pk=pk, user=person(request))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def method(request: HttpRequest, pk: int) -> HttpResponse:
    """One contact method: verify, name, test, remove."""
    found, user, now = _own(request, pk), person(request), clock.now()
    form = LabelForm(request.POST or None, initial={"label": found.label})
    if request.method == "POST" and form.is_valid():
        label = form.cleaned_data["label"]
        attempt(
            request,
            lambda: actions.change_contact_method(found, actor=user, now=now, label=label),
            "Saved.",
        )
        return redirect("accounts:method", found.pk)
    return _method_page(request, found, form, CodeForm())


def _method_page(
    request: HttpRequest, found: ContactMethod, form: LabelForm, code: CodeForm
) -> HttpResponse:
    context = {**shown(found), "tab": "reach", "form": form, "code_form": code}
    return render(request, "accounts/method.html", context)


@login_required
@require_POST
def send_code(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a fresh code."""
    found = _own(request, pk)
    _send_code(request, found, clock.now())
    return redirect("accounts:method", found.pk)


def _send_code(request: HttpRequest, found: ContactMethod, now: datetime) -> None:
    user = person(request)
    try:
        missing = verification.send_code(found, user=user, now=now)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return
    if missing:
        messages.warning(request, missing)
    else:
        messages.success(request, "A code was sent. It is good for 15 minutes.")


@login_required
@require_POST
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the code."""
    found, user, now = _own(request, pk), person(request), clock.now()
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            actions.verify(found, form.cleaned_data["code"], user=user, now=now)
        except NotAllowed as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, "Verified. It is now part of your notification rules.")
            return redirect("accounts:me")
    return _method_page(request, found, LabelForm(initial={"label": found.label}), form)


@login_required
@require_POST
def test_method(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test message there."""
    found, user, now = _own(request, pk), person(request), clock.now()
    try:
        missing = verification.send_test(found, user=user, now=now)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        if missing:
            messages.warning(request, missing)
        else:
            messages.success(request, "The test is on its way.")
    return redirect("accounts:method", found.pk)


@login_required
@require_POST
def remove_method(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove it with the rules that use it."""
    found, user, now = _own(request, pk), person(request), clock.now()
    attempt(request, lambda: actions.remove_contact_method(found, actor=user, now=now), "Removed.")
    return redirect("accounts:me")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, urgency: str) -> HttpResponse:
    """Edit one of the two sets; two empty lines are always there."""
    user, now = person(request), clock.now()
    if urgency not in NotificationRule.Urgency.values:
        raise Http404
    now_set = user.notification_rules.filter(urgency=urgency)
    initial = [{"contact_method": r.contact_method_id, "delay": r.delay_seconds} for r in now_set]
    lines = forms.formset_factory(
        RuleForm, extra=SPARE_LINES, max_num=actions.MOST_RULES, absolute_max=50
    )
    formset = lines(request.POST or None, initial=initial, form_kwargs={"user": user})
    if request.method == "POST" and formset.is_valid():
        wanted = [
            actions.Line(line["contact_method"].pk, line.get("delay") or 0)
            for line in formset.cleaned_data
            if line.get("contact_method")
        ]
        if attempt(
            request,
            lambda: actions.set_rules(user, urgency, wanted, actor=user, now=now),
            "Saved.",
        ):
            return redirect("accounts:me")
    context = {"tab": "reach", "formset": formset, "urgency": NotificationRule.Urgency(urgency)}
    return render(request, "accounts/rules.html", context)


@login_required
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Password, second factor, sessions: doors to the sign-in's own pages."""
    return render(request, "accounts/security.html", {"tab": "security"})
