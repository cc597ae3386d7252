"""Rotations: which turn it is, when it ends, who has it. Pure arithmetic on the wall clock.

A turn is found by counting units between two wall times, never by walking from the beginning and
never in hours that passed; months are added to the first hand-off, so the 31st comes back after
February. With `worked`, turns without duty hours are not counted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from schedules.duty_hours import DutyHours
from schedules.lines import Dates, Line, line
from schedules.once import once
from schedules.posts import FAR, ROLES, Change, Key, Post, Source, merged
from schedules.states import Advance, Fills, Role, Unit, Why
from schedules.walltime import first_instant, last_instant
from schedules.worked import Beat, worked_turns


@dataclass(frozen=True)
class Rotation:
    """People taking turns. A member who is None is an empty slot: that turn belongs to nobody."""

    id: int
    zone: tzinfo
    starts: datetime
    """Wall time, naive, of the first hand-off. Nobody is on call before it."""
    unit: Unit
    count: int
    members: tuple[int | None, ...]
    fills: Fills = Fills.PRIMARY
    rank: int = 0
    ends: datetime | None = None
    """Wall time, naive, at which it is over: at its last coming, so that nobody leaves early."""
    people_at_once: int = 1
    advance: str = Advance.CALENDAR
    dated: tuple[Dates, ...] = ()
    """When the member of each place joins and leaves; empty where nobody does."""
    windows: tuple[tuple[int, int], ...] = ()
    """Duty hours in minutes of the week on the wall; empty for always. See `duty_hours`."""
    holidays: frozenset[date] = frozenset()
    on_holidays: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """The instants (UTC) between which this rule is in force: an edit waits for a hand-off."""

    def __post_init__(self) -> None:
        if self.count < 1 or self.people_at_once < 1:
            raise ValueError("A turn lasts at least one unit and is had by at least one person.")
        if self.starts.tzinfo is not None:
            raise ValueError("A rotation starts at a wall time, without a zone of its own.")

    @property
    def key(self) -> Key:
        return (Why.ROTATION, self.id)

    @property
    def speaks(self) -> bool:
        """Whether there is anybody, or deliberately nobody, in the line."""
        return bool(self.members)

    @once
    def roles(self) -> tuple[Role, ...]:
        """What a turn fills: its holders the first of these, the next in line the second."""
        return ROLES if self.fills == Fills.BOTH else (Role(self.fills.value),)

    @once
    def hours(self) -> DutyHours:
        return DutyHours(self.windows, self.holidays, self.on_holidays)

    @once
    def line(self) -> Line:
        return line(len(self.members), self.dated, self.people_at_once, self._serial_from)

    @once
    def _made(self) -> dict[object, tuple[tuple[int, ...], tuple[int, ...]]]:
        return {}

    @once
    def beat(self) -> Beat:
        return Beat(self.starts, self.unit, self.count)

    def serial(self, turn: int) -> int:
        """Return how many turns were counted before this one."""
        if self.advance == Advance.CALENDAR or self.hours.always:
            return turn
        return worked_turns(self.beat, self.hours).before(turn)

    def _serial_from(self, day: date) -> int:
        """Return how many counted turns begin before `day`."""
        midnight = datetime.combine(day, time())
        if midnight <= self.starts:
            return 0
        turn = self.beat.turn_at(midnight)
        return self.serial(turn if self.beat.start(turn) == midnight else turn + 1)

    def post(self, turn: int) -> Post:
        """Return who has a turn, on duty hours."""
        places = self.line.at(self.serial(turn), self.people_at_once)
        made = self._made.get(places)
        if made is None:
            made = self._made[places] = self._people(*places)
        return Post(Source(Why.ROTATION, self.id, turn), *made)

    def _people(
        self, now: tuple[int, ...], behind: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        members = self.members
        holders = tuple(dict.fromkeys(m for m in map(members.__getitem__, now) if m is not None))
        if self.fills == Fills.SECONDARY:
            return (), holders
        if self.fills == Fills.PRIMARY:
            return holders, ()
        later = dict.fromkeys(m for m in map(members.__getitem__, behind) if m is not None)
        following = tuple(m for m in later if m not in holders)
        return holders, following[: self.people_at_once]

    @once
    def _over(self) -> datetime:
        """The instant from which on nobody is on call."""
        end = FAR if self.ends is None else last_instant(self.ends, self.zone)
        return end if self.until is None else min(end, self.until)

    def post_at(self, at: datetime) -> Post | None:
        """Return what it says at `at` (UTC), or None where it is not in force or has no line."""
        if not self.members or at >= self._over or (self.since is not None and at < self.since):
            return None
        turn = turn_at(self, at)
        if turn is None:
            return None
        if not self.hours.always and not self.hours.cover(at, self.zone):
            return Post(Source(Why.ROTATION, self.id, turn), on_duty=False)
        return self.post(turn)

    def changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        """Yield what it says from `since` (UTC) on, and then each change before `until`."""
        return merged(self._changes(since, until))

    def _changes(self, since: datetime, until: datetime) -> Iterator[Change]:
        begin, end = max(turn_start(self, 0), self.since or since, since), min(self._over, until)
        if not self.members or begin >= end:
            yield since, None
            return
        if begin > since:
            yield since, None
        turn = turn_at(self, begin) or 0
        at, over = begin, turn_start(self, turn + 1)
        spans = None if self.hours.always else self.hours.spans(begin, end, self.zone)
        span = next(spans, None) if spans is not None else None
        while at < end:
            if spans is None:
                yield at, self.post(turn)
            else:
                stop = min(over, end)
                yield at, Post(Source(Why.ROTATION, self.id, turn), on_duty=False)
                while span is not None and span[0] < stop:
                    yield max(span[0], at), self.post(turn)
                    if span[1] > stop:
                        break
                    yield span[1], Post(Source(Why.ROTATION, self.id, turn), on_duty=False)
                    span = next(spans, None)
            at, turn = over, turn + 1
            over = turn_start(self, turn + 1)
        if end < until:
            yield end, None


def turn_at(rotation: Rotation, at: datetime) -> int | None:
    """Return the number of the turn that contains `at` (UTC), or None before the first hand-off."""
    wall = at.astimezone(rotation.zone)
    turn = rotation.beat.turn_at(wall.replace(tzinfo=None, fold=0))
    if wall.fold:  # the clock has already shown later times than it shows now
        while turn_start(rotation, turn + 1) <= at:
            turn += 1
    return turn if turn >= 0 else None


def turn_start(rotation: Rotation, turn: int) -> datetime:
    """Return the instant at which a turn begins, which is when the one before it ends.

    A turn whose whole wall time is left out by a change of the clocks has no length; it is never
    the answer of `turn_at`.
    """
    try:
        return first_instant(rotation.beat.start(turn), rotation.zone)
    except OverflowError:  # beyond the year 9999: this turn never ends
        return FAR
