"""The forms of a person's own pages."""

import zoneinfo
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.channels import CHANNELS
from accounts.models import ApiToken, ContactMethod, User
from alertops.durations import DurationField


def zones() -> list[tuple[str, str]]:
    """Every IANA zone a person may live in, the ones named after places first."""
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name or name == "UTC")
    return [(name, name.replace("_", " ")) for name in names if not name.startswith("Etc/")]


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(choices=zones, help_text="Times are shown in this zone.")

    class Meta:
        model = User
        fields = ["name", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"


class ContactMethodForm(forms.Form):
    """One address of one kind; the channel says what an address looks like."""

    address = forms.CharField(max_length=2000)
    label = forms.CharField(
        max_length=60, required=False, help_text="Your own name for it, like Work phone."
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = CHANNELS[kind]
        field = self.fields["address"]
        field.label, field.help_text = self.channel.address_label, self.channel.hint
        field.widget.attrs.update(self.channel.input_attributes)

    def clean_address(self) -> str:
        return self.channel.clean(self.cleaned_data["address"])


class LabelForm(forms.Form):
    label = forms.CharField(max_length=60, required=False)


class CodeForm(forms.Form):
    code = forms.CharField(max_length=12, label="Code", help_text="The six digits sent there.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(
            {"inputmode": "numeric", "autocomplete": "one-time-code", "pattern": "[0-9 ]*"}
        )


class RuleForm(forms.Form):
    """One line of the rules; an empty method means the line is not there."""

    contact_method = forms.ModelChoiceField(
        label="How", queryset=ContactMethod.objects.none(), required=False, empty_label="(not used)"
    )
    delay = DurationField(label="After", required=False, max_value=86400)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["contact_method"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = user.contact_methods.all()
        field.label_from_instance = named  # type: ignore[method-assign, assignment]
        self.fields["delay"].widget.attrs["placeholder"] = "at once"


def named(method: ContactMethod) -> str:
    """A method as its owner recognises it: "Text message +43 ••• 4567 (Work)"."""
    channel = CHANNELS.get(method.kind)
    if channel is None:
        return method.label or method.kind
    masked = f"{channel.label} {channel.mask(method.address)}"
    return f"{masked} ({method.label})" if method.label else masked


LIVES = {"30": "30 days", "90": "90 days", "365": "1 year", "never": "Never"}


class TokenForm(forms.Form):
    name = forms.CharField(max_length=60, help_text="What it is for, like Terraform.")
    scopes = forms.MultipleChoiceField(
        choices=ApiToken.Scope.choices,
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
        help_text="Give no more than the program needs.",
    )
    days = forms.ChoiceField(label="Expires after", choices=list(LIVES.items()), initial="90")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.is_admin:
            field = self.fields["scopes"]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [c for c in ApiToken.Scope.choices if c[0] != ApiToken.Scope.ADMIN]

    @property
    def life(self) -> timedelta | None:
        days = self.cleaned_data["days"]
        return None if days == "never" else timedelta(days=int(days))


def one_sentence(error: ValidationError) -> str:
    """The first sentence of a refusal."""
    return str(error.messages[0]) if error.messages else "This is not right."
