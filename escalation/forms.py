"""What people say on the pages of escalation: imagine an alert, choose a group's policy."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from alerts.states import Severity
from escalation.models import Policy
from groups.models import Group


class SimulateForm(forms.Form):
    """An imagined alert. Only what the person may see can be chosen."""

    group = forms.ModelChoiceField(Group.objects.none(), empty_label="Choose a group")
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.CRITICAL)
    at = forms.DateTimeField(
        label="When",
        required=False,
        help_text="In your own time zone. Empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Write a date and a time such as 2026-03-29 09:00."},
    )
    policy = forms.ModelChoiceField(
        Policy.objects.none(),
        required=False,
        empty_label="The group's own",
        help_text="As an integration or route could name it.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group, policy = self.fields["group"], self.fields["policy"]
        assert isinstance(group, forms.ModelChoiceField)
        assert isinstance(policy, forms.ModelChoiceField)
        group.queryset = Group.objects.active().visible_to(user)
        policy.queryset = Policy.objects.visible_to(user)

    def clean_at(self) -> Any:
        at = self.cleaned_data["at"]
        if at is not None and not 2001 < at.year < 2199:
            raise forms.ValidationError("This must lie between 2001 and 2199.")
        return at


class ChoosePolicyForm(forms.Form):
    """The policy of one group."""

    policy = forms.ModelChoiceField(
        Policy.objects.none(), required=False, empty_label="The default policy"
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policy = self.fields["policy"]
        assert isinstance(policy, forms.ModelChoiceField)
        policy.queryset = Policy.objects.visible_to(user)
