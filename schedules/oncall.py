"""Who is on call: the answers everybody else asks for, ids in, ids out, one query each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from schedules import resolver, rosters, rota
from schedules.models import PastDuty, Schedule
from schedules.resolver import Duty, Source
from schedules.rosters import Roster
from schedules.rota import Segment, Shift
from schedules.states import Role, Why

HORIZON = timedelta(days=400)  # how far ahead a next hand-off or a next shift is looked for
MEMBERS = "Members in their order"


@dataclass(frozen=True)
class OnCall:
    """Who is on call in one group at one instant: user ids, in the order to page them."""

    primary: tuple[int, ...] = ()
    secondary: tuple[int, ...] = ()
    manager: tuple[int, ...] = ()
    source: str = MEMBERS
    has_schedule: bool = False
    schedule_id: int | None = None
    duties: tuple[Duty, ...] = ()
    """Primaries and Secondaries once more, each with the rotation or override that says so."""

    @property
    def people(self) -> set[int]:
        return {*self.primary, *self.secondary, *self.manager}


@dataclass(frozen=True)
class BoardEntry:
    """One group on the board: who is on call now, and the first change of each role to come."""

    roster: Roster
    now: OnCall
    changes: dict[Role, Segment | None]


@dataclass(frozen=True)
class MyShift:
    """A shift of one person: running already, or the next to come."""

    group_id: int
    schedule_id: int
    shift: Shift
    is_now: bool


def on_call(group_ids: Iterable[int], at: datetime) -> dict[int, OnCall]:
    """Return who is on call at `at` for every group asked for, in one query however many.

    A group with an active schedule: whoever has the turn, after overrides; without one: the
    members' standing order. Managers always come from the members. Nobody who is inactive, a mere
    Stakeholder or no longer a member is ever returned.
    """
    wanted = list(group_ids)
    found = rosters.load(wanted, at, at + timedelta(microseconds=1))
    return {group: _answer(found[group], at) if group in found else OnCall() for group in wanted}


def next_handoff(group_id: int, at: datetime) -> Segment | None:
    """Return the stretch in which other people than at `at` are first on call, or None where no
    change is in sight. Its `start` is the hand-off."""
    roster = rosters.load([group_id], at, at + HORIZON).get(group_id)
    return rota.next_handoff(roster.plan, at, within=HORIZON) if roster else None


def board(group_ids: Iterable[int], at: datetime) -> dict[int, BoardEntry]:
    """Return on-call now and the next change of each role for many groups, in one query."""
    found = rosters.load(group_ids, at, at + HORIZON)
    return {group: entry_of(roster, at) for group, roster in found.items()}


def entry_of(roster: Roster, at: datetime) -> BoardEntry:
    """Return on-call at `at` and the next change of each role, from a roster that reaches as far
    as the horizon."""
    changes = {
        role: rota.next_handoff(roster.plan, at, [role], within=HORIZON) for role in resolver.ROLES
    }
    return BoardEntry(roster, _answer(roster, at), changes)


def shifts(schedule: Schedule, since: datetime, until: datetime) -> list[Shift]:
    """Return the final shifts of one schedule in [since, until), gaps included.

    Of a schedule that is not active: what it would do.
    """
    return rota.shifts(roster_of(schedule, since, until).plan, since, until)


def roster_of(schedule: Schedule, since: datetime, until: datetime) -> Roster:
    """Return the roster of a schedule, active or not, with the overrides in [since, until)."""
    found = rosters.load([schedule.group_id], since, until, schedule=schedule.pk)
    return found[schedule.group_id]


def my_shifts(user: User, now: datetime) -> list[MyShift]:
    """Return, for each group whose schedule puts `user` on call, the present shift or the next.

    The soonest first, in two queries. A standing order is no shift: it never ends.
    """
    found = []
    for roster in rosters.load(_groups_of(user, now), now, now + HORIZON).values():
        if roster.schedule is None:
            continue
        mine = rota.next_shift(roster.plan, user.pk, now, within=HORIZON)
        if mine is not None:
            found.append(MyShift(roster.group, roster.schedule, mine, mine.start <= now))
    return sorted(found, key=lambda mine: (mine.shift.start, mine.group_id))


def my_calendar(user: User, since: datetime, until: datetime) -> list[MyShift]:
    """Return all final shifts of one person in [since, until) over all groups, by start.

    In two queries. `is_now` says whether it runs at `since`. A standing order is no shift.
    """
    found: list[MyShift] = []
    for roster in rosters.load(_groups_of(user, since), since, until).values():
        number = roster.schedule
        if number is None:
            continue
        found.extend(
            MyShift(roster.group, number, shift, shift.start <= since)
            for shift in rota.shifts(roster.plan, since, until)
            if shift.user == user.pk and shift.source and shift.source.why != Why.MEMBER
        )
    return sorted(found, key=lambda mine: (mine.shift.start, mine.group_id))


def my_next_shift(user: User, now: datetime) -> MyShift | None:
    """Return the shift `user` is in, else the next to come in any group."""
    return next(iter(my_shifts(user, now)), None)


def why(roster: Roster, source: Source | None) -> str:
    """Say in words where a shift comes from; a gap has no source."""
    if source is None:
        return "Nobody is on call"
    if source in roster.past_words:
        return roster.past_words[source]
    match source.why:
        case Why.MEMBER:
            return MEMBERS
        case Why.OVERRIDE:
            reason = roster.reasons.get(source.id, "")
            return f"Override: {reason}" if reason else "Override"
        case Why.SWAP | Why.TIME_OFF:
            return {Why.SWAP: "Swap", Why.TIME_OFF: "Covers time off"}[source.why]
        case _:
            name = roster.layer_names.get((source.why, source.id), "")
            return f"{source.why.label} “{name}”" if name else str(source.why.label)


def _answer(roster: Roster, at: datetime) -> OnCall:
    duties = resolver.on_call(roster.plan, at)
    return OnCall(
        primary=tuple([duty.user for duty in duties if duty.role is Role.PRIMARY]),
        secondary=tuple([duty.user for duty in duties if duty.role is Role.SECONDARY]),
        manager=roster.managers,
        source=_source(roster, duties),
        has_schedule=roster.schedule is not None,
        schedule_id=roster.schedule,
        duties=duties,
    )


def _source(roster: Roster, duties: Iterable[Duty]) -> str:
    if roster.schedule is None:
        return MEMBERS
    words = dict.fromkeys(why(roster, duty.source) for duty in duties)
    return f"Schedule “{roster.schedule_name}”: {'; '.join(words) or 'nobody is on call'}"


def _groups_of(user: User, since: datetime) -> list[int]:
    """Return the groups that may put the person on call: their own, and where they once were."""
    mine = Schedule.objects.active().filter(group__members__user=user)
    was = PastDuty.objects.filter(user=user, ends_at__gt=since)
    ids = mine.order_by().values("group_id").union(was.order_by().values("group_id"))
    return [row["group_id"] for row in ids]
