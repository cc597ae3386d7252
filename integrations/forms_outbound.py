"""What people say about outbound connections. The tool's own settings become fields of the form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from groups.models import Group
from integrations.models import Integration, OutboundConnection
from integrations.outbound import actions
from integrations.outbound.contract import Setting, Tool
from integrations.outbound.states import EVENTS, Progress

PREFIX = "set_"
CLEAR = "-"
_KEEP = "Empty keeps what is there"


class OutboundForm(forms.ModelForm):
    """A connection of one tool. Secrets are never shown again: an empty field keeps them."""

    events = forms.MultipleChoiceField(
        choices=EVENTS,
        label="Tell it when",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        error_messages={"required": "Choose at least one event."},
    )
    integrations = forms.ModelMultipleChoiceField(
        Integration.objects.none(),
        label="Only alerts of these integrations",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 4}),
        error_messages={"invalid_choice": "Choose integrations of the list."},
    )

    class Meta:
        model = OutboundConnection
        fields = ("name", "is_active", "group", "integrations", "events")
        error_messages = {"name": {"unique": "There is already a connection of this name."}}

    def __init__(self, data: Any = None, *, tool: Tool, viewer: User, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        self.tool = tool
        self.instance.tool = tool.slug
        self.is_new = self.instance.pk is None
        self.stored: dict[str, str] = {} if self.is_new else self.instance.settings
        if self.is_new:
            self.fields["events"].initial = sorted(tool.default_events)
        groups: Any = self.fields["group"]
        groups.queryset = Group.objects.visible_to(viewer).order_by("name")
        groups.label, groups.empty_label = "Only alerts of one group", "Every group"
        chosen: Any = self.fields["integrations"]
        chosen.queryset = Integration.objects.visible_to(viewer).order_by("name")
        for setting in tool.settings:
            self.fields[PREFIX + setting.name] = self._field(setting)
        own = [PREFIX + setting.name for setting in tool.settings]
        self.order_fields(["name", *own, "events", "group", "integrations", "is_active"])
        groups.help_text = ""

    def _field(self, setting: Setting) -> forms.Field:
        kept = bool(self.stored.get(setting.name)) and setting.is_secret
        initial = "" if setting.is_secret else self.stored.get(setting.name, setting.default)
        note = (
            f"{_KEEP}; a single “{CLEAR}” removes it." if kept and not setting.is_required else ""
        )
        note = note or (f"{_KEEP}." if kept else "")
        common: dict[str, Any] = {
            "label": setting.label,
            "help_text": " ".join(filter(None, [setting.help, note])),
            "required": setting.is_required and not kept,
            "initial": initial,
            "error_messages": {"required": f"{setting.label} is needed."},
        }
        if setting.choices:
            return forms.ChoiceField(choices=setting.choices, **common)
        return forms.CharField(max_length=20_000, strip=True, widget=_widget(setting), **common)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        values = {setting.name: self._said(setting, data) for setting in self.tool.settings}
        if not any(name.startswith(PREFIX) for name in self.errors):
            try:
                self.values = actions.check_settings(self.tool, values)
            except ValidationError as error:
                self._blame(error)
        return data

    def _said(self, setting: Setting, data: dict[str, Any]) -> str:
        said = str(data.get(PREFIX + setting.name) or "")
        if setting.is_secret and not said:
            return str(self.stored.get(setting.name, ""))
        return "" if setting.is_secret and said == CLEAR else said

    def _blame(self, error: ValidationError) -> None:
        """Each sentence beside its field; one about all of them above."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, sentences in error.message_dict.items():
            self.add_error(PREFIX + name, sentences)


def _widget(setting: Setting) -> forms.Widget:
    if setting.is_long:
        return forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "class": "mono"})
    if setting.is_secret:
        return forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.TextInput(attrs={"inputmode": "url"} if setting.is_address else {})


class SecretGraceForm(forms.Form):
    """How long the secret that is replaced goes on signing."""

    grace = forms.ChoiceField(
        label="The old one goes on signing",
        choices=[(name, label) for name, (label, _) in actions.GRACES.items()],
    )


class MessageFilters(forms.Form):
    """The log's filters. Nonsense in the address selects nothing and says so."""

    state = forms.ChoiceField(required=False, choices=[("", "Any"), *Progress.choices])
    alert = forms.IntegerField(
        label="Alert",
        required=False,
        min_value=1,
        max_value=2**62,
        widget=forms.NumberInput(attrs={"placeholder": "Number"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def apply(self, rows: Any) -> Any:
        """Return the messages the (valid) filters leave."""
        data = self.cleaned_data
        if data["state"]:
            rows = rows.filter(state=data["state"])
        if data["alert"]:
            rows = rows.filter(alert=data["alert"])
        return rows
