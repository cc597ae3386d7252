"""Forms of the schedule pages."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from schedules.models import Override, Schedule
from schedules.walltime import first_instant, last_instant

_LENGTH = timedelta(hours=8)


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


class OverrideForm(forms.ModelForm):
    """Somebody else on call for a while, times on the schedule's own clocks.

    A time that comes twice when the clocks go back means its first coming for the start and its
    last for the end, so that nobody is missing in between.
    """

    starts_at = WallField(label="From")
    ends_at = WallField(label="Until")

    class Meta:
        model = Override
        fields = ["role", "user", "replaces", "starts_at", "ends_at", "reason"]

    def __init__(
        self, data: Any = None, *, schedule: Schedule, viewer: User, now: datetime
    ) -> None:
        self.schedule = schedule
        initial = _initial(schedule, viewer, now)
        super().__init__(data, instance=Override(schedule=schedule), initial=initial)
        members = User.objects.active().filter(memberships__group=schedule.group_id)
        for name in ("user", "replaces"):
            field: Any = self.fields[name]
            field.queryset = members.exclude(roles__contained_by=["stakeholder"]).order_by("name")
            field.error_messages["invalid_choice"] = "Choose a member of the group."
        person: Any = self.fields["user"]
        person.empty_label = "Choose a member"
        replaces: Any = self.fields["replaces"]
        replaces.empty_label = "Whoever it would be"
        replaces.help_text = "A person: only while they would be on call."
        self.fields["ends_at"].help_text = f"Clocks of {schedule.time_zone}."

    def clean_starts_at(self) -> datetime:
        return first_instant(self.cleaned_data["starts_at"], self.schedule.zone)

    def clean_ends_at(self) -> datetime:
        return last_instant(self.cleaned_data["ends_at"], self.schedule.zone)


def _initial(schedule: Schedule, viewer: User, now: datetime) -> dict[str, Any]:
    zone: ZoneInfo = schedule.zone
    start = now.astimezone(zone).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    start += timedelta(hours=1)
    return {"user": viewer.pk, "starts_at": start, "ends_at": start + _LENGTH}
