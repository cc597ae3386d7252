"""Who is on call over a stretch of time: segments, final shifts, next hand-off. Pure.

Built on the arithmetic of the resolver, so a page that draws two weeks and the engine that pages
this second cannot disagree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from schedules import changes
from schedules.posts import ROLES, Change, Key, Layer, Post, Source
from schedules.resolver import Duty, Past, Plan, duties_of
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
    """Cut [since, until) wherever a turn or a change begins or ends, in order, without holes.

    Lazy: whoever stops after the first change has paid for no more.
    """
    at, until = since.astimezone(UTC), until.astimezone(UTC)
    past = plan.past
    if past is not None and at < past.until and past.since < until:
        if at < past.since:
            yield from _computed(plan, at, past.since)
            at = past.since
        end = min(past.until, until)
        yield from _recorded(past, at, end)
        at = end
    yield from _computed(plan, at, until)


def _recorded(past: Past, at: datetime, until: datetime) -> Iterator[Segment]:
    edges = {edge for duty in past.duties for edge in duty[:2] if at < edge < until}
    for end in [*sorted(edges), until]:
        if at < end:
            yield Segment(at, end, past.at(at))
            at = end


def _computed(plan: Plan, at: datetime, until: datetime) -> Iterator[Segment]:
    """Sweep over the changes of every layer and of everything over them."""
    if at >= until:
        return
    feeds = [layer.changes(at, until) for layer in plan.layers]
    posts = [next(feed)[1] for feed in feeds]
    ahead = [next(feed, None) for feed in feeds]
    edges = changes.edges(plan.overrides, plan.temporary, plan.away, at, until)
    edges.reverse()
    in_force = plan.in_force(at)
    while at < until:
        end = min([change[0] for change in ahead if change], default=until)
        end = min(end, until, edges[-1] if edges else until)
        if end > at:
            yield Segment(at, end, duties_of(plan, posts, in_force))
        at = end
        for i, change in enumerate(ahead):
            while change is not None and change[0] <= at:
                posts[i], change = change[1], next(feeds[i], None)
            ahead[i] = change
        if edges and edges[-1] <= at:
            edges.pop()
            in_force = plan.in_force(at)


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


def shifts_of_layer(plan: Plan, key: Key, since: datetime, until: datetime) -> list[Shift]:
    """Return what one layer says by itself in [since, until), by start: whoever is named, or a
    shift of nobody where a turn is empty. Nothing where it is off duty or not in force."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    found: list[Shift] = []
    for layer in plan.layers:
        if layer.key != key:
            continue
        running: dict[tuple[Role, int | None], Shift] = {}
        for start, end, post in _stretches(layer.changes(since, until), until):
            still = {}
            for role, user in _named(layer, post):
                source = post.source if post else None
                begun = running.pop((role, user), None)
                if begun is not None and begun.source != source:
                    found.append(begun)
                    begun = None
                since_when = begun.start if begun else start
                still[role, user] = Shift(user, role, since_when, end, source)
            found.extend(running.values())
            running = still
        found.extend(running.values())
    return sorted(found, key=lambda shift: (shift.start, ROLES.index(shift.role)))


def _named(layer: Layer, post: Post | None) -> list[tuple[Role, int | None]]:
    if post is None or not post.on_duty:
        return []
    return [(role, user) for role in layer.roles for user in post.people(role) or (None,)]


def _stretches(
    found: Iterator[Change], until: datetime
) -> Iterator[tuple[datetime, datetime, Post | None]]:
    last: Change | None = None
    for change in found:
        if last is not None:
            yield last[0], min(change[0], until), last[1]
        last = change
    if last is not None and last[0] < until:
        yield last[0], until, last[1]


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
