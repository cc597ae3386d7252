"""A bar a person: where its parts lie, in per cent of the longest. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from schedules.hours import HOUR, NONE, Hours

KINDS = ("rest", "night", "weekend", "holiday")
"""In the order of `Hours.parts`: each hour is drawn once."""
LABELS = {
    "rest": "Weekdays",
    "night": "Weekday nights",
    "weekend": "Weekends",
    "holiday": "Public holidays",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar, in per cent from the left."""

    kind: str
    x: str
    width: str
    hours: str

    @property
    def label(self) -> str:
        return LABELS[self.kind]


Bar = list[Part]


def bars(found: Sequence[Hours]) -> tuple[list[Bar], str]:
    """Return a bar for each, and where their mean lies."""
    longest = max((each.total for each in found), default=NONE)
    if not longest:
        return [[] for _ in found], ""
    mean = sum((each.total for each in found), NONE) / len(found)
    return [_bar(each, longest) for each in found], _percent(mean / longest)


def _bar(hours: Hours, longest: timedelta) -> Bar:
    parts: Bar = []
    begun = NONE
    for kind, span in zip(KINDS, hours.parts, strict=True):
        if span:
            x, width = _percent(begun / longest), _percent(span / longest)
            parts.append(Part(kind, x, width, written(span)))
        begun += span
    return parts


def written(span: timedelta) -> str:
    """Return hours as people write them: "168", "1,747.5"."""
    return f"{span / HOUR:,.2f}".rstrip("0").rstrip(".")


def _percent(share: float) -> str:
    return f"{100 * share:.3f}%"
