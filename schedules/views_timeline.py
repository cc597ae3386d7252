"""One schedule: its picture and its list, who is on call and why, what decides it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from schedules import actions, grid, oncall, rota
from schedules.models import EARLIEST, LATEST, Rotation, Schedule
from schedules.rosters import Roster
from schedules.rota import Shift
from schedules.timeline import Axis, Days, Range, days_of
from schedules.timeline_rows import CHANGES, Drawing, people_of
from schedules.views_board import posts
from schedules.walltime import zone_of

WARNED = timedelta(days=14)
MARGIN = timedelta(days=28)  # looked at on both sides, so that a shift shows its true ends
LISTED = 60


@dataclass(frozen=True)
class Entry:
    """A shift in words, for a line of the list."""

    shift: Shift
    person: User | None
    why: str
    css: str
    is_now: bool
    is_change: bool
    is_begun_earlier: bool
    """It began before anything that was looked at; likewise for its end."""
    goes_on: bool


@dataclass(frozen=True)
class Look:
    """What part of the calendar is asked for: ?from=, ?range=, ?zone=; nonsense means today."""

    days: Days
    zone: tzinfo
    is_mine: bool
    today: date

    @property
    def earlier(self) -> str:
        return self.query(day=self.days.earlier)

    @property
    def later(self) -> str:
        return self.query(day=self.days.later)

    @property
    def now(self) -> str:
        return self.query(day=None)

    @property
    def other_zone(self) -> str:
        return replace(self, is_mine=not self.is_mine).query(day=self.days.first)

    @property
    def ranges(self) -> list[tuple[Range, str]]:
        """Every range, with where it leads: to the present where that is in sight."""
        is_here = self.days.first <= self.today < self.days.last
        day = None if is_here else self.days.first
        return [(each, self.query(day=day, wanted=each)) for each in Range]

    def query(self, *, day: date | None, wanted: Range | None = None) -> str:
        asked = {"range": (wanted or self.days.range).value}
        if day is not None:
            asked["from"] = day.isoformat()
        if self.is_mine:
            asked["zone"] = "mine"
        return "?" + urlencode(asked)


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one schedule for the ?range= of days around ?from=, in its own zone or in mine."""
    schedule = visible(request, pk)
    return render(request, "schedules/detail.html", context(request, schedule))


def visible(request: HttpRequest, pk: int) -> Schedule:
    found = Schedule.objects.visible_to(person(request)).select_related("group")
    return get_object_or_404(found, pk=pk)


def context(request: HttpRequest, schedule: Schedule) -> dict[str, Any]:
    """Return what the page needs."""
    user, now = person(request), clock.now()
    page = Page(schedule, look_at(request, schedule, now), now)
    may_edit = actions.may_edit(user, schedule.group)
    return {
        "now": now,
        "schedule": schedule,
        "look": page.look,
        "zone": page.look.zone,
        "posts": posts(page.entry, page.users),
        "managers": [page.users[pk] for pk in page.roster.managers],
        "chart": page.chart(),
        **page.by_day(),
        "listed": page.entries[:LISTED],
        "left_out": max(0, len(page.entries) - LISTED),
        "holidays": page.holidays,
        "rotations": page.rotations,
        "fixed": page.fixed,
        "calendars": page.calendars,
        "gaps": _gaps(grid.joined(rota.shifts(page.roster.plan, now, now + WARNED)), now),
        "absent": _absent(page.roster, page.rotations, page.look.today),
        "may_edit": may_edit,
        **_changes(schedule, user, now, may_edit=may_edit),
    }


def look_at(request: HttpRequest, schedule: Schedule, now: datetime) -> Look:
    is_mine = request.GET.get("zone") == "mine"
    zone = zone_of(person(request).time_zone) if is_mine else schedule.zone
    today = now.astimezone(zone).date()
    asked = request.GET.get("range", "")
    wanted = Range(asked) if asked in Range.values else Range.FORTNIGHT
    return Look(days_of(wanted, _day(request.GET.get("from", ""), today)), zone, is_mine, today)


class Page:
    """One schedule read once, and what of it is in sight."""

    def __init__(self, schedule: Schedule, look: Look, now: datetime) -> None:
        self.look, self.now, self.axis = look, now, Axis(look.days, look.zone, now)
        self.seen = self.axis.since - MARGIN, self.axis.until + MARGIN
        first, last = min(self.seen[0], now), max(self.seen[1], now + oncall.HORIZON)
        self.roster = oncall.roster_of(schedule, first, last)
        self.entry = oncall.entry_of(self.roster, now)
        self.rotations = list(schedule.rotations.prefetch_related("members__user", "windows"))
        self.fixed = list(schedule.fixed_shifts.prefetch_related("people__user"))
        self.calendars = list(schedule.calendars.all())
        self.users = self._users()
        found = grid.joined(rota.shifts(self.roster.plan, *self.seen))
        axis = self.axis
        self.shifts = [s for s in found if s.start < axis.until and s.end > axis.since]
        self._schedule = schedule

    @cached_property
    def holidays(self) -> dict[date, str]:
        """The public holidays in sight, where the schedule says whose."""
        if self._schedule.holidays_id is None:
            return {}
        days = self.look.days
        found = self._schedule.holidays.days.filter(on__gte=days.first, on__lt=days.last)  # type: ignore[union-attr]
        return dict(found.values_list("on", "name"))

    @cached_property
    def drawing(self) -> Drawing:
        links = {"layers": "", "changes": reverse("schedules:changes", args=[self._schedule.pk])}
        return Drawing(self.roster, self.users, self.axis, *self.seen, links)

    @cached_property
    def entries(self) -> list[Entry]:
        """What is to come of the shifts in sight; all of them once they are over."""
        shifts = self.shifts
        return [self._entry(s) for s in shifts if s.end > self.now or self.axis.until <= self.now]

    def chart(self) -> Any:
        hrefs = {id(e.shift): f"#shift-{n}" for n, e in enumerate(self.entries[:LISTED], 1)}
        rows = [
            *self.drawing.final(self.shifts, hrefs),
            *self.drawing.layers(),
            *self.drawing.changes(),
        ]
        return self.drawing.chart("Who is on call when", rows, self.holidays)

    def by_day(self) -> dict[str, list[tuple[grid.Day, str, list[tuple[grid.DayShift, Entry]]]]]:
        """Return every day in sight, its holiday, and its shifts in words; those that are over
        apart, as long as there are others."""
        days = self.look.days
        words = {id(shift): self._entry(shift) for shift in self.shifts}
        found = [
            (day, self.holidays.get(day.on, ""), [(p, words[id(p.shift)]) for p in day.parts])
            for day in grid.by_day(self.shifts, days.first, days.last, self.look.zone, self.now)
        ]
        ahead = [each for each in found if not each[0].is_over]
        return {"days": ahead or found, "days_over": found[: -len(ahead)] if ahead else []}

    def _entry(self, shift: Shift) -> Entry:
        return Entry(
            shift,
            self.users[shift.user] if shift.user is not None else None,
            oncall.why(self.roster, shift.source),
            self.drawing.colour(shift.user),
            shift.start <= self.now < shift.end,
            shift.source is not None and shift.source.why in CHANGES,
            shift.start <= self.seen[0],
            shift.end >= self.seen[1],
        )

    def _users(self) -> dict[int, User]:
        known = {user.pk: user for rotation in self.rotations for user in rotation.people}
        known |= {each.user_id: each.user for shift in self.fixed for each in shift.people.all()}
        ids = {*people_of(self.roster), *self.roster.managers, *self.entry.now.people}
        return known | User.objects.in_bulk(ids - known.keys())


def _day(text: str, today: date) -> date:
    """Return the day that is asked for, or today where that is nonsense."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if EARLIEST.year < day.year < LATEST.year - 1 else today


def _changes(schedule: Schedule, user: User, now: datetime, *, may_edit: bool) -> dict[str, Any]:
    """Return the overrides that run or are to come, which of them I may take back; whether I may
    make one."""
    may = may_edit or actions.may_override(user, schedule.group)
    found = schedule.overrides.filter(ends_at__gt=now).select_related("user", "replaces")[:100]
    overrides = [
        (each, may and (may_edit or user.pk in (each.user_id, each.replaces_id))) for each in found
    ]
    return {"overrides": overrides, "may_override": may}


def _gaps(ahead: Iterable[Shift], now: datetime) -> list[tuple[Shift, bool, bool]]:
    """Return the first stretch of each role, in what lies ahead, in which nobody has it; whether
    it is running; whether it lasts beyond what was looked at."""
    first: dict[str, Shift] = {}
    for shift in ahead:
        if shift.user is None:
            first.setdefault(shift.role, shift)
    return [(gap, gap.start <= now, gap.end >= now + WARNED) for gap in first.values()]


def _absent(roster: Roster, rotations: list[Rotation], today: date) -> list[tuple[User, Rotation]]:
    """Return who has a place in a line but can no longer be on call: their turns are empty."""
    pageable = {user for rotation in roster.plan.rotations for user in rotation.members}
    return [
        (place.user, rotation)
        for rotation in rotations
        for place in rotation.members.all()
        if place.user is not None
        and place.user_id not in pageable
        and (place.leaves_on is None or place.leaves_on > today)
    ]
