"""Checking and storing what a rotation is made of besides its own row: the line, the duty hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError

from accounts.models import User
from groups.models import Group, Member
from schedules import outgoing, rosters
from schedules.models import DutyWindow, Rotation, RotationMember, validate_assignable
from schedules.models_rotations import WEEK_MINUTES
from schedules.resolver import turn_at, turn_start
from schedules.turns import Rotation as Rule
from schedules.walltime import last_instant, zone_of

MOST_PLACES = 200
MOST_WINDOWS = 50
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the line, for good or between two days. Without a person it is nobody's turn."""

    user: User | None
    joins_on: date | None = None
    leaves_on: date | None = None


Window = tuple[int, int]
"""Minutes of the week: from, until. May run over the end of the week."""


def checked_line(line: Sequence[User | Place | None], group: Group, *, today: date) -> list[Place]:
    """Return the line as places. Raises ValidationError in one sentence."""
    if len(line) > MOST_PLACES:
        raise ValidationError(f"A line has at most {MOST_PLACES} places.")
    places = [each if isinstance(each, Place) else Place(each) for each in line]
    for place in places:
        if place.joins_on and place.leaves_on and place.leaves_on <= place.joins_on:
            raise ValidationError("The day of leaving must be after the day of joining.")
        has_left = place.leaves_on is not None and place.leaves_on <= today
        if place.user is not None and not has_left:
            validate_assignable(place.user, group)
    return places


def checked_windows(windows: Sequence[Window]) -> list[Window]:
    """Return duty hours by their start. Raises ValidationError where they overlap."""
    if len(windows) > MOST_WINDOWS:
        raise ValidationError(f"At most {MOST_WINDOWS} stretches of duty hours fit a week.")
    for start, end in windows:
        if not 0 <= start < WEEK_MINUTES or not start < end < start + WEEK_MINUTES:
            raise ValidationError("Duty hours must end after they begin, within a week.")
    ordered = sorted(windows)
    for this, following in pairwise(ordered):
        if following[0] < this[1]:
            _refuse_overlap(this, following)
    if ordered and ordered[-1][1] - WEEK_MINUTES > ordered[0][0]:
        _refuse_overlap(ordered[-1], ordered[0])
    return ordered


def store_line(rotation: Rotation, places: Sequence[Place]) -> None:
    """Replace the line as a whole."""
    group = rotation.schedule.group_id
    users = {place.user.pk for place in places if place.user is not None}
    members = dict(Member.objects.filter(group=group, user__in=users).values_list("user", "pk"))
    rotation.members.all().delete()
    RotationMember.objects.bulk_create(
        RotationMember(
            rotation=rotation,
            user=place.user,
            member_id=members.get(place.user.pk) if place.user else None,
            position=position,
            joins_on=place.joins_on,
            leaves_on=place.leaves_on,
        )
        for position, place in enumerate(places)
    )


def store_windows(rotation: Rotation, windows: Sequence[Window]) -> None:
    """Replace the duty hours as a whole."""
    rotation.windows.all().delete()
    DutyWindow.objects.bulk_create(
        DutyWindow(rotation=rotation, starts_minute=start, ends_minute=end)
        for start, end in windows
    )


def rule_of(rotation: Rotation) -> dict[str, Any]:
    """Return the stored rule as JSON, to be compared and to be kept until the next hand-off."""
    row = Rotation.objects.get(pk=rotation.pk)
    starts = datetime.combine(row.starts_on, row.handoff_at)
    ends = datetime.combine(row.ends_on, row.handoff_at) if row.ends_on else None
    places = row.members.order_by("position", "pk").values_list("user", "joins_on", "leaves_on")
    return outgoing.frozen(
        {name: getattr(row, name) for name in outgoing.FIELDS},
        starts=starts.isoformat(),
        ends=ends.isoformat() if ends else None,
        holidays=row.holidays_id,
        windows=[[*w] for w in row.windows.values_list("starts_minute", "ends_minute")],
        places=[[user, _text(joins), _text(leaves)] for user, joins, leaves in places],
    )


def present_handoff(rotation: Rotation, now: datetime) -> datetime | None:
    """Return when the turn that somebody has by the stored rule is over; None where nobody has."""
    schedule = rotation.schedule
    if not schedule.is_active:
        return None
    roster = rosters.load([schedule.group_id], now, now, schedule=schedule.pk)[schedule.group_id]
    for rule in roster.plan.rotations:
        if rule.id == rotation.pk and _in_force(rule, now):
            turn = turn_at(rule, now)
            if turn is None or not rule.members:
                return None
            post = rule.post(turn)
            if not (post.primary or post.secondary):
                return None
            end = turn_start(rule, turn + 1)
            return end if rule.ends is None else min(end, last_instant(rule.ends, rule.zone))
    return None


def today_of(rotation: Rotation, now: datetime) -> date:
    """Return the day on the schedule's clocks."""
    return now.astimezone(zone_of(rotation.schedule.time_zone)).date()


def _in_force(rule: Rule, now: datetime) -> bool:
    return (rule.since is None or rule.since <= now) and (rule.until is None or now < rule.until)


def _refuse_overlap(first: Window, second: Window) -> None:
    raise ValidationError(f"Duty hours overlap: {_words(first)} and {_words(second)}.")


def _words(window: Window) -> str:
    return " to ".join(
        f"{_DAYS[minute // 1440 % 7]} {minute // 60 % 24:02d}:{minute % 60:02d}"
        for minute in window
    )


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
