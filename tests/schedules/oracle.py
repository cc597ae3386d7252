"""A second opinion on who is on call: slow, obvious, and sharing nothing with the resolver.

It walks through time a quarter of an hour at a time, looks at the clock on the wall, and passes the
turn on the first time the wall shows the next hand-off (or has jumped over it). No arithmetic
on turns, no conversion from wall time to instants.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schedules.resolver import Override, Rotation

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

    def serves(self, role: str) -> tuple[bool, int | None]:
        """Whether this rotation speaks for `role` now, and whom it names."""
        people = list(self.rotation.members)
        fills = self.rotation.fills.value
        if self.turn < 0 or not people or fills not in (role, "both"):
            return False, None
        queue = [people[(self.turn + k) % len(people)] for k in range(len(people))]
        if fills == "both" and role == "secondary":
            behind = [who for who in queue[1:] if who is not None and who != queue[0]]
            return True, behind[0] if behind else None
        return True, queue[0]


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


def people(
    walks: Sequence[Walk],
    overrides: Sequence[Override],
    standing: Mapping[str, Sequence[int]],
    in_order: Sequence[int],
    role: str,
    at: datetime,
) -> list[int]:
    """Return who is on call as `role`, in order."""
    answers = [(w.rotation.rank, *w.serves(role)) for w in walks]
    speaking = [(rank, who) for rank, speaks, who in answers if speaks]
    named = [(rank, who) for rank, who in speaking if who is not None]
    top = max((rank for rank, _ in named), default=0)
    if speaking:
        found = [who for rank, who in named if rank == top]
    elif not in_order:
        found = list(standing.get(role, ()))
    elif role == "primary":
        found = [in_order[0]]
    else:
        busy = people(walks, overrides, standing, in_order, "primary", at)
        found = [who for who in in_order if who not in busy][:1]
    live = [o for o in overrides if o.role == role and o.start <= at and not o.end <= at]
    for override in sorted(live, key=lambda o: o.id):
        if override.replaces is None:
            found = [override.user]
    covers = {o.replaces: o.user for o in sorted(live, key=lambda o: o.id) if o.replaces}
    return list(dict.fromkeys(_covered(who, covers) for who in found))


def _covered(who: int, covers: dict[int, int]) -> int:
    path = [who]
    while path[-1] in covers:
        path.append(covers[path[-1]])
        if len(set(path)) < len(path):  # a circle: an exchange, everybody one place on
            return path[1]
    return path[-1]
