"""Fields that the forms of the schedule pages share."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class WallField(forms.Field):
    """A date and a time as the clocks of the schedule's zone show them: a naive datetime."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    sentence = "Write a date and a time such as 2026-03-29 09:00."

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            wall = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValidationError(self.sentence) from None
        if wall.tzinfo is not None or len(str(value).strip()) < len("2026-03-29T09"):
            raise ValidationError(self.sentence)
        if not 2000 <= wall.year < 2200:
            raise ValidationError("This must lie between 2000 and 2199.")
        return wall
