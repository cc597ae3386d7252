"""One schedule looked at as a whole: what is wrong, how good it is, who carries how much.

Reads what the pure functions ask for, in a number of queries that does not grow, and calls them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from accounts.models import ContactMethod, User
from schedules import findings, findings_words, hours, oncall, rota
from schedules.findings import Facts, Finding
from schedules.findings_words import Names
from schedules.hours import Hours, Times
from schedules.models import FixedShiftPerson, Holiday, ImportedCalendar, RotationMember, Schedule
from schedules.posts import Key
from schedules.quality import YEAR, Quality, quality
from schedules.rosters import Roster
from schedules.states import Role, Why

MOST_NAMES = 10


@dataclass(frozen=True)
class Review:
    """What there is to say about a schedule at one instant."""

    now: datetime
    findings: list[tuple[Finding, str]]
    """Each with its sentence, the worst first."""
    quality: Quality | None
    """None where there are no layers."""
    advice: list[str]
    people: Mapping[int, User]
    names: Names


def review(schedule: Schedule, now: datetime, *, zone: tzinfo | None = None) -> Review:
    """Look at the year from `now` on; times are said in `zone`, or the schedule's own."""
    until = now + YEAR
    roster = oncall.roster_of(schedule, now, until)
    shifts = rota.shifts(roster.plan, now, until)
    facts = _facts(schedule, roster, now)
    found = findings.find(roster.plan, shifts, facts, roster.zone, now)
    people = User.objects.in_bulk({*roster.plan.people, *(user for _, user in facts.absent)})
    names = Names(
        zone or roster.zone,
        roster.zone,
        now,
        {pk: str(user) for pk, user in people.items()},
        roster.layer_names,
    )
    judged = quality(roster.plan, shifts, now, until) if roster.plan.layers else None
    return Review(
        now,
        [(each, findings_words.sentence(each, names)) for each in found],
        judged,
        findings_words.advice(judged, names) if judged else [],
        people,
        names,
    )


def hours_of(
    schedule: Schedule,
    since: datetime,
    until: datetime,
    zone: tzinfo,
    *,
    now: datetime,
    role: Role | None = None,
) -> tuple[list[Hours], Mapping[int, User]]:
    """Return everybody's hours in [since, until), and who they are. The past is the record's."""
    roster = oncall.roster_of(schedule, since, until)
    serving = hours.on_shift(rota.shifts(roster.plan, since, until), role)
    days = _holidays(schedule, since.astimezone(zone).date(), until.astimezone(zone).date())
    found = hours.per_person(serving, Times.of(since, until, zone, days), now)
    return found, User.objects.in_bulk(serving)


def _holidays(schedule: Schedule, first: date, last: date) -> frozenset[date]:
    """Return the public holidays of the schedule's calendar, else of its layers'."""
    calendars = {schedule.holidays_id} if schedule.holidays_id else set()
    if not calendars:
        for layers in (schedule.rotations, schedule.fixed_shifts, schedule.calendars):
            calendars.update(layers.exclude(holidays=None).values_list("holidays", flat=True))
    found = Holiday.objects.filter(calendar__in=calendars, on__range=(first, last))
    return frozenset(found.values_list("on", flat=True))


def _facts(schedule: Schedule, roster: Roster, now: datetime) -> Facts:
    kinds: dict[int, set[str]] = {}
    usable = ContactMethod.objects.usable().filter(user__in=roster.plan.people)
    for user, kind in usable.values_list("user", "kind"):
        kinds.setdefault(user, set()).add(kind)
    calendars = ImportedCalendar.objects.filter(schedule=schedule, is_enabled=True)
    calendars = calendars.defer("body", "url")
    return Facts(
        schedule.is_active,
        _absent(schedule, roster, now.astimezone(roster.zone).date()),
        {user: frozenset(mine) for user, mine in kinds.items()},
        tuple(((Why.IMPORT, each.pk), each.error) for each in calendars if each.error),
        tuple(
            ((Why.IMPORT, each.pk), tuple(each.unknown_names[:MOST_NAMES]))
            for each in calendars
            if each.unknown_names
        ),
    )


def _absent(schedule: Schedule, roster: Roster, today: date) -> tuple[tuple[Key, int], ...]:
    """Return who has a place in a layer but can no longer be on call: their turns are empty."""
    here: dict[Key, set[int | None]] = {
        rotation.key: set(rotation.members) for rotation in roster.plan.rotations
    }
    here |= {fixed.key: set(fixed.people) for fixed in roster.plan.fixed}
    lines = RotationMember.objects.filter(rotation__schedule=schedule, user__isnull=False)
    places = [
        ((Why.ROTATION, rotation), user)
        for rotation, user, leaves in lines.values_list("rotation", "user", "leaves_on")
        if leaves is None or leaves > today
    ]
    shared = FixedShiftPerson.objects.filter(shift__schedule=schedule)
    places += [((Why.FIXED, shift), user) for shift, user in shared.values_list("shift", "user")]
    return tuple(
        dict.fromkeys((key, user) for key, user in places if key in here and user not in here[key])
    )
