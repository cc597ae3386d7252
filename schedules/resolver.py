"""Who is on call: pure arithmetic over frozen dataclasses, used by engine, pages, API and previews.

final = overrides ▸ rotations by rank (a higher rank covers a lower, the same rank is on call
together, an empty one hides nothing) ▸ the group's standing order for a role no rotation fills.

Turns are counted on the wall clock of the schedule's zone, never in hours that passed: a 09:00
hand-off stays at 09:00, and the turn in between lasts 23 or 25 hours. Everything is half-open
[start, end): at the hand-off instant the next person is on call. Every look-up is arithmetic; none
walks from the beginning of a rotation. Instants are compared in UTC only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any

from schedules.states import Fills, Role, Unit, Why
from schedules.walltime import first_instant

ROLES = (Role.PRIMARY, Role.SECONDARY)
_STEPS = {Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1), Unit.WEEK: timedelta(weeks=1)}
_FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rotation:
    """People taking turns. A member who is None is an empty slot: that turn belongs to nobody."""

    id: int
    zone: tzinfo
    starts: datetime
    """Wall time, naive, of the first hand-off. Nobody is on call before it."""
    unit: Unit
    count: int
    members: tuple[int | None, ...]
    fills: Fills = Fills.PRIMARY
    rank: int = 0
    step: timedelta = field(init=False)
    roles: tuple[Role, ...] = field(init=False)
    """What a turn fills: its holder the first of these, the next in line the second."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("A turn lasts at least one unit.")
        if self.starts.tzinfo is not None:
            raise ValueError("A rotation starts at a wall time, without a zone of its own.")
        object.__setattr__(self, "step", _STEPS[self.unit] * self.count)
        both = self.fills == Fills.BOTH
        object.__setattr__(self, "roles", ROLES if both else (Role(self.fills.value),))


@dataclass(frozen=True, slots=True)
class Override:
    """`user` is on call as `role` in [start, end): for `replaces`, or for whoever it would be."""

    id: int
    role: Role
    user: int
    replaces: int | None
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """Why somebody is on call: a rotation and its turn, an override, or membership (id 0)."""

    why: Why
    id: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Duty:
    """One person on call in one role, and why."""

    user: int
    role: Role
    source: Source


@dataclass(frozen=True)
class Plan:
    """Everything that decides who is on call in one group: what the functions below ask."""

    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    standing: Mapping[Role, tuple[int, ...]] = field(default_factory=dict)
    """Who has a role that no rotation fills: the members ticked for it."""
    in_order: tuple[int, ...] = ()
    """All members by sequence, where nobody is ticked at all: the first is Primary, the next who
    is not Primary already is Secondary."""
    layers: Mapping[Role, tuple[tuple[int, ...], ...]] = field(init=False)
    """Per role the rotations that fill it, as indices: highest rank first, same rank together."""

    def __post_init__(self) -> None:
        order = sorted(range(len(self.rotations)), key=lambda i: -self.rotations[i].rank)
        layers = {}
        for role in ROLES:
            filling = [
                i for i in order if role in self.rotations[i].roles and self.rotations[i].members
            ]
            ranks = groupby(filling, key=lambda i: self.rotations[i].rank)
            layers[role] = tuple(tuple(indices) for _, indices in ranks)
        object.__setattr__(self, "layers", layers)


@dataclass(frozen=True, slots=True)
class Place:
    """One member's place in the standing order of a group, and the boxes ticked for them."""

    user: int
    is_primary: bool
    is_secondary: bool


def without_rotations(places: Sequence[Place]) -> dict[str, Any]:
    """Return what a `Plan` is told of the members, given in their sequence.

    A group whose boxes were all forgotten is still answered for, see `Plan.in_order`.
    """
    if not any(place.is_primary or place.is_secondary for place in places):
        return {"in_order": tuple(place.user for place in places)}
    primary = tuple(place.user for place in places if place.is_primary)
    secondary = tuple(place.user for place in places if place.is_secondary)
    return {"standing": {Role.PRIMARY: primary, Role.SECONDARY: secondary}}


def turn_at(rotation: Rotation, at: datetime) -> int | None:
    """Return the number of the turn that contains `at` (UTC), or None before the first hand-off."""
    wall = at.astimezone(rotation.zone)
    turn: int = (wall.replace(tzinfo=None) - rotation.starts) // rotation.step
    if wall.fold:  # the clock has already shown later times than it shows now
        while turn_start(rotation, turn + 1) <= at:
            turn += 1
    return turn if turn >= 0 else None


def turn_start(rotation: Rotation, turn: int) -> datetime:
    """Return the instant at which a turn begins, which is when the one before it ends.

    A turn whose whole wall time is left out by a change of the clocks has no length; it is never
    the answer of `turn_at`.
    """
    try:
        return first_instant(rotation.starts + turn * rotation.step, rotation.zone)
    except OverflowError:  # beyond the year 9999: this turn never ends
        return _FAR


def holder(rotation: Rotation, turn: int, role: Role) -> int | None:
    """Return whom one turn puts on call as `role`: its holder, or for *both* the next in line.

    The next in line is the next person who is not the holder: empty slots are passed over.
    """
    members = rotation.members
    first = members[turn % len(members)]
    if role == rotation.roles[0]:
        return first
    for later in range(turn + 1, turn + len(members)):
        candidate = members[later % len(members)]
        if candidate is not None and candidate != first:
            return candidate
    return None


def on_call(plan: Plan, at: datetime) -> tuple[Duty, ...]:
    """Return everybody on call at `at`, the Primaries first. Empty means nobody."""
    at = at.astimezone(UTC)
    turns = [turn_at(rotation, at) for rotation in plan.rotations]
    return duties_of(plan, turns, at)


def duties_of(plan: Plan, turns: Sequence[int | None], at: datetime) -> tuple[Duty, ...]:
    """Return everybody on call at `at` (UTC) when each rotation is in the turn given for it."""
    active = [each for each in plan.overrides if each.start <= at < each.end]
    duties: list[Duty] = []
    people: dict[int, Source] = {}
    for role in ROLES:
        found = _by_rotation(plan, turns, role)
        if found is None:  # nothing fills this role yet; `people` are the Primaries by now
            found = dict.fromkeys(_standing(plan, role, people), Source(Why.MEMBER))
        people = found
        if active:
            people = _overridden(people, [each for each in active if each.role == role])
        duties.extend(Duty(user, role, source) for user, source in people.items())
    return tuple(duties)


def _standing(plan: Plan, role: Role, primaries: Mapping[int, Source]) -> tuple[int, ...]:
    if not plan.in_order:
        return plan.standing.get(role, ())
    if role == Role.PRIMARY:
        return plan.in_order[:1]
    return tuple(user for user in plan.in_order if user not in primaries)[:1]


def _by_rotation(plan: Plan, turns: Sequence[int | None], role: Role) -> dict[int, Source] | None:
    """Return the people of the highest rank that has any, in order, each with the reason.

    Empty is a gap, which is meant; None says that no rotation fills the role, or none has begun.
    """
    begun = False
    for rank in plan.layers[role]:
        people: dict[int, Source] = {}
        for i in rank:
            turn = turns[i]
            if turn is None:
                continue
            begun = True
            rotation = plan.rotations[i]
            user = holder(rotation, turn, role)
            if user is not None:
                people.setdefault(user, Source(Why.ROTATION, rotation.id, turn))
        if people:
            return people
    return {} if begun else None


def _overridden(people: dict[int, Source], overrides: Sequence[Override]) -> dict[int, Source]:
    """Put the overrides of one role in force. Whoever made the last one is right.

    Replacements chain (B covers A, C covers B: C). Where they run in a circle each is taken for
    one hop, which is what an exchange of shifts means, and never leaves anybody out.
    """
    latest = sorted(overrides, key=lambda each: each.id)
    for each in latest:
        if each.replaces is None:
            people = {each.user: Source(Why.OVERRIDE, each.id)}
    instead = {each.replaces: each for each in latest if each.replaces is not None}
    final: dict[int, Source] = {}
    for user, source in people.items():
        stand_in = _last_in_chain(user, instead)
        if stand_in is None:
            final.setdefault(user, source)
        else:
            final.setdefault(stand_in.user, Source(Why.OVERRIDE, stand_in.id))
    return final


def _last_in_chain(user: int, instead: Mapping[int, Override]) -> Override | None:
    first = last = instead.get(user)
    seen = {user}
    while last is not None and last.user in instead:
        if last.user in seen:
            return first
        seen.add(last.user)
        last = instead[last.user]
    return last
