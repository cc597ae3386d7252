"""The simulator's second half: an event one pastes, read as an integration would read it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from integrations.models import Integration
from integrations.rehearsal import LONGEST, rehearse


class RehearsalForm(forms.Form):
    """An integration and what its tool would send."""

    integration = forms.ModelChoiceField(
        Integration.objects.none(), empty_label="Choose an integration"
    )
    payload = forms.CharField(
        label="What its tool sends",
        max_length=LONGEST,
        strip=False,
        help_text="Paste a body: JSON, a form or plain text.",
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
        error_messages={"max_length": "A body of at most 256 KiB can be tried here."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["integration"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = Integration.objects.visible_to(user).order_by("name")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def simulate_event(request: HttpRequest) -> HttpResponse:
    """Show what would become of an event. Nothing is stored and nobody is notified."""
    user, now = person(request), clock.now()
    if not user.has_perm("integrations.view_integration"):
        raise PermissionDenied
    asked = request.method == "POST"
    initial = {"integration": request.GET.get("integration")}
    form = RehearsalForm(request.POST if asked else None, user=user, initial=initial)
    rehearsal = None
    if asked and form.is_valid():
        integration = form.cleaned_data["integration"]
        rehearsal = rehearse(integration, form.cleaned_data["payload"], now)
    context = {"form": form, "rehearsal": rehearsal, "now": now}
    return render(request, "integrations/simulate.html", context)
