"""Forms of overrides, and the two quick ones: take over now, cover me."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from schedules.forms_span import SpanForm
from schedules.models import Override, Schedule
from schedules.models_changes import LAYERS
from schedules.sight import pageable_members
from schedules.states import Change, Role

_NOT_ONE = "Choose a member of the group."
WHOLE = "schedule"
_KINDS = [
    (Change.REPLACE, "Instead: somebody takes over"),
    (Change.ADD, "As well: one more person"),
    (Change.REMOVE, "Not: somebody is off, nobody instead"),
]


class OverrideForm(SpanForm):
    """Somebody instead, as well, or not: for a while, in the whole schedule or one layer of it."""

    kind = forms.ChoiceField(
        label="What", choices=_KINDS, widget=forms.RadioSelect, initial=Change.REPLACE
    )
    layer = forms.ChoiceField(label="Where", initial=WHOLE)

    class Meta:
        model = Override
        fields = ["kind", "role", "user", "replaces", "starts_at", "ends_at", "layer", "reason"]
        labels = {"user": "On call", "replaces": "Whose shifts", "role": "As"}
        error_messages = {
            "user": {"invalid_choice": _NOT_ONE},
            "replaces": {"invalid_choice": _NOT_ONE},
        }

    def __init__(self, data: Any = None, *, may_edit: bool, **given: Any) -> None:
        super().__init__(data, **given)
        schedule = self.instance.schedule
        members = pageable_members(schedule.group_id)
        empty = {"user": "Choose a member", "replaces": "Whoever it would be"}
        for name, label in empty.items():
            field: Any = self.fields[name]
            field.queryset, field.empty_label = members, label
        self.fields["user"].required = True
        self.fields["user"].error_messages["required"] = "Say who is on call."
        self.fields["replaces"].help_text = "A person: only while they would be on call."
        kind, layer, role = (self._choices(name) for name in ("kind", "layer", "role"))
        if not may_edit:
            kind.choices = _KINDS[:2]
        layer.choices = [(WHOLE, "The whole schedule"), *layers_of(schedule)]
        role.choices = Role.choices
        if self.instance.layer is not None:
            self.initial["layer"] = _key(self.instance)

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    def begun(self) -> None:
        """Only its end and its reason can be changed."""
        super().begun()
        for name in ("kind", "role", "user", "replaces", "layer"):
            self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kind, replaces = cleaned.get("kind"), cleaned.get("replaces")
        if kind == Change.REMOVE:
            cleaned["user"] = None
            self.errors.pop("user", None)
            if replaces is None and "replaces" not in self.errors:
                self.add_error("replaces", "Say who is not on call.")
        elif kind:
            self._check_people(cleaned)
        chosen, _, number = cleaned.get("layer", "").partition(":")
        for name in LAYERS:
            setattr(self.instance, f"{name}_id", int(number) if name == chosen else None)
        return cleaned

    def _check_people(self, cleaned: dict[str, Any]) -> None:
        if cleaned["kind"] == Change.ADD:
            cleaned["replaces"] = None
        elif cleaned.get("user") is not None and cleaned["user"] == cleaned.get("replaces"):
            self.add_error("replaces", "Nobody can be replaced by themselves.")


def layers_of(schedule: Schedule) -> Iterable[tuple[str, str]]:
    """Yield the layers of a schedule as choices."""
    found = (schedule.rotations.all(), schedule.fixed_shifts.all(), schedule.calendars.all())
    for name, rows in zip(LAYERS, found, strict=True):
        yield from ((f"{name}:{row.pk}", f"Only “{row.name}”") for row in rows)


def _key(override: Override) -> str:
    name = next(name for name in LAYERS if getattr(override, f"{name}_id") is not None)
    return f"{name}:{getattr(override, f'{name}_id')}"


class TakeOverForm(forms.Form):
    """I am on call from this minute on."""

    HANDOFF = "handoff"
    post = forms.ChoiceField(label="Take over")
    span = forms.ChoiceField(
        label="For",
        choices=[
            ("3600", "1 hour"),
            ("7200", "2 hours"),
            ("14400", "4 hours"),
            ("28800", "8 hours"),
            ("86400", "24 hours"),
            (HANDOFF, "Until the next hand-off"),
        ],
        initial="7200",
    )

    def __init__(self, data: Any = None, *, posts: Iterable[tuple[str, str]]) -> None:
        super().__init__(data, prefix="over")
        field: Any = self.fields["post"]
        field.choices = list(posts)
        field.error_messages["invalid_choice"] = "That has changed meanwhile; look again."

    def role_and_person(self) -> tuple[Role, int | None]:
        role, _, number = self.cleaned_data["post"].partition(":")
        return Role(role), int(number) if number else None

    def until(self, now: datetime, handoff: datetime | None) -> datetime:
        """Return the end. Raises ValidationError where no hand-off is in sight."""
        if self.cleaned_data["span"] != self.HANDOFF:
            return now + timedelta(seconds=int(self.cleaned_data["span"]))
        if handoff is None:
            raise ValidationError({"span": "No hand-off is in sight; choose how long."})
        return handoff


class CoverMeForm(forms.Form):
    """Somebody else has one of my shifts: asked first, or agreed already."""

    shift = forms.ChoiceField(label="My shift")
    who = forms.ModelChoiceField(
        User.objects.none(), label="Who", required=False, empty_label="Everybody in the group"
    )
    agreed = forms.BooleanField(
        label="They have agreed already: put it in force now", required=False
    )
    note = forms.CharField(label="Note", max_length=200, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        schedule: Schedule,
        viewer: User,
        shifts: Iterable[tuple[str, str]],
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial, prefix="cover")
        shift, who = self._field("shift"), self._field("who")
        shift.choices = list(shifts)
        shift.error_messages["invalid_choice"] = "That shift is not yours any more; look again."
        who.queryset = pageable_members(schedule.group_id).exclude(pk=viewer.pk)
        who.error_messages["invalid_choice"] = _NOT_ONE

    def _field(self, name: str) -> Any:
        return self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("agreed") and cleaned.get("who") is None and "who" not in self.errors:
            self.add_error("who", "Say who has agreed.")
        return cleaned
