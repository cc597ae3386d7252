"""What a quick form offers: the posts one can take over, the shifts one can give away."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from schedules import oncall, resolver, rota
from schedules.models import Schedule
from schedules.posts import ROLES
from schedules.rota import Shift
from schedules.states import Why

AHEAD = timedelta(weeks=8)
MOST = 30
NOW = "now"


@dataclass(frozen=True)
class Mine:
    """My shifts ahead: as choices, and by the value of each."""

    choices: list[tuple[str, str]]
    shifts: dict[str, Shift]


def posts(schedule: Schedule, user: User, now: datetime) -> list[tuple[str, str]]:
    """Return the posts that somebody else has now, or nobody, as choices."""
    plan = oncall.roster_of(schedule, now, now + timedelta(microseconds=1)).plan
    duties = resolver.on_call(plan, now)
    names = User.objects.in_bulk({duty.user for duty in duties})
    found = []
    for role in ROLES:
        there = [
            duty.user for duty in duties if duty.role == role and duty.source.why != Why.MEMBER
        ]
        if user.pk in there:
            continue
        found += [(f"{role}:{pk}", f"{role.label}, for {names[pk]}") for pk in there]
        if not there:
            found.append((f"{role}:", f"{role.label}, where nobody is"))
    return found


def mine(schedule: Schedule, user: User, now: datetime) -> Mine:
    """Return my shifts by this schedule in the next weeks, the running one first."""
    roster = oncall.roster_of(schedule, now, now + AHEAD)
    found = Mine([], {})
    for shift in rota.shifts(roster.plan, now, now + AHEAD):
        if shift.user != user.pk or shift.source is None or shift.source.why == Why.MEMBER:
            continue
        value = value_of(shift, now)
        if value in found.shifts or len(found.choices) >= MOST:
            continue
        found.shifts[value] = shift
        begins, ends = (at.astimezone(schedule.zone) for at in (shift.start, shift.end))
        start = "Now" if shift.start <= now else _words(begins)
        found.choices.append((value, f"{shift.role.label}: {start} to {_words(ends)}"))
    return found


def value_of(shift: Shift, now: datetime) -> str:
    """Return what names a shift of one person in a form."""
    start = NOW if shift.start <= now else f"{shift.start:%Y%m%dT%H%M%SZ}"
    return f"{shift.role}.{start}"


def _words(wall: datetime) -> str:
    return f"{wall:%a} {wall.day} {wall:%b}, {wall:%H:%M}"
