"""What is, or will be, wrong with a schedule: found in its roster and its final shifts. Pure.

Facts only; `findings_words` says them. Whoever reads a finding can do something about it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import islice, pairwise

from schedules.duty_hours import DAY, Span, joined
from schedules.hours import on_shift
from schedules.posts import ROLES, Key, Layer
from schedules.resolver import Plan, Rotation
from schedules.rota import Segment, Shift, segments
from schedules.states import Role

GAPS_WITHIN, REACHED_WITHIN = timedelta(days=30), timedelta(days=30)
TURNS_WITHIN, CLOCKS_WITHIN = timedelta(weeks=12), timedelta(days=14)
SOON, YEAR = timedelta(days=7), timedelta(weeks=52)


class Kind(StrEnum):
    """What is wrong."""

    DRAFT = "draft"
    NO_LAYERS = "no_layers"
    GAP = "gap"
    EMPTY_LAYER = "empty_layer"
    OVER = "over"
    ABSENT = "absent"
    UNREACHABLE = "unreachable"
    ONLY_EMAIL = "only_email"
    NO_TURN = "no_turn"
    SINGLE = "single"
    UNREAD = "unread"
    UNKNOWN_NAMES = "unknown_names"
    CLOCKS = "clocks"


class Level(StrEnum):
    """How bad it is: somebody's page may be missed, it may be one day, it is good to know."""

    DANGER = "danger"
    WARNING = "warning"
    INFO = "info"


ORDER = list(Level)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; what does not apply is left empty."""

    kind: Kind
    level: Level
    layer: Key | None = None
    user: int | None = None
    role: Role | None = None
    start: datetime | None = None
    end: datetime | None = None
    goes_on: bool = False
    """Beyond what was looked at."""
    count: int = 0
    """How many more of the same kind there are; of the clocks: seconds they go forward."""
    words: str = ""


@dataclass(frozen=True)
class Facts:
    """What a roster does not know, read beside it."""

    is_active: bool = True
    absent: tuple[tuple[Key, int], ...] = ()
    """Who has a place in a layer but cannot be on call."""
    reached_by: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The kinds of usable contact methods of each person."""
    unread: tuple[tuple[Key, str], ...] = ()
    """Calendars that cannot be read, and why."""
    unknown: tuple[tuple[Key, tuple[str, ...]], ...] = ()
    """Names in calendars that are nobody's."""


def find(
    plan: Plan, shifts: Sequence[Shift], facts: Facts, zone: tzinfo, now: datetime
) -> list[Finding]:
    """Return everything that is wrong, the worst first. `shifts` are the final ones of the year
    from `now` on, `zone` is the schedule's."""
    found: list[Finding] = []
    if not facts.is_active:
        found.append(Finding(Kind.DRAFT, Level.INFO))
    if not (plan.rotations or plan.fixed or plan.imported):
        found.append(Finding(Kind.NO_LAYERS, Level.WARNING))
    found += gaps(plan, shifts, now)
    found += unreachable(shifts, facts, now)
    found += layers(plan, facts, now)
    found += turns(plan, shifts, now)
    found += clocks(segments(plan, now, now + CLOCKS_WITHIN), zone, now)
    if not facts.is_active:  # nobody is paged by it yet
        found = [
            replace(each, level=max(each.level, Level.WARNING, key=ORDER.index)) for each in found
        ]
    return sorted(found, key=lambda each: ORDER.index(each.level))


def gaps(plan: Plan, shifts: Sequence[Shift], now: datetime, most: int = 3) -> Iterable[Finding]:
    """Yield, per role, the first stretches of the next 30 days in which nobody has it. A hole
    that was made on purpose is only noted."""
    horizon = now + GAPS_WITHIN
    for role in ROLES:
        meant = _on_purpose(plan, role, now, horizon)
        mine = _joined(s for s in shifts if s.role == role and s.user is None and s.start < horizon)
        for n, (start, end) in enumerate(mine[:most], start=1):
            is_meant = any(low <= start and end <= high for low, high in meant)
            is_soon = role == Role.PRIMARY and start < now + SOON
            yield Finding(
                Kind.GAP,
                Level.INFO if is_meant else Level.DANGER if is_soon else Level.WARNING,
                role=role,
                start=start,
                end=min(end, horizon),
                goes_on=end >= horizon,
                count=max(0, len(mine) - most) if n == most else 0,
                words="on purpose" if is_meant else "",
            )


def _on_purpose(plan: Plan, role: Role, since: datetime, until: datetime) -> list[Span]:
    """Return when a layer says that nobody has a role."""
    found: list[Span] = []
    for layer in plan.fixed:
        if layer.is_nobody and layer.role == role:
            said = [*layer.changes(since, until), (until, None)]
            found += [(at, end) for (at, post), (end, _) in pairwise(said) if post and post.hides]
    return joined(found)


def unreachable(shifts: Sequence[Shift], facts: Facts, now: datetime) -> Iterable[Finding]:
    """Yield who is on call in the next 30 days and cannot be reached, or by e-mail alone."""
    first: dict[int, Shift] = {}
    for shift in shifts:
        if shift.user is not None and shift.start < now + REACHED_WITHIN:
            first.setdefault(shift.user, shift)
    for user, shift in first.items():
        kinds = facts.reached_by.get(user, frozenset())
        if not kinds:
            yield Finding(
                Kind.UNREACHABLE, Level.DANGER, user=user, role=shift.role, start=shift.start
            )
        elif kinds == {"email"}:
            yield Finding(
                Kind.ONLY_EMAIL, Level.WARNING, user=user, role=shift.role, start=shift.start
            )


def layers(plan: Plan, facts: Facts, now: datetime) -> Iterable[Finding]:
    """Yield layers without anybody or out of force, calendars in trouble, places left empty."""
    for key, user in facts.absent:
        yield Finding(Kind.ABSENT, Level.WARNING, layer=key, user=user)
    every: list[Layer] = [*plan.rotations, *plan.fixed, *plan.imported]
    for layer in every:
        if isinstance(layer, Rotation) and layer.until is not None:
            continue  # the former rule, until the next hand-off
        if not layer.speaks or (isinstance(layer, Rotation) and not any(layer.members)):
            yield Finding(Kind.EMPTY_LAYER, Level.WARNING, layer=layer.key)
        elif [post for _, post in islice(layer.changes(now, now + YEAR), 2)] == [None]:
            yield Finding(Kind.OVER, Level.INFO, layer=layer.key)
    for key, words in facts.unread:
        yield Finding(Kind.UNREAD, Level.WARNING, layer=key, words=words)
    for key, names in facts.unknown:
        yield Finding(Kind.UNKNOWN_NAMES, Level.WARNING, layer=key, words=", ".join(names))


def turns(plan: Plan, shifts: Sequence[Shift], now: datetime) -> Iterable[Finding]:
    """Yield who takes turns but has none in the next twelve weeks; and who is alone in it."""
    until = now + TURNS_WITHIN
    firsts: dict[int, datetime] = {}
    for user, spans in on_shift(shifts).items():
        firsts[user] = spans[0][0]
    for user in _in_line(plan, now, until):
        if user not in firsts:
            yield Finding(Kind.NO_TURN, Level.WARNING, user=user)
        elif firsts[user] >= until:
            yield Finding(Kind.NO_TURN, Level.INFO, user=user, start=firsts[user])
    serving = {user for user, first in firsts.items() if first < until}
    if len(serving) == 1:
        yield Finding(Kind.SINGLE, Level.WARNING, user=next(iter(serving)))


def clocks(cuts: Iterable[Segment], zone: tzinfo, now: datetime) -> Iterable[Finding]:
    """Yield the changes of the clocks in the next 14 days; a warning where a hand-off meets one.

    `cuts` are the final segments from now until then.
    """
    changes = list(turned(zone, now, now + CLOCKS_WITHIN))
    if not changes:
        return
    handoffs = [(one, other) for one, other in pairwise(cuts) if one.duties != other.duties]
    for at, forward in changes:
        low, high = min(at, at + forward), max(at, at - forward)
        met = [pair for pair in handoffs if low <= pair[1].start < high or pair[1].start == at]
        yield Finding(
            Kind.CLOCKS,
            Level.WARNING if met else Level.INFO,
            role=_moved(*met[0]) if met else None,
            start=at,
            end=met[0][1].start if met else None,
            count=round(forward.total_seconds()),
        )


def turned(zone: tzinfo, since: datetime, until: datetime) -> Iterable[tuple[datetime, timedelta]]:
    """Yield when the clocks of a zone are changed, and by how much they go forward."""
    at = since.replace(microsecond=0)
    while at < until:
        low, high = at, at + DAY
        forward = _offset(high, zone) - _offset(low, zone)
        if forward:
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                same = _offset(middle, zone) == _offset(at, zone)
                low, high = (middle, high) if same else (low, middle)
            change = high.replace(microsecond=0)
            if change < until:
                yield change, forward
        at += DAY


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _moved(one: Segment, other: Segment) -> Role:
    """Return the first role that is handed over between two segments."""
    return next((role for role in ROLES if one.people(role) != other.people(role)), ROLES[0])


def _in_line(plan: Plan, since: datetime, until: datetime) -> list[int]:
    """Return who has a place in a rotation over all of a stretch of time."""
    found: dict[int, None] = {}
    for rotation in plan.rotations:
        first, last = (at.astimezone(rotation.zone).date() for at in (since, until))
        for place, user in enumerate(rotation.members):
            joins, leaves = rotation.dated[place] if rotation.dated else (None, None)
            is_here = (joins is None or joins <= first) and (leaves is None or leaves >= last)
            begins = rotation.starts.date() <= first and rotation.until is None
            goes_on = rotation.ends is None or rotation.ends.date() >= last
            if user is not None and is_here and begins and goes_on:
                found[user] = None
    return list(found)


def _joined(shifts: Iterable[Shift]) -> list[tuple[datetime, datetime]]:
    return joined([(shift.start, shift.end) for shift in shifts])
