"""The line of a rotation in the console: people in the order of their turns."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from schedules.models import RotationMember, validate_assignable

LAST = 32767


class LineForm(forms.ModelForm):
    """One place. Left empty, it is the last; places are dealt out anew when all is saved."""

    class Meta:
        model = RotationMember
        fields = ["position", "user"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False

    def clean_position(self) -> int:
        position: int | None = self.cleaned_data["position"]
        return LAST if position is None else position

    def validate_constraints(self) -> None:
        """Two may give the same place; who stands first in the form goes first."""


class LineFormSet(forms.BaseInlineFormSet):
    """Everybody in the line, checked against the group before anything is saved."""

    def validate_unique(self) -> None:
        """Places are dealt out anew, see LineForm."""

    def clean(self) -> None:
        super().clean()
        if self.instance.schedule_id is None:
            return
        group = self.instance.schedule.group
        for form in self.forms:
            user = getattr(form, "cleaned_data", {}).get("user")
            if user is None or form in self.deleted_forms or "user" in form.errors:
                continue
            try:
                validate_assignable(user, group)
            except ValidationError as error:
                form.add_error("user", error)

    def people(self) -> list[User]:
        """Return the line as it was typed."""
        kept = [
            form.cleaned_data
            for form in self.forms
            if form not in self.deleted_forms and form.cleaned_data.get("user")
        ]
        return [facts["user"] for facts in sorted(kept, key=lambda facts: facts["position"])]
