"""Two plans side by side: who would be on call when, before and after a change. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from schedules import rota
from schedules.posts import ROLES
from schedules.resolver import Plan
from schedules.states import Role, Why


@dataclass(frozen=True, slots=True)
class Difference:
    """[start, end): who has a role without the change, and who with it; ids, none is nobody."""

    role: Role
    start: datetime
    end: datetime
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def is_gap(self) -> bool:
        """Whether the change takes the last one away."""
        return bool(self.before) and not self.after


def differences(
    before: Plan, after: Plan, since: datetime, until: datetime, *, most: int
) -> tuple[list[Difference], bool]:
    """Return where the plans differ in [since, until), by start, at most so many; whether there
    are more. A standing order is nobody's shift: it stands in where nobody has the turn."""
    found: list[Difference] = []
    running: dict[Role, Difference] = {}
    for each in _pieces(before, after, since, until):
        last = running.get(each.role)
        if (
            last
            and last.end == each.start
            and (last.before, last.after)
            == (
                each.before,
                each.after,
            )
        ):
            running[each.role] = replace(last, end=each.end)
            continue
        if last:
            found.append(last)
        if len(found) + len(running) > most + len(ROLES):
            break
        running[each.role] = each
    found.extend(running.values())
    found.sort(key=lambda each: (each.start, ROLES.index(each.role)))
    return found[:most], len(found) > most


def _pieces(before: Plan, after: Plan, since: datetime, until: datetime) -> Iterator[Difference]:
    """Yield each stretch without a change in either plan in which they differ, by start."""
    left, right = rota.segments(before, since, until), rota.segments(after, since, until)
    old, new = next(left, None), next(right, None)
    while old is not None and new is not None:
        start, end = max(old.start, new.start), min(old.end, new.end)
        for role in ROLES:
            was, will = _people(old, role), _people(new, role)
            if was != will:
                yield Difference(role, start, end, was, will)
        ended = end
        if old.end == ended:
            old = next(left, None)
        if new.end == ended:
            new = next(right, None)


def _people(segment: rota.Segment, role: Role) -> tuple[int, ...]:
    return tuple(
        duty.user for duty in segment.duties if duty.role == role and duty.source.why != Why.MEMBER
    )
