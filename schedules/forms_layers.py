"""What the forms of layers share: days, people of the group, holidays, what was typed so far."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.models import User
from groups.models import Group
from schedules import public_holidays
from schedules.models import EARLIEST, LATEST, HolidayCalendar
from schedules.states import OnHolidays

BOTH = "Choose both: whose holidays, and what they change."


class DayField(forms.DateField):
    """A day that calendars are known for."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%Y-%m-%d"], **options)
        self.error_messages["invalid"] = "Write a day such as 2026-03-29."

    def to_python(self, value: Any) -> date | None:
        day: date | None = super().to_python(value)
        if day is not None and not EARLIEST <= day < LATEST:
            raise ValidationError("This must lie between 2000 and 2199.")
        return day


class TimeOfDayField(forms.TimeField):
    """A time on the wall, to the minute."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=["%H:%M", "%H:%M:%S"], **options)
        self.error_messages["invalid"] = "Write a time such as 09:00."


class HolidaysField(forms.CharField):
    """Whose public holidays: a country, or a part of one."""

    def __init__(self) -> None:
        super().__init__(
            label="Public holidays of",
            required=False,
            max_length=13,
            help_text="A country such as AT, or a part of one such as DE-BY.",
        )

    def to_python(self, value: Any) -> tuple[str, str] | None:  # type: ignore[override]
        text = str(super().to_python(value)).upper()
        if not text:
            return None
        country, _, part = text.partition("-")
        known = public_holidays.countries()
        if country not in known:
            raise ValidationError("No public holidays are known of this; write AT, or DE-BY.")
        parts = {name.upper(): name for name in known[country]}
        if part and part not in parts:
            raise ValidationError(f"{country} has no part {part} with holidays of its own.")
        return country, parts.get(part, "")

    def run_validators(self, value: Any) -> None:
        """The country is checked already."""


class LayerForm(forms.ModelForm):
    """What every layer has. `group` decides who may be chosen."""

    holidays_of = HolidaysField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initial = kwargs.setdefault("initial", {})
        layer = kwargs["instance"]
        if layer.holidays_id is not None:
            initial.setdefault("holidays_of", str(layer.holidays))
        super().__init__(*args, **kwargs)
        self.fields["name"].error_messages["required"] = "Give it a name."

    def clean_name(self) -> str:
        """A layer is known by its name."""
        name: str = self.cleaned_data["name"]
        others = type(self.instance)._default_manager.filter(
            schedule=self.instance.schedule, name=name
        )
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError("This schedule has another of this name already.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(cleaned.get("holidays_of")) != bool(cleaned.get("on_holidays")) and not (
            {"holidays_of", "on_holidays"} & self.errors.keys()
        ):
            self.add_error("on_holidays", BOTH)
        return cleaned

    def store_holidays(self, now: datetime) -> None:
        """Put the calendar of holidays into the layer, made where it is new."""
        self.instance.holidays = holidays_of(self.cleaned_data["holidays_of"], now)

    def limit_holidays(self, *choices: OnHolidays) -> None:
        field: Any = self.fields["on_holidays"]
        field.label = "On public holidays"
        field.choices = [("", "As on any other day"), *((c.value, c.label) for c in choices)]


def holidays_of(place: tuple[str, str] | None, now: datetime) -> HolidayCalendar | None:
    return public_holidays.calendar_of(*place, now=now) if place else None


def pageable(group: Group) -> list[User]:
    """Return the members who can be on call, in the order of the group."""
    members = User.objects.responders().filter(memberships__group=group)
    return list(members.order_by("memberships__sequence"))


def refuse(form: forms.BaseForm, refusal: ValidationError) -> None:
    """Say at the fields, or over the form, what an action refused."""
    if hasattr(refusal, "error_dict") and not form.fields.keys() >= refusal.error_dict.keys():
        refusal = ValidationError(refusal.messages)
    form.add_error(None, refusal)


def typed(
    form: type[forms.Form] | type[forms.ModelForm], data: QueryDict, prefix: str = ""
) -> dict[str, Any]:
    """Return what was typed into a form as its initial values, checked or not."""
    found: dict[str, Any] = {}
    for name, field in form.base_fields.items():
        key = f"{prefix}-{name}" if prefix else name
        many = isinstance(field, forms.MultipleChoiceField)
        found[name] = data.getlist(key) if many else data.get(key, "")
    return found


def people_choices(users: Mapping[int, User]) -> list[tuple[str, str]]:
    return [(str(pk), str(user.name)) for pk, user in users.items()]
