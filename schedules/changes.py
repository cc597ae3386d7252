"""Changes over the layers: overrides, time off, temporary schedules. Pure.

Whoever cannot serve is followed to whoever serves instead: an override first, then time off, and on
from there. Where that runs in a circle each override is taken for one hop (that is what an
exchange of shifts means), and whoever is away passes on once more to whoever covers them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schedules.once import once
from schedules.posts import Key, Source
from schedules.states import Change, Role, Why


@dataclass(frozen=True, slots=True)
class Override:
    """In [start, end) `user` is on call as `role`: for `replaces`, for whoever it would be, or as
    well; or, without a user, `replaces` is not. In one layer or over the whole schedule."""

    id: int
    role: Role
    user: int | None
    replaces: int | None
    start: datetime
    end: datetime
    kind: str = Change.REPLACE
    layer: Key | None = None
    swap: int | None = None

    @property
    def source(self) -> Source:
        if self.swap is not None:
            return Source(Why.SWAP, self.swap)
        return Source(Why.OVERRIDE, self.id)


@dataclass(frozen=True, slots=True)
class Temporary:
    """In [start, end) only `shifts` count, each (role, user, start, end)."""

    id: int
    start: datetime
    end: datetime
    shifts: tuple[tuple[Role, int, datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class Away:
    """`user` is away in [start, end); `covered_by` serves instead, or nobody does."""

    id: int
    user: int
    covered_by: int | None
    start: datetime
    end: datetime
    is_everywhere: bool = True
    """One that is for this group is stronger."""


Found = tuple[int, Source]
People = dict[int, Source]


@dataclass(frozen=True)
class InForce:
    """The changes in force at one instant."""

    overrides: tuple[Override, ...] = ()
    away: Mapping[int, Away] = field(default_factory=dict)
    temporary: tuple[tuple[Role, Found], ...] | None = None

    @once
    def is_plain(self) -> bool:
        """Whether there is nothing in force at all."""
        return not self.overrides and not self.away and self.temporary is None

    @once
    def _scoped(self) -> dict[tuple[Role, Key | None], list[Override]]:
        found: dict[tuple[Role, Key | None], list[Override]] = {}
        for override in self.overrides:
            found.setdefault((override.role, override.layer), []).append(override)
        return found

    def _of(self, role: Role, layer: Key | None) -> Sequence[Override]:
        return self._scoped.get((role, layer), ()) if self.overrides else ()

    def _instead(self, role: Role, layer: Key | None) -> dict[int, Override]:
        """Return who is replaced or removed by name, and by which override: the last made."""
        scoped = [*self._of(role, None)]
        if layer is not None:
            scoped = sorted([*scoped, *self._of(role, layer)], key=lambda each: each.id)
        return {each.replaces: each for each in scoped if each.replaces is not None}

    def serving(self, people: Iterable[Found], role: Role, layer: Key | None) -> People:
        """Return who of `people`, or instead of them, really serves; the first reason counts."""
        if self.is_plain:
            return _first(people)
        instead = self._instead(role, layer)
        found = (stand_in(user, source, instead, self.away) for user, source in people)
        return _first(each for each in found if each is not None)

    def overriding(self, people: People, role: Role, layer: Key | None) -> People:
        """Put in force what is said of everybody: the last made replaces them, others are added."""
        mine = self._of(role, layer)
        if not mine:
            return people
        for each in reversed(mine):
            if each.kind == Change.REPLACE and each.replaces is None and each.user is not None:
                instead = self.serving([(each.user, each.source)], role, layer)
                if instead:  # else nobody could take it over: it stays as it was
                    people = instead
                    break
        added = [
            (each.user, each.source)
            for each in mine
            if each.kind == Change.ADD and each.user is not None
        ]
        return _first([*people.items(), *self.serving(added, role, layer).items()])

    def in_temporary(self, role: Role) -> People:
        """Return who serves by the temporary schedule; overrides do not count in it."""
        mine = [found for r, found in self.temporary or () if r == role]
        found = (stand_in(user, source, {}, self.away) for user, source in mine)
        return _first(each for each in found if each is not None)


def stand_in(
    user: int, source: Source, instead: Mapping[int, Override], away: Mapping[int, Away]
) -> Found | None:
    """Return who serves in the place of `user`, themselves if nothing is said; None is nobody."""
    first: Found | None = None
    here, seen = (user, source), {user}
    while (step := _step(here[0], instead, away)) is not None:
        who, why = step
        if who is None:
            return None
        first = first or (who, why)
        if who in seen:
            return _covered(*first, away)
        seen.add(who)
        here = who, why
    return here


def _step(
    user: int, instead: Mapping[int, Override], away: Mapping[int, Away]
) -> tuple[int | None, Source] | None:
    override = instead.get(user)
    if override is not None:
        return override.user, override.source
    off = away.get(user)
    return None if off is None else (off.covered_by, Source(Why.TIME_OFF, off.id))


def _covered(user: int, source: Source, away: Mapping[int, Away]) -> Found | None:
    """Follow time off alone; where it runs in a circle, everybody in it is away."""
    seen = {user}
    while (off := away.get(user)) is not None:
        if off.covered_by is None or off.covered_by in seen:
            return None
        user, source = off.covered_by, Source(Why.TIME_OFF, off.id)
        seen.add(user)
    return user, source


def _first(people: Iterable[Found]) -> People:
    found: People = {}
    for user, source in people:
        found.setdefault(user, source)
    return found


def in_force(
    overrides: Sequence[Override],
    temporary: Sequence[Temporary],
    away: Sequence[Away],
    at: datetime,
) -> InForce:
    """Return what is in force at `at` (UTC)."""
    if not (overrides or temporary or away):
        return NOTHING
    live = tuple(sorted((o for o in overrides if o.start <= at < o.end), key=lambda o: o.id))
    # by strength: of two for one person the one for this group counts, then the one made last
    off = sorted(
        (a for a in away if a.start <= at < a.end), key=lambda a: (not a.is_everywhere, a.id)
    )
    window = next((t for t in temporary if t.start <= at < t.end), None)
    return InForce(live, {a.user: a for a in off}, None if window is None else _shifts(window, at))


def _shifts(window: Temporary, at: datetime) -> tuple[tuple[Role, Found], ...]:
    source = Source(Why.TEMPORARY, window.id)
    return tuple(
        (role, (user, source)) for role, user, start, end in window.shifts if start <= at < end
    )


def edges(
    overrides: Sequence[Override],
    temporary: Sequence[Temporary],
    away: Sequence[Away],
    since: datetime,
    until: datetime,
) -> list[datetime]:
    """Return the instants between `since` and `until` at which another set is in force."""
    spans = [(each.start, each.end) for each in overrides]
    spans += [(each.start, each.end) for each in away]
    spans += [(each.start, each.end) for each in temporary]
    found = {edge for span in spans for edge in span}
    for window in temporary:
        found.update(edge for shift in window.shifts for edge in shift[2:])
    return sorted(edge for edge in found if since < edge < until)


NOTHING = InForce()
