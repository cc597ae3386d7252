"""The form of a fixed shift: its hours, how they repeat, who is on it."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.models import User
from schedules import actions, recurrence
from schedules.duty_windows import NAMES
from schedules.forms_layers import (
    DayField,
    LayerForm,
    TimeOfDayField,
    pageable,
    people_choices,
    refuse,
    typed,
)
from schedules.models import FixedShift, validate_assignable
from schedules.recurrence import WEEKDAYS, Rule
from schedules.states import OnHolidays

CUSTOM = "CUSTOM"
REPEATS = [
    ("", "Once"),
    ("DAILY", "Every day, or every few days"),
    ("WEEKLY", "Every week, or every few weeks"),
    ("MONTHLY", "Every month, on this day of the month"),
    ("YEARLY", "Every year, on this day"),
    (CUSTOM, "By a rule of my own"),
]


class FixedForm(LayerForm):
    """The same people at set times. What repeats is put together to an iCalendar rule."""

    starts_on = DayField(label="From")
    starts_time = TimeOfDayField(label="At")
    ends_on = DayField(label="Until")
    ends_time = TimeOfDayField(label="At")
    repeats = forms.ChoiceField(choices=REPEATS, required=False, label="Repeats")
    every = forms.IntegerField(required=False, label="Every how many", initial=1)
    weekdays = forms.MultipleChoiceField(
        choices=list(zip(WEEKDAYS, NAMES, strict=True)),
        required=False,
        label="On",
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        help_text="Where it repeats by weeks. None means the day it first begins on.",
    )
    repeats_until = DayField(required=False, label="Repeats until")
    own_rule = forms.CharField(
        required=False,
        max_length=200,
        label="Rule",
        help_text="An iCalendar rule such as FREQ=MONTHLY;BYDAY=-1FR, the last Friday of a month.",
    )
    people = forms.MultipleChoiceField(
        required=False, label="Who", widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"})
    )

    class Meta:
        model = FixedShift
        fields = [
            "name",
            "role",
            "starts_on",
            "starts_time",
            "ends_on",
            "ends_time",
            "is_nobody",
            "rank",
            "on_holidays",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shift: FixedShift = self.instance
        self.users = {user.pk: user for user in pageable(shift.schedule.group)}
        if shift.pk:  # who is on it already stays to be seen, whatever became of them
            self.users |= {each.user_id: each.user for each in shift.people.select_related("user")}
        people: Any = self.fields["people"]
        people.choices = people_choices(self.users)
        people.error_messages["invalid_choice"] = "Choose members of the group."
        self.fields["every"].error_messages["invalid"] = "Write a number."
        self.fields["is_nobody"].label = "Nobody, on purpose"
        self.fields["ends_on"].help_text = f"Clocks of {shift.schedule.time_zone}."
        self.limit_holidays(OnHolidays.OFF)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        self._check_end(cleaned)
        self._check_people(cleaned)
        self._check_rule(cleaned)
        return cleaned

    def chosen(self) -> list[User]:
        return [self.users[int(pk)] for pk in self.cleaned_data["people"]]

    def _check_end(self, cleaned: dict[str, Any]) -> None:
        wanted = ("starts_on", "starts_time", "ends_on", "ends_time")
        if any(cleaned.get(name) is None for name in wanted):
            return
        start, end = (
            datetime.combine(cleaned[f"{edge}_on"], cleaned[f"{edge}_time"])
            for edge in ("starts", "ends")
        )
        if end <= start:
            self.add_error("ends_on", "The end must be after the start.")

    def _check_people(self, cleaned: dict[str, Any]) -> None:
        if "people" in self.errors:
            return
        people = self.chosen()
        if cleaned.get("is_nobody") and people:
            refusal = "Either nobody is on this shift on purpose, or people are named."
            self.add_error("people", refusal)
        elif not cleaned.get("is_nobody") and not people:
            refusal = "Say who is on this shift, or that nobody is on purpose."
            self.add_error("people", refusal)
        for user in people:
            try:
                validate_assignable(user, self.instance.schedule.group)
            except ValidationError as refused:
                self.add_error("people", refused)

    def _check_rule(self, cleaned: dict[str, Any]) -> None:
        """Put the rule together; what is wrong with it stands at the part that says it."""
        cleaned["rule"] = ""
        repeats, starts = cleaned.get("repeats"), cleaned.get("starts_on")
        if not repeats or starts is None or {"repeats_until", "every"} & self.errors.keys():
            return
        until = cleaned.get("repeats_until")
        if until is not None and until < starts:
            self.add_error("repeats_until", "The repetition must end after it starts.")
            return
        text = cleaned.get("own_rule", "") if repeats == CUSTOM else _rule(repeats, cleaned)
        try:
            cleaned["rule"] = recurrence.parse(text, starts).text
        except ValueError as refusal:
            at = "own_rule" if repeats == CUSTOM else "every"
            self.add_error(at, str(refusal).replace("INTERVAL", "This"))


class FixedForms:
    """The form of a fixed shift, with the same handles as that of a rotation."""

    template = "schedules/layer_fixed.html"

    def __init__(
        self,
        shift: FixedShift,
        now: datetime,
        data: QueryDict | None = None,
        *,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.layer, self.now = shift, now
        self.rule = FixedForm(data, instance=shift, initial=initial or {})

    @classmethod
    def of(cls, shift: FixedShift, now: datetime) -> "FixedForms":
        people = [str(pk) for pk in shift.people.values_list("user", flat=True)]
        return cls(shift, now, initial={"people": people, **_repeats(shift)})

    @classmethod
    def blank(cls, shift: FixedShift, today: date, now: datetime) -> "FixedForms":
        day = today + timedelta(days=1)
        return cls(shift, now, initial={"starts_on": day, "ends_on": day, "rank": 20})

    @classmethod
    def typed(cls, shift: FixedShift, now: datetime, data: QueryDict) -> "FixedForms":
        return cls(shift, now, initial=typed(FixedForm, data))

    def is_valid(self) -> bool:
        return self.rule.is_valid()

    def refuse(self, refusal: ValidationError) -> None:
        refuse(self.rule, refusal)

    def save(self, *, actor: User, now: datetime) -> FixedShift:
        self.rule.store_holidays(now)
        shift: FixedShift = self.rule.instance
        shift.rule = self.rule.cleaned_data["rule"]
        return actions.save_fixed_shift(shift, self.rule.chosen(), actor=actor, now=now)


def _rule(freq: str, cleaned: dict[str, Any]) -> str:
    every = 1 if cleaned.get("every") is None else cleaned["every"]
    parts = [f"FREQ={freq}", f"INTERVAL={every}"]
    if freq == "WEEKLY" and cleaned.get("weekdays"):
        parts.append("BYDAY=" + ",".join(cleaned["weekdays"]))
    if cleaned.get("repeats_until"):
        parts.append(f"UNTIL={cleaned['repeats_until']:%Y%m%d}")
    return ";".join(parts)


def _repeats(shift: FixedShift) -> dict[str, Any]:
    """Return how the fields say the rule; in its own words where they cannot."""
    if not shift.rule:
        return {}
    try:
        rule = recurrence.parse(shift.rule, shift.starts_on)
    except ValueError:
        return {"repeats": CUSTOM, "own_rule": shift.rule}
    simple = Rule(rule.freq, rule.starts, rule.interval, until=rule.until)
    if rule.freq == "WEEKLY":
        simple = Rule(rule.freq, rule.starts, rule.interval, rule.weekdays, until=rule.until)
    if simple.text != rule.text:
        return {"repeats": CUSTOM, "own_rule": rule.text}
    days = [WEEKDAYS[day] for _, day in rule.weekdays]
    return {"repeats": rule.freq, "every": rule.interval, "weekdays": days} | (
        {"repeats_until": rule.until} if rule.until else {}
    )
