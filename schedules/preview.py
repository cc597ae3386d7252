"""What a change would do: who gains and who loses which shifts, before anything is saved."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from django.db import transaction

from schedules import rosters, rota
from schedules.models import Schedule
from schedules.resolver import Plan
from schedules.rota import Shift
from schedules.states import Role, Why

Line = tuple[int, Role]


@dataclass(frozen=True, slots=True)
class Moved:
    """One person whose shifts differ: what is theirs afterwards, what no longer is."""

    user: int
    gained: tuple[Shift, ...]
    lost: tuple[Shift, ...]


def preview(before: Plan, after: Plan, since: datetime, until: datetime) -> list[Moved]:
    """Return everybody whose shifts in [since, until) differ, by id. Pure.

    Only who is on call when counts, not for which reason; a standing order is no shift.
    """
    old, new = _lines(before, since, until), _lines(after, since, until)
    gained = {line: list(_without(shifts, old.get(line, []))) for line, shifts in new.items()}
    lost = {line: list(_without(shifts, new.get(line, []))) for line, shifts in old.items()}
    people = sorted({user for found in (gained, lost) for (user, _), s in found.items() if s})
    return [Moved(user, _of(user, gained), _of(user, lost)) for user in people]


def proposed(
    schedule: Schedule, change: Callable[[], None], since: datetime, until: datetime
) -> tuple[Plan, Plan]:
    """Return the plan of a schedule, active or not, without and with a change.

    The change is really made, seen, and taken back whole in the database; what it
    raises is passed on. The objects it touched are for nothing else afterwards.
    """
    before = _plan(schedule, since, until)
    with transaction.atomic():
        point = transaction.savepoint()
        try:
            change()
            after = _plan(schedule, since, until)
        finally:
            transaction.savepoint_rollback(point)
    return before, after


def _plan(schedule: Schedule, since: datetime, until: datetime) -> Plan:
    if not schedule.pk:  # not saved yet
        return Plan()
    found = rosters.load([schedule.group_id], since, until, schedule=schedule.pk)
    return found[schedule.group_id].plan


def _lines(plan: Plan, since: datetime, until: datetime) -> dict[Line, list[Shift]]:
    """Return everybody's shifts per role, by start, those that touch joined."""
    found: dict[Line, list[Shift]] = {}
    for shift in rota.shifts(plan, since, until):
        if shift.user is None or shift.source is None or shift.source.why == Why.MEMBER:
            continue
        mine = found.setdefault((shift.user, shift.role), [])
        if mine and shift.start <= mine[-1].end:
            mine[-1] = replace(mine[-1], end=max(mine[-1].end, shift.end))
        else:
            mine.append(shift)
    return found


def _without(shifts: Iterable[Shift], taken: list[Shift]) -> Iterable[Shift]:
    """Yield what of `shifts` lies outside `taken`; both by start, none touching its neighbour."""
    first = 0
    for shift in shifts:
        at = shift.start
        while first < len(taken) and taken[first].end <= at:
            first += 1
        for other in islice(taken, first, None):
            if other.start >= shift.end:
                break
            if at < other.start:
                yield replace(shift, start=at, end=other.start)
            at = other.end
        if at < shift.end:
            yield replace(shift, start=at)


def _of(user: int, found: dict[Line, list[Shift]]) -> tuple[Shift, ...]:
    mine = [shift for (who, _), shifts in found.items() if who == user for shift in shifts]
    return tuple(sorted(mine, key=lambda shift: (shift.start, shift.role)))
