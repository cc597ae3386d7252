"""What people say about heartbeats."""

from typing import Any

from django import forms

from accounts.forms import zones
from integrations.models import Heartbeat
from integrations.states import Pulse


class HeartbeatForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        choices=zones, initial="UTC", help_text="The zone of the cron expression."
    )

    class Meta:
        model = Heartbeat
        fields = (
            "name", "period_seconds", "cron", "time_zone", "grace_seconds", "group", "assignee",
            "policy", "severity",
        )  # fmt: skip
        error_messages = {"name": {"unique": "There is already a source of this name."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nothing = {"group": "No group", "assignee": "Nobody", "policy": "The group's own"}
        for name, words in nothing.items():
            field: Any = self.fields[name]
            field.empty_label = words


class HeartbeatFilters(forms.Form):
    """The list's filters. Nonsense in the address selects nothing and says so."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Part of the name"}),
    )
    state = forms.ChoiceField(required=False, choices=[("", "Any"), *Pulse.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def apply(self, rows: Any) -> Any:
        """Return the heartbeats the (valid) filters leave."""
        data = self.cleaned_data
        if data["q"]:
            rows = rows.filter(name__icontains=data["q"])
        if data["state"]:
            rows = rows.filter(state=data["state"])
        return rows
