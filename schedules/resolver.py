"""Who is on call: pure arithmetic over frozen dataclasses, used by engine, pages, API and previews.

final = what is on record ▸ a temporary schedule ▸ overrides ▸ layers by rank (a higher rank covers
a lower, the same rank is on call together, an empty one hides nothing) ▸ the group's standing
order for a role no layer fills. Whoever is away is followed to whoever covers them, everywhere.

Turns are counted on the wall clock of the schedule's zone, never in hours that passed: a 09:00
hand-off stays at 09:00, and the turn in between lasts 23 or 25 hours. Everything is half-open
[start, end): at the hand-off instant the next person is on call. Every look-up is arithmetic; none
walks from the beginning of a rotation. Instants are compared in UTC only.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from schedules import changes
from schedules.changes import Away, Found, InForce, Override, People, Temporary
from schedules.fixed import Fixed, Imported
from schedules.once import once
from schedules.posts import ROLES, Layer, Post, Source
from schedules.states import Role, Why
from schedules.turns import Rotation, turn_at, turn_start

__all__ = [
    "ROLES",
    "Away",
    "Duty",
    "Fixed",
    "Imported",
    "Override",
    "Past",
    "Place",
    "Plan",
    "Rotation",
    "Source",
    "Temporary",
    "duties_of",
    "on_call",
    "turn_at",
    "turn_start",
    "without_rotations",
]
STANDING = Source(Why.MEMBER)


@dataclass(frozen=True, slots=True)
class Duty:
    """One person on call in one role, and why."""

    user: int
    role: Role
    source: Source


@dataclass(frozen=True, slots=True)
class Past:
    """[since, until) is on record; `duties` of it, each (start, end, duty), in their order."""

    since: datetime
    until: datetime
    duties: tuple[tuple[datetime, datetime, Duty], ...] = ()

    def at(self, at: datetime) -> tuple[Duty, ...]:
        """Return who was on call, the Primaries first."""
        then = [duty for start, end, duty in self.duties if start <= at < end]
        return tuple(sorted(then, key=lambda duty: ROLES.index(duty.role)))


@dataclass(frozen=True)
class Plan:
    """Everything that decides who is on call in one group: what the functions below ask."""

    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    standing: Mapping[Role, tuple[int, ...]] = field(default_factory=dict)
    """Who has a role that no layer fills: the members ticked for it."""
    in_order: tuple[int, ...] = ()
    """All members by sequence, where nobody is ticked at all: the first who can is Primary, the
    next who is not Primary already is Secondary."""
    fixed: tuple[Fixed, ...] = ()
    imported: tuple[Imported, ...] = ()
    temporary: tuple[Temporary, ...] = ()
    away: tuple[Away, ...] = ()
    past: Past | None = None

    @once
    def layers(self) -> tuple[Layer, ...]:
        """All layers that say anything, the highest rank first."""
        every: list[Layer] = [*self.rotations, *self.fixed, *self.imported]
        return tuple(sorted((each for each in every if each.speaks), key=lambda each: -each.rank))

    @once
    def ranks(self) -> dict[Role, tuple[tuple[int, ...], ...]]:
        """Per role the layers that fill it, as indices: by rank, same rank together."""
        found = {}
        for role in ROLES:
            filling = [i for i, layer in enumerate(self.layers) if role in layer.roles]
            ranks = groupby(filling, key=lambda i: self.layers[i].rank)
            found[role] = tuple(tuple(indices) for _, indices in ranks)
        return found

    @property
    def people(self) -> set[int]:
        """Everybody who may be found on call by it."""
        found = {user for rotation in self.rotations for user in rotation.members}
        found.update(user for each in self.fixed for user in each.people)
        found.update(user for each in self.imported for _, _, user in each.events)
        found.update(each.user for each in self.overrides)
        found.update(each.covered_by for each in self.away)
        found.update(user for each in self.temporary for _, user, _, _ in each.shifts)
        found.update(user for users in self.standing.values() for user in users)
        found.update(self.in_order)
        if self.past is not None:
            found.update(duty.user for _, _, duty in self.past.duties)
        return {user for user in found if user is not None}

    def in_force(self, at: datetime) -> InForce:
        """Return the changes over the layers at `at` (UTC)."""
        return changes.in_force(self.overrides, self.temporary, self.away, at)


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


def on_call(plan: Plan, at: datetime) -> tuple[Duty, ...]:
    """Return everybody on call at `at`, the Primaries first. Empty means nobody."""
    at = at.astimezone(UTC)
    if plan.past is not None and plan.past.since <= at < plan.past.until:
        return plan.past.at(at)
    return duties_of(plan, [layer.post_at(at) for layer in plan.layers], plan.in_force(at))


def duties_of(plan: Plan, posts: Sequence[Post | None], in_force: InForce) -> tuple[Duty, ...]:
    """Return everybody on call when each layer says what is given for it."""
    duties: list[Duty] = []
    people: People = {}
    for role in ROLES:
        if in_force.temporary is not None:
            people = in_force.in_temporary(role)
        else:
            found = _by_layers(plan, posts, role, in_force)
            if found is None:  # nothing fills this role; `people` are the Primaries by now
                found = _standing(plan, role, in_force, people)
            people = in_force.overriding(found, role, None)
        duties.extend(Duty(user, role, source) for user, source in people.items())
    return tuple(duties)


def _by_layers(
    plan: Plan, posts: Sequence[Post | None], role: Role, in_force: InForce
) -> People | None:
    """Return the people of the highest rank that has any, in order, each with the reason.

    Empty is a gap, which is meant; None says that no layer fills the role, or none is in force.
    """
    speaks = False
    for rank in plan.ranks[role]:
        people: People = {}
        hides = False
        for i in rank:
            post = posts[i]
            if post is None:
                continue
            speaks = True
            hides = hides or post.hides
            if not post.people(role) and (in_force.is_plain or not post.on_duty):
                continue  # most layers, most of the time
            for user, source in _by_layer(plan.layers[i], post, role, in_force).items():
                people.setdefault(user, source)
        if people or hides:
            return people
    return {} if speaks else None


def _by_layer(layer: Layer, post: Post, role: Role, in_force: InForce) -> People:
    named = post.people(role)
    if in_force.is_plain:
        return dict.fromkeys(named, post.source)
    people = in_force.serving(((user, post.source) for user in named), role, layer.key)
    return in_force.overriding(people, role, layer.key) if post.on_duty else people


def _standing(plan: Plan, role: Role, in_force: InForce, primaries: People) -> People:
    if not plan.in_order:
        return in_force.serving(_members(plan.standing.get(role, ())), role, None)
    for found in _members(plan.in_order):
        people = in_force.serving([found], role, None)
        if role == Role.SECONDARY:
            people = {user: why for user, why in people.items() if user not in primaries}
        if people:
            return people
    return {}


def _members(users: Iterable[int]) -> Iterable[Found]:
    return [(user, STANDING) for user in users]
