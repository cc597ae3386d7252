"""The frame of every change: settle the past, change, and note whose own shifts it moved."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from accounts.models import User
from schedules import past, rosters
from schedules.models import Schedule, ShiftChange
from schedules.preview import preview
from schedules.rota import Shift

AHEAD = timedelta(weeks=12)
"""How far ahead people are told that their shifts moved."""
MOST_PIECES = 50


@contextmanager
def moving(
    groups: Iterable[int], what: str, *, actor: User | None, now: datetime
) -> Iterator[None]:
    """Around a change of who is on call in these groups, in the caller's transaction.

    What was until `now` is on record first. Afterwards there is a note for everybody whose own
    shifts in the next twelve weeks are others than before; whoever made the change knows.
    """
    wanted = sorted(set(groups))
    past.settle(wanted, now)
    until = now + AHEAD
    before = rosters.load(wanted, now, until)
    yield
    after = rosters.load(wanted, now, until)
    notes = []
    for group in wanted:
        if group not in before or group not in after:
            continue
        schedule = after[group].schedule or before[group].schedule
        for moved in preview(before[group].plan, after[group].plan, now, until):
            if schedule is not None and (actor is None or moved.user != actor.pk):
                note = ShiftChange(schedule_id=schedule, user_id=moved.user, what=what[:200])
                note.made_by, note.made_at = actor, now
                note.gained, note.lost = _facts(moved.gained), _facts(moved.lost)
                notes.append(note)
    there = set(Schedule.objects.filter(group__in=wanted).values_list("pk", flat=True))
    ShiftChange.objects.bulk_create(note for note in notes if note.schedule_id in there)


def _facts(shifts: Iterable[Shift]) -> list[list[str]]:
    found = [[s.role.value, s.start.isoformat(), s.end.isoformat()] for s in shifts]
    return found[:MOST_PIECES]
