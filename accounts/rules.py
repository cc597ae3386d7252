"""A set of notification rules in words, for the preview. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from alertops.durations import words


class Step(NamedTuple):
    """What happens at one moment after a page began."""

    when: str
    how: list[str]


def preview(lines: Iterable[tuple[int, str]]) -> list[Step]:
    """Lay out (delay in seconds, name of the method) as moments, in order of time."""
    moments: dict[int, list[str]] = {}
    for delay, name in lines:
        moments.setdefault(delay, []).append(name)
    return [
        Step("At once" if delay == 0 else f"After {words(delay)}", moments[delay])
        for delay in sorted(moments)
    ]
