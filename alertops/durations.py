"""Lengths of time as people write them: "5" (minutes), "30 s", "5 min", "1 h", "1:30" (h:mm).

Stored as whole seconds in columns named `*_seconds`.
"""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models

LONGEST = 366 * 86400
_SENTENCE = (
    'Write a length of time such as "30 s", "5 min", "1 h" or "1:30"; a bare number is minutes.'
)
_UNITS = {
    86400: ("d", "day", "days"),
    3600: ("h", "hr", "hrs", "hour", "hours"),
    60: ("m", "min", "mins", "minute", "minutes"),
    1: ("s", "sec", "secs", "second", "seconds"),
}
_FACTORS = {word: factor for factor, words in _UNITS.items() for word in words}
_PART = re.compile(r"(\d{1,9}(?:[.,]\d{1,3})?)\s*([a-z]+)\s*,?\s*")
_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)")
_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,3})?")


def parse(text: str) -> int:
    """Return the seconds that `text` means. Raises ValidationError with one sentence otherwise."""
    text = text.strip().lower()
    if _NUMBER.fullmatch(text):
        seconds = _number(text) * 60
    elif clock := _CLOCK.fullmatch(text):
        seconds = int(clock[1]) * 3600 + int(clock[2]) * 60
    else:
        seconds = _parts(text)
    if seconds > LONGEST:
        raise ValidationError("This is longer than a year.", code="invalid")
    return round(seconds)


def _parts(text: str) -> float:
    seconds, end = 0.0, 0
    for part in _PART.finditer(text):
        if part.start() != end or part[2] not in _FACTORS:
            break
        seconds, end = seconds + _number(part[1]) * _FACTORS[part[2]], part.end()
    if not text or end != len(text):
        raise ValidationError(_SENTENCE, code="invalid")
    return seconds


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def words(seconds: int) -> str:
    """Return `seconds` the way people write it, exactly: "5 min", "1 h 30 min", "0 s"."""
    if seconds < 0:
        return f"-{words(-seconds)}"
    found = []
    for factor, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, factor)
        if count:
            found.append(f"{count} {unit}")
    return " ".join(found) or "0 s"


class DurationField(forms.Field):
    """A text box for a length of time; the cleaned value is whole seconds."""

    widget = forms.TextInput

    def __init__(
        self, *, min_value: int | None = None, max_value: int | None = None, **kwargs: Any
    ) -> None:
        self.min_value, self.max_value = min_value, max_value
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        return value if isinstance(value, int) else parse(str(value))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is None:
            return
        if self.min_value is not None and value < self.min_value:
            raise ValidationError(f"This must be at least {words(self.min_value)}.")
        if self.max_value is not None and value > self.max_value:
            raise ValidationError(f"This must be at most {words(self.max_value)}.")

    def prepare_value(self, value: Any) -> Any:
        return words(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != self.to_python(initial)
        except ValidationError:
            return True


class SecondsField(models.PositiveIntegerField):
    """Whole seconds in the database; people type and read "5 min" (see `words`)."""

    def formfield(self, **kwargs: Any) -> Any:
        widget = kwargs.get("widget")
        if widget is not None:  # the console offers its number box: keep its looks, take text
            widget = widget() if isinstance(widget, type) else widget
            if isinstance(widget, forms.NumberInput):
                widget.input_type = "text"
            kwargs["widget"] = widget
        return super().formfield(**{"form_class": DurationField, **kwargs})
