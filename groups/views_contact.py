"""How the group itself is reached, when no member is named."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from accounts import verification
from accounts.channels import CHANNELS
from accounts.errors import NotAllowed
from accounts.forms import CodeForm, ContactMethodForm
from accounts.signed_in import person
from accounts.views import attempt
from alertops import clock
from groups import actions
from groups.models import GroupContactMethod
from groups.views import show, visible


def _kinds() -> list[object]:
    return [channel for channel in CHANNELS.values() if channel.code_by_message]


@login_required
@require_http_methods(["GET", "HEAD"])
def contact_methods(request: HttpRequest, slug: str) -> HttpResponse:
    """The group's addresses, masked."""
    group = visible(request, slug)
    rows = [
        {
            "method": method,
            "channel": CHANNELS[method.kind],
            "address": CHANNELS[method.kind].mask(method.address),
        }
        for method in group.contact_methods.all()
    ]
    return show(request, group, "contact-methods", rows=rows, kinds=_kinds(), code_form=CodeForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Add an address; a code is sent there."""
    group, user, now = visible(request, slug, to_edit=True), person(request), clock.now()
    channel = CHANNELS.get(kind)
    if channel is None or not channel.code_by_message:
        raise Http404
    form = ContactMethodForm(request.POST or None, kind=kind)
    if request.method == "POST" and form.is_valid():
        try:
            method = actions.add_contact_method(
                group,
                kind,
                form.cleaned_data["address"],
                actor=user,
                now=now,
                label=form.cleaned_data["label"],
            )
        except NotAllowed as refusal:
            form.add_error("address", str(refusal))
        else:
            _send(request, method)
            return redirect("groups:contact-methods", slug)
    return show(request, group, "contact-method-add", form=form, channel=channel)


def _send(request: HttpRequest, method: GroupContactMethod) -> None:
    try:
        missing = verification.send_code(method, user=person(request), now=clock.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return
    if missing:
        messages.warning(request, missing)
    else:
        messages.success(request, "A code was sent. It is good for 15 minutes.")


def _own(request: HttpRequest, slug: str, pk: int) -> GroupContactMethod:
    group = visible(request, slug, to_edit=True)
    return get_object_or_404(GroupContactMethod, pk=pk, group=group)


@login_required
@require_POST
def send_code(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Send a fresh code."""
    _send(request, _own(request, slug, pk))
    return redirect("groups:contact-methods", slug)


@login_required
@require_POST
def verify(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Accept the code."""
    method, now = _own(request, slug, pk), clock.now()
    code = request.POST.get("code", "")[:20]
    attempt(
        request,
        lambda: actions.verify_contact_method(method, code, actor=person(request), now=now),
        "Verified.",
    )
    return redirect("groups:contact-methods", slug)


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Remove it."""
    method, now = _own(request, slug, pk), clock.now()
    attempt(
        request,
        lambda: actions.remove_contact_method(method, actor=person(request), now=now),
        "Removed.",
    )
    return redirect("groups:contact-methods", slug)
