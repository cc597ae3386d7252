"""What a change would do, ready to be looked at: who gains, who loses, the calendar of then.

Nothing is saved. What was looked at has a mark; only what still has the same mark is saved.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from schedules import grid, oncall, preview, rota
from schedules.models import FixedShift, Rotation, Schedule
from schedules.posts import Key
from schedules.resolver import Plan
from schedules.rota import Shift
from schedules.states import Role, Why
from schedules.timeline import Axis, Days, Range
from schedules.timeline_rows import Chart, Drawing, people_of

AHEAD = timedelta(weeks=12)
FURTHEST = timedelta(weeks=104)
DRAWN = timedelta(days=28)
MOST_SHIFTS = 6
HOUR = timedelta(hours=1)
Change = Callable[[], Rotation | FixedShift | Schedule | None]


@dataclass(frozen=True)
class Effect:
    """What it means to one person: shifts gained and lost, hours before and after."""

    user: User
    gained: list[str]
    lost: list[str]
    more_gained: int
    more_lost: int
    before: float
    after: float


@dataclass(frozen=True)
class Proposal:
    """A change that was made, seen and taken back."""

    effects: list[Effect]
    gaps: list[tuple[Role, float, float]]
    """Hours in which nobody has a role, before and after, where they differ."""
    idle: list[User]
    """Who has a place in a line but no turn in all that time."""
    charts: list[Chart]
    until: datetime
    mark: str


def horizon(now: datetime, starts: datetime | None) -> datetime:
    """Return until when a change is looked at: twelve weeks from its beginning."""
    begin = max(now, starts or now)
    return min(begin + AHEAD, now + FURTHEST).replace(minute=0, second=0, microsecond=0)


def propose(schedule: Schedule, change: Change, now: datetime, until: datetime) -> Proposal:
    """Return what `change` would do until `until`. What it raises is passed on."""
    saved: list[Any] = []
    roster = oncall.roster_of(schedule, now, until)
    before, after = preview.proposed(schedule, lambda: saved.append(change()), now, until)
    names = dict(roster.layer_names) | _names(saved)
    then = replace(roster, plan=after, layer_names=names)
    roster = replace(roster, plan=before)
    old, new = rota.shifts(before, now, until), rota.shifts(after, now, until)
    users = User.objects.in_bulk(people_of(roster) | people_of(then))
    moved = preview.preview(before, after, now, until)
    first = min((s.start for m in moved for s in (*m.gained, *m.lost)), default=now)
    zone = saved[0].zone if isinstance(saved[0], Schedule) else schedule.zone
    drawing = Drawing(roster, users, _axis(first, zone, now), now, until, {})
    hours = _hours(old), _hours(new)
    return Proposal(
        [_effect(each, users, drawing, hours) for each in moved if each.user in users],
        [
            (role, gone, left)
            for role in Role
            if (gone := hours[0][None, role]) != (left := hours[1][None, role])
        ],
        _idle(after, new, users),
        [
            _chart("Now", drawing, old),
            _chart("After the change", replace(drawing, roster=then), new),
        ],
        until,
        _mark(now, until, old, new),
    )


def _axis(first: datetime, zone: Any, now: datetime) -> Axis:
    day = first.astimezone(zone).date()
    return Axis(Days(Range.MONTH, day, day + DRAWN), zone, now)


def _chart(label: str, drawing: Drawing, shifts: list[Shift]) -> Chart:
    return drawing.chart(label, drawing.final(grid.joined(shifts), {}), {})


def _names(saved: Iterable[Any]) -> dict[Key, str]:
    kinds = {Rotation: Why.ROTATION, FixedShift: Why.FIXED}
    return {(kinds[type(each)], each.pk): each.name for each in saved if type(each) in kinds}


def _effect(
    moved: preview.Moved,
    users: dict[int, User],
    drawing: Drawing,
    hours: tuple[dict[Any, float], dict[Any, float]],
) -> Effect:
    def words(shifts: tuple[Shift, ...]) -> list[str]:
        shown = shifts[:MOST_SHIFTS]
        return [f"{s.role.label}: {drawing.when(s.start, s.end)}" for s in shown]

    before, after = (sum(each[moved.user, role] for role in Role) for each in hours)
    return Effect(
        users[moved.user],
        words(moved.gained),
        words(moved.lost),
        max(0, len(moved.gained) - MOST_SHIFTS),
        max(0, len(moved.lost) - MOST_SHIFTS),
        before,
        after,
    )


def _hours(shifts: Iterable[Shift]) -> dict[Any, float]:
    """Return the hours of each person, and of nobody, in each role; a standing order has none."""
    found: dict[Any, float] = defaultdict(float)
    for shift in shifts:
        if shift.source is None or shift.source.why != Why.MEMBER:
            found[shift.user, shift.role] += (shift.end - shift.start) / HOUR
    return found


def _idle(after: Plan, shifts: Iterable[Shift], users: dict[int, User]) -> list[User]:
    busy = {shift.user for shift in shifts if shift.source and shift.source.why != Why.MEMBER}
    waiting = {user for rotation in after.rotations for user in rotation.members if user}
    return [users[pk] for pk in sorted(waiting - busy) if pk in users]


def _mark(now: datetime, until: datetime, *calendars: list[Shift]) -> str:
    """Return a mark of who is on call when, before and after, from now on.

    The same a minute later, as long as no shift has begun in between.
    """
    facts = [
        [
            [s.user, s.role.value, s.start.isoformat() if s.start > now else "", str(s.end)]
            for s in grid.joined(shifts)
        ]
        for shifts in calendars
    ]
    text = json.dumps([facts, until.isoformat()])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
