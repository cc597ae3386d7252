"""Which alerts a maintenance window is about. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.signals import Hold
from integrations.mapping import Draft
from integrations.routing import Condition

Finds = Callable[[], tuple[Draft, str] | None]
"""Looks up what an alert's event said, where a window asks for more than whence it came."""


@dataclass(frozen=True, slots=True)
class Scope:
    """By integration (a service is its integrations) or group, and then by what was said."""

    everything: bool
    sources: frozenset[int]
    groups: frozenset[int]
    conditions: tuple[Condition, ...] = ()

    def holds(self, source_id: int, group_id: int | None, find: Finds) -> bool:
        """Say whether an alert of this source that goes to this group is meant."""
        if not (self.everything or source_id in self.sources or group_id in self.groups):
            return False
        if not self.conditions:
            return True
        said = find()
        return said is not None and all(each.holds(*said) for each in self.conditions)


@dataclass(frozen=True, slots=True)
class Active:
    """A maintenance window that goes on."""

    id: int
    name: str
    changes: int
    until: datetime
    discard: bool
    scope: Scope

    @property
    def hold(self) -> Hold:
        return Hold(self.until, self.discard, self.name)


def hold_of(
    windows: Sequence[Active], source_id: int, group_id: int | None, find: Finds
) -> Hold | None:
    """Return how long an alert is held back: by the longest window, and to page it if in doubt."""
    found = [each for each in windows if each.scope.holds(source_id, group_id, find)]
    longest = max(found, key=lambda each: (each.until, not each.discard), default=None)
    return longest.hold if longest else None
