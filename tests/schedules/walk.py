"""A second opinion on which turn it is: slow, obvious, and sharing nothing with the resolver.

It walks through time a quarter of an hour at a time, looks at the clock on the wall, and passes the
turn on the first time the wall shows the next hand-off (or has jumped over it). No arithmetic
on turns, no conversion from wall time to instants.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schedules.resolver import Rotation

QUARTER = timedelta(minutes=15)
UNITS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


@dataclass
class Walk:
    """One rotation, followed from before its first hand-off."""

    rotation: Rotation
    turn: int = -1

    def __post_init__(self) -> None:
        self.latest_shown = datetime.min  # noqa: DTZ901 - a wall time has no zone
        self.next_handoff = self.rotation.starts

    def look(self, at: datetime) -> None:
        shown = at.astimezone(self.rotation.zone).replace(tzinfo=None)
        self.latest_shown = max(self.latest_shown, shown)
        while self.latest_shown >= self.next_handoff:
            self.turn += 1
            self.next_handoff += UNITS[self.rotation.unit.value] * self.rotation.count


def walk(
    rotations: Sequence[Rotation], since: datetime, until: datetime
) -> Iterator[tuple[datetime, list[Walk]]]:
    """Yield every quarter of an hour in [since, until) with each rotation as it stands."""
    walks = [Walk(rotation) for rotation in rotations]
    begin = min([since, *(r.starts.replace(tzinfo=UTC) - timedelta(days=2) for r in rotations)])
    at = begin - timedelta(minutes=begin.minute % 15, seconds=begin.second)
    while at < until:
        for each in walks:
            each.look(at)
        if at >= since:
            yield at, walks
        at += QUARTER
