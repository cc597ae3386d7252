"""A stretch of time on the clocks of a zone: what every form of a change asks."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from schedules.forms import WallField
from schedules.walltime import first_instant, last_instant

BACKWARDS = "The end must be after the start."


class SpanForm(forms.ModelForm):
    """From when to when.

    A time that comes twice when the clocks go back means its first coming for the start and its
    last for the end, so that nobody is missing in between.
    """

    starts_at = WallField(label="From")
    ends_at = WallField(label="Until")

    def __init__(
        self,
        data: Any = None,
        *,
        instance: Any,
        zone: ZoneInfo,
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.zone = zone
        known = {name: getattr(instance, name) for name in self._spans()}
        walls = {name: on_wall(at, zone) for name, at in known.items() if at is not None}
        super().__init__(data, instance=instance, initial={**walls, **(initial or {})})
        self.fields["ends_at"].help_text = f"Clocks of {zone.key}."

    def _spans(self) -> list[str]:
        """The fields that are times on the wall."""
        return [name for name, field in self.base_fields.items() if isinstance(field, WallField)]

    def clean_starts_at(self) -> datetime:
        return first_instant(self.cleaned_data["starts_at"], self.zone)

    def clean_ends_at(self) -> datetime:
        return last_instant(self.cleaned_data["ends_at"], self.zone)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if start and end and end <= start:
            self.add_error("ends_at", BACKWARDS)
        return cleaned

    def begun(self) -> None:
        """It runs: its start stays as it was."""
        self.fields["starts_at"].disabled = True
        self.fields["starts_at"].help_text = "It has begun; that stays as it was."


def on_wall(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clocks of a zone show, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None)


def next_hour(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the next full hour on the wall: where a new change starts unless said otherwise."""
    wall = on_wall(now, zone).replace(minute=0, second=0, microsecond=0)
    return wall + timedelta(hours=1)
