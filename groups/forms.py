"""The forms of a group's tabs."""

from typing import Any

from django import forms

from accounts.forms import zones
from accounts.models import User
from groups.models import Group


class GroupForm(forms.ModelForm):
    time_zone = forms.ChoiceField(choices=zones, initial="UTC")

    class Meta:
        model = Group
        fields = ["name", "description", "time_zone"]
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}


class VisibilityForm(forms.ModelForm):
    class Meta:
        model = Group
        fields = ["visibility"]
        widgets = {"visibility": forms.RadioSelect}


class FlagsForm(forms.Form):
    """The check boxes of one member."""

    is_primary = forms.BooleanField(label="Primary", required=False)
    is_secondary = forms.BooleanField(label="Secondary", required=False)
    is_manager = forms.BooleanField(label="Manager", required=False)
    can_edit = forms.BooleanField(label="May edit", required=False)


class MemberForm(FlagsForm):
    """Somebody new."""

    field_order = ["user"]
    user = forms.ModelChoiceField(queryset=User.objects.none(), label="Person")

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["user"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.active().exclude(memberships__group=group)


class TopicsForm(forms.Form):
    topics = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line, like database or checkout. Routes can name them.",
    )

    def names(self) -> list[str]:
        text: str = self.cleaned_data["topics"]
        return [line for part in text.splitlines() for line in part.split(",")]
