"""The form of a rotation: its rule, the line of people, the duty hours."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.models import User
from schedules import actions
from schedules.duty_windows import LABELS, NAMES, Hours, Window, hours_of, windows_of
from schedules.forms_layers import (
    DayField,
    LayerForm,
    TimeOfDayField,
    pageable,
    people_choices,
    refuse,
    typed,
)
from schedules.lines_saved import MOST_PLACES, MOST_WINDOWS, Place, checked_line, checked_windows
from schedules.lines_saved import today_of as today_at
from schedules.models import Rotation, Schedule
from schedules.shift_templates import ShiftTemplate
from schedules.states import OnHolidays

NOBODY = "nobody"
SPARE_PLACES, SPARE_HOURS = 3, 2
DAYS = [("", "—"), *LABELS.items(), *((str(n), name) for n, name in enumerate(NAMES))]
UNTIL = [("", "same or next day"), *((str(n), name) for n, name in enumerate(NAMES))]


class RotationForm(LayerForm):
    """The rule: how long a turn is, when hands change, what it fills."""

    starts_on = DayField(label="First hand-off on")
    handoff_at = TimeOfDayField(label="Hand-off at")
    ends_on = DayField(label="Ends on", required=False)

    class Meta:
        model = Rotation
        fields = [
            "name",
            "fills",
            "count",
            "unit",
            "starts_on",
            "handoff_at",
            "ends_on",
            "people_at_once",
            "advance",
            "rank",
            "on_holidays",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].label = "Counted in"
        self.fields["handoff_at"].help_text = f"Clocks of {self.instance.schedule.time_zone}."
        self.fields["ends_on"].help_text = "Over at the hand-off hour of this day. Empty: never."
        self.fields["starts_on"].help_text = "The first person’s turn begins here."  # noqa: RUF001
        self.fields["count"].help_text = ""
        self.limit_holidays(OnHolidays.OFF, OnHolidays.ON)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends <= starts:
            self.add_error("ends_on", "The end must be after the first hand-off.")
        return cleaned


class PlaceForm(forms.Form):
    """One place in the line: a person or nobody, for good or between two days."""

    order = forms.IntegerField(required=False, min_value=1, max_value=999, label="Place")
    who = forms.ChoiceField(required=False, label="Who")
    joins_on = DayField(required=False, label="Joins on")
    leaves_on = DayField(required=False, label="Leaves on")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["who"]
        field.choices = [("", "—"), *choices, (NOBODY, "Nobody’s turn")]  # noqa: RUF001
        field.error_messages["invalid_choice"] = "Choose a member of the group."
        self.fields["order"].error_messages["invalid"] = "Write a number."

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        joins, leaves = cleaned.get("joins_on"), cleaned.get("leaves_on")
        if (joins or leaves) and not cleaned.get("who") and "who" not in self.errors:
            self.add_error("who", "Say who joins or leaves on that day.")
        if joins and leaves and leaves <= joins:
            self.add_error("leaves_on", "The day of leaving must be after the day of joining.")
        return cleaned


class HoursForm(forms.Form):
    """Duty hours that begin on some days of the week."""

    days = forms.ChoiceField(required=False, choices=DAYS, label="On")
    starts = TimeOfDayField(required=False, label="From")
    ends = TimeOfDayField(required=False, label="Until")
    until = forms.ChoiceField(required=False, choices=UNTIL, label="On the")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if not cleaned["days"]:
            if starts is not None or ends is not None:
                self.add_error("days", "Say on which days, or leave the line empty.")
        elif starts is None or ends is None:
            self.add_error("starts" if starts is None else "ends", "Say from when until when.")
        else:
            try:
                hours = Hours(cleaned["days"], starts, ends, cleaned["until"])
                cleaned["windows"] = windows_of(hours)
            except ValidationError as refusal:
                self.add_error("until", refusal)
        return cleaned


class Places(forms.BaseFormSet):
    """The line, by its numbers; what has none comes last."""

    def __init__(self, *args: Any, rotation: Rotation, now: datetime, **kwargs: Any) -> None:
        self.rotation, self.now = rotation, now
        self.users = {user.pk: user for user in pageable(rotation.schedule.group)}
        if rotation.pk:  # who is in the line already stays to be seen, whatever became of them
            line = rotation.members.select_related("user")
            self.users |= {place.user.pk: place.user for place in line if place.user is not None}
        kwargs["form_kwargs"] = {"choices": people_choices(self.users)}
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        if not any(self.errors):
            today = today_at(self.rotation, self.now)
            checked_line(self.line(), self.rotation.schedule.group, today=today)

    def line(self) -> list[Place]:
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data.get("who")]
        kept.sort(key=lambda facts: facts["order"] or 1000)
        return [
            Place(self._user(facts["who"]), facts["joins_on"], facts["leaves_on"]) for facts in kept
        ]

    def _user(self, who: str) -> User | None:
        return None if who == NOBODY else self.users[int(who)]


class DutyHours(forms.BaseFormSet):
    """All stretches of the week; none means always."""

    def clean(self) -> None:
        if not any(self.errors):
            checked_windows(self.windows())

    def windows(self) -> list[Window]:
        return [w for form in self.forms for w in form.cleaned_data.get("windows", ())]


class RotationForms:
    """The rule, the line and the hours as one form."""

    template = "schedules/layer_rotation.html"

    def __init__(
        self,
        rotation: Rotation,
        now: datetime,
        data: QueryDict | None = None,
        *,
        initial: dict[str, Any] | None = None,
        places: list[dict[str, Any]] | None = None,
        hours: list[dict[str, Any]] | None = None,
    ) -> None:
        self.layer, self.now = rotation, now
        lines: Any = forms.formset_factory(
            PlaceForm, Places, extra=SPARE_PLACES, max_num=MOST_PLACES, absolute_max=MOST_PLACES + 9
        )
        weeks: Any = forms.formset_factory(
            HoursForm, DutyHours, extra=SPARE_HOURS, max_num=MOST_WINDOWS, absolute_max=60
        )
        self.rule = RotationForm(data, instance=rotation, initial=initial or {})
        self.places: Places = lines(
            data, rotation=rotation, now=now, initial=places, prefix="places"
        )
        self.hours: DutyHours = weeks(data, initial=hours, prefix="hours")

    @classmethod
    def of(cls, rotation: Rotation, now: datetime) -> "RotationForms":
        """Return the forms of a rotation as it stands."""
        windows = [(w.starts_minute, w.ends_minute) for w in rotation.windows.all()]
        places = [
            {"who": place.user_id or NOBODY, "joins_on": place.joins_on}
            | {"leaves_on": place.leaves_on, "order": number}
            for number, place in enumerate(rotation.members.select_related("user"), start=1)
        ]
        return cls(rotation, now, places=places, hours=_rows(hours_of(windows)))

    @classmethod
    def of_template(
        cls, schedule: Schedule, template: ShiftTemplate, now: datetime
    ) -> "RotationForms":
        """Return the forms of a new rotation, filled in by a template."""
        rotation = Rotation(schedule=schedule)
        everybody = pageable(schedule.group) if template.everybody else []
        places = [{"who": user.pk, "order": n} for n, user in enumerate(everybody, start=1)]
        initial = template.initial(today_at(rotation, now))
        return cls(rotation, now, initial=initial, places=places, hours=_rows(list(template.hours)))

    @classmethod
    def typed(cls, rotation: Rotation, now: datetime, data: QueryDict) -> "RotationForms":
        """Return what was typed so far, with new empty lines under it."""
        places = _filled(PlaceForm, data, "places", MOST_PLACES, "who")
        hours = _filled(HoursForm, data, "hours", MOST_WINDOWS, "days")
        initial = typed(RotationForm, data)
        return cls(rotation, now, initial=initial, places=places, hours=hours)

    def is_valid(self) -> bool:
        found = [self.rule.is_valid(), self.places.is_valid(), self.hours.is_valid()]
        return all(found)

    def refuse(self, refusal: ValidationError) -> None:
        refuse(self.rule, refusal)

    def save(self, *, actor: User, now: datetime) -> Rotation:
        self.rule.store_holidays(now)
        return actions.save_rotation(
            self.rule.instance,
            self.places.line(),
            windows=self.hours.windows(),
            actor=actor,
            now=now,
        )


def _filled(
    form: type[forms.Form], data: QueryDict, prefix: str, most: int, key: str
) -> list[dict[str, Any]]:
    rows = [typed(form, data, f"{prefix}-{number}") for number in range(most)]
    return [row for row in rows if row[key]]


def _rows(hours: list[Hours]) -> list[dict[str, Any]]:
    return [
        {"days": each.days, "starts": each.starts, "ends": each.ends, "until": each.until}
        for each in hours
    ]
