"""The form of a schedule itself: its name, its zone, whether it decides."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import User
from groups.models import Group
from schedules import actions
from schedules.forms_layers import HolidaysField, holidays_of, refuse, typed
from schedules.models import Schedule

NAMED = "This group has a schedule of this name already."
TAKEN = "This group has an active schedule already; switch that one off first."


class ScheduleForm(forms.ModelForm):
    """Name, zone, state. Public holidays are a hint on the picture."""

    holidays_of = HolidaysField()

    class Meta:
        model = Schedule
        fields = ["name", "time_zone", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        schedule = kwargs["instance"]
        initial = kwargs.setdefault("initial", {})
        if schedule.holidays_id is not None:
            initial.setdefault("holidays_of", str(schedule.holidays))
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        self.fields["holidays_of"].label = "Show public holidays of"

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Schedule.objects.filter(group=self.instance.group, name=name)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(NAMED)
        return name

    def clean_is_active(self) -> bool:
        active: bool = self.cleaned_data["is_active"]
        others = Schedule.objects.active().filter(group=self.instance.group)
        if active and others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(TAKEN)
        return active


class NewScheduleForm(ScheduleForm):
    """A schedule of one of the groups a person may edit."""

    class Meta(ScheduleForm.Meta):
        fields = ["group", *ScheduleForm.Meta.fields]

    def __init__(self, *args: Any, groups: QuerySet[Group], **kwargs: Any) -> None:
        super().__init__(*args, instance=Schedule(), **kwargs)
        del self.fields["holidays_of"]
        group: Any = self.fields["group"]
        group.queryset, group.empty_label = groups, None
        group.error_messages["invalid_choice"] = "Choose a group that you may edit."

    def clean(self) -> dict[str, Any]:
        """Names and the active one are looked at once it is known of which group."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        found = Schedule.objects.filter(group=cleaned.get("group"))
        if "name" in cleaned and found.filter(name=cleaned["name"]).exists():
            self.add_error("name", NAMED)
        if cleaned.get("is_active") and found.active().exists():
            self.add_error("is_active", TAKEN)
        return cleaned

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"])

    def clean_is_active(self) -> bool:
        return bool(self.cleaned_data["is_active"])


class ScheduleForms:
    """The form of a schedule, with the same handles as that of a layer."""

    template = "schedules/layer_schedule.html"

    def __init__(
        self,
        schedule: Schedule,
        now: datetime,
        data: QueryDict | None = None,
        *,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.layer, self.now = schedule, now
        self.rule = ScheduleForm(data, instance=schedule, initial=initial or {})

    @classmethod
    def typed(cls, schedule: Schedule, now: datetime, data: QueryDict) -> "ScheduleForms":
        return cls(schedule, now, initial=typed(ScheduleForm, data))

    def is_valid(self) -> bool:
        return self.rule.is_valid()

    def refuse(self, refusal: ValidationError) -> None:
        refuse(self.rule, refusal)

    def save(self, *, actor: User, now: datetime) -> Schedule:
        schedule: Schedule = self.rule.instance
        schedule.holidays = holidays_of(self.rule.cleaned_data["holidays_of"], now)
        return actions.save_schedule(schedule, actor=actor, now=now)
