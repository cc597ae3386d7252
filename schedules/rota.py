"""Who is on call over a stretch of time: segments, final shifts, next hand-off. Pure.

Built on the arithmetic of the resolver, so a page that draws two weeks and the engine that pages
this second cannot disagree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from schedules.resolver import ROLES, Duty, Plan, Source, duties_of, turn_at, turn_start
from schedules.states import Role, Why

_LOOK_AHEAD = 3000  # segments searched for a change before "no change in sight" is the answer


@dataclass(frozen=True, slots=True)
class Segment:
    """[start, end) without a change. A range's segments neither overlap nor leave holes."""

    start: datetime
    end: datetime
    duties: tuple[Duty, ...]

    def people(self, role: Role) -> tuple[int, ...]:
        """Return who is on call as `role`, in order; empty is a gap."""
        return tuple(duty.user for duty in self.duties if duty.role == role)


@dataclass(frozen=True, slots=True)
class Shift:
    """One person's final shift: [start, end), in one role, for one reason. No user is a gap."""

    user: int | None
    role: Role
    start: datetime
    end: datetime
    source: Source | None


def segments(plan: Plan, since: datetime, until: datetime) -> Iterator[Segment]:
    """Cut [since, until) wherever a turn or an override begins or ends, in order, without holes."""
    at, until = since.astimezone(UTC), until.astimezone(UTC)
    edges = sorted({edge for each in plan.overrides for edge in (each.start, each.end)})
    turns = [turn_at(rotation, at) for rotation in plan.rotations]
    ends = [
        turn_start(rotation, 0 if turn is None else turn + 1)
        for rotation, turn in zip(plan.rotations, turns, strict=True)
    ]
    while at < until:
        edge = next((edge for edge in edges if edge > at), until)
        end = min([edge, until, *ends])
        yield Segment(at, end, duties_of(plan, turns, at))
        at = end
        for i, rotation in enumerate(plan.rotations):
            while ends[i] <= at < until:
                turn = turns[i]
                turns[i] = turn = 0 if turn is None else turn + 1
                ends[i] = turn_start(rotation, turn + 1)


def shifts(plan: Plan, since: datetime, until: datetime) -> list[Shift]:
    """Return the final shifts in [since, until), gaps included, each role complete, by start.

    A cut that changes neither the person nor the reason is no hand-off and is closed again.
    """
    found: list[Shift] = []
    cuts = list(segments(plan, since, until))
    for role in ROLES:
        running: dict[tuple[int | None, Source | None], Shift] = {}
        for segment in cuts:
            keys: list[tuple[int | None, Source | None]]
            keys = [(duty.user, duty.source) for duty in segment.duties if duty.role == role]
            still = {}
            for key in keys or [(None, None)]:
                begun = running.pop(key, None)
                start = begun.start if begun else segment.start
                still[key] = Shift(key[0], role, start, segment.end, key[1])
            found.extend(running.values())
            running = still
        found.extend(running.values())
    return sorted(found, key=lambda shift: (shift.start, ROLES.index(shift.role)))


def next_handoff(
    plan: Plan, at: datetime, roles: Sequence[Role] = ROLES, *, within: timedelta
) -> Segment | None:
    """Return the segment in which other people than now are first on call, or None within reach."""
    now: list[tuple[int, ...]] | None = None
    for segment in islice(segments(plan, at, at + within), _LOOK_AHEAD):
        people = [segment.people(role) for role in roles]
        if now is None:
            now = people
        elif people != now:
            return segment
    return None


def next_shift(plan: Plan, user: int, at: datetime, *, within: timedelta) -> Shift | None:
    """Return the shift `user` is in at `at`, else the next one to come; whole, back to back
    turns joined. Its start is no earlier than `at`. A standing order is no shift: it never ends."""
    found: Shift | None = None
    for segment in islice(segments(plan, at, at + within), _LOOK_AHEAD):
        mine = [d for d in segment.duties if d.user == user and d.source.why != Why.MEMBER]
        if found is None:
            if mine:
                found = Shift(user, mine[0].role, segment.start, segment.end, mine[0].source)
        elif any(duty.role == found.role for duty in mine):
            found = replace(found, end=segment.end)
        else:
            return found
    return found
