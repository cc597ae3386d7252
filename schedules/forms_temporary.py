"""A temporary schedule and its shifts, on one page."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.models import User
from schedules.forms import WallField
from schedules.forms_span import BACKWARDS, SpanForm, on_wall
from schedules.models import TemporarySchedule, TemporaryShift
from schedules.sight import pageable_members
from schedules.states import Role
from schedules.walltime import first_instant, last_instant

SPARE, MOST = 3, 100


class TemporaryForm(SpanForm):
    """The window, and what it is called."""

    class Meta:
        model = TemporarySchedule
        fields = ["name", "starts_at", "ends_at"]


class ShiftForm(forms.Form):
    """One person in one role; left empty it is no shift."""

    user = forms.ModelChoiceField(User.objects.none(), label="Who", required=False, empty_label="—")
    role = forms.ChoiceField(label="As", choices=Role.choices, initial=Role.PRIMARY)
    starts_at = WallField(label="From", required=False)
    ends_at = WallField(label="Until", required=False)

    def __init__(self, *args: Any, group: int, zone: ZoneInfo, **given: Any) -> None:
        self.zone = zone
        super().__init__(*args, **given)
        user: Any = self.fields["user"]
        user.queryset = pageable_members(group)
        user.error_messages["invalid_choice"] = "Choose a member of the group."

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if cleaned.get("user") is None or self.errors:
            return cleaned
        if start and end and last_instant(end, self.zone) <= first_instant(start, self.zone):
            self.add_error("ends_at", BACKWARDS)
        return cleaned


class ShiftForms(forms.BaseFormSet):
    """The shifts. Without times a shift is as long as the temporary schedule."""

    def shifts(self, temporary: TemporarySchedule) -> list[TemporaryShift]:
        """Return what is filled in, as rows that are not saved."""
        made = []
        for form in self.forms:
            said = form.cleaned_data
            if said.get("user") is None or said.get("DELETE"):
                continue
            start, end = said.get("starts_at"), said.get("ends_at")
            made.append(
                TemporaryShift(
                    user=said["user"],
                    role=said["role"],
                    starts_at=self._first(start, form) if start else temporary.starts_at,
                    ends_at=self._last(end, form) if end else temporary.ends_at,
                )
            )
        return made

    def _first(self, wall: datetime, form: ShiftForm) -> datetime:
        return first_instant(wall, form.zone)

    def _last(self, wall: datetime, form: ShiftForm) -> datetime:
        return last_instant(wall, form.zone)


def shift_forms(data: Any, temporary: TemporarySchedule, *, spare: int = SPARE) -> ShiftForms:
    """Return the forms of the shifts there are, and some spare ones."""
    zone = temporary.schedule.zone
    rows = list(temporary.shifts.all()) if temporary.pk else []
    initial = [
        {
            "user": row.user_id,
            "role": row.role,
            "starts_at": on_wall(row.starts_at, zone),
            "ends_at": on_wall(row.ends_at, zone),
        }
        for row in rows
    ]
    kind: Any = forms.formset_factory(
        ShiftForm, formset=ShiftForms, extra=spare, max_num=MOST, absolute_max=MOST
    )
    given = {"group": temporary.schedule.group_id, "zone": zone}
    made: ShiftForms = kind(data, initial=initial, prefix="shifts", form_kwargs=given)
    return made
