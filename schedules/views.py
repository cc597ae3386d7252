"""One schedule: the final calendar of two weeks, why, the overrides, and a form for another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import NotAllowed
from accounts.models import User
from accounts.views import attempt, person
from alertops import clock
from schedules import actions, grid, oncall, rosters, rota
from schedules.forms import OverrideForm
from schedules.grid import Cell, Week
from schedules.models import EARLIEST, LATEST, Rotation, Schedule
from schedules.rosters import Roster
from schedules.rota import Shift
from schedules.states import Why
from schedules.views_board import posts
from schedules.walltime import zone_of

WEEKS, COLOURS = 2, 8
WARNED = timedelta(days=14)
MARGIN = timedelta(days=28)  # looked at on both sides, so that a shift shows its true ends
LISTED = 60


@dataclass(frozen=True)
class Entry:
    """A shift in words: for a cell of the table and for a line of the list."""

    shift: Shift
    person: User | None
    why: str
    colour: int
    is_now: bool
    is_override: bool
    is_begun_earlier: bool
    """It began before anything that was looked at; likewise for its end."""
    goes_on: bool


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one schedule from the day ?from= (today), in its own zone or in mine."""
    schedule = _visible(request, pk)
    return render(request, "schedules/detail.html", _context(request, schedule))


@login_required
@require_POST
def add_override(request: HttpRequest, pk: int) -> HttpResponse:
    """Put somebody else on call for a while, or say in the form why not."""
    schedule, user, now = _visible(request, pk), person(request), clock.now()
    form = OverrideForm(request.POST, schedule=schedule, viewer=user, now=now)
    if form.is_valid():
        try:
            override = actions.add_override(form.instance, actor=user, now=now)
        except (ValidationError, NotAllowed) as error:
            form.add_error(None, error if isinstance(error, ValidationError) else str(error))
        else:
            messages.success(
                request, f"{override.user} is on call as {override.get_role_display()}."
            )
            return redirect("schedules:detail", schedule.pk)
    context = _context(request, schedule, form)
    return render(request, "schedules/detail.html", context, status=422)


@login_required
@require_POST
def end_override(request: HttpRequest, pk: int, override_pk: int) -> HttpResponse:
    """Take an override back: it goes, or ends now if it runs."""
    schedule = _visible(request, pk)
    override = get_object_or_404(schedule.overrides, pk=override_pk)
    user, now = person(request), clock.now()
    attempt(
        request,
        lambda: actions.end_override(override, actor=user, now=now),
        "The override is taken back.",
    )
    return redirect("schedules:detail", schedule.pk)


def _visible(request: HttpRequest, pk: int) -> Schedule:
    visible = Schedule.objects.visible_to(person(request)).select_related("group")
    return get_object_or_404(visible, pk=pk)


def _context(
    request: HttpRequest, schedule: Schedule, form: OverrideForm | None = None
) -> dict[str, Any]:
    user, now = person(request), clock.now()
    zone = zone_of(user.time_zone) if request.GET.get("zone") == "mine" else schedule.zone
    first = _first_day(request.GET.get("from", ""), now.astimezone(zone).date())
    since, until = (grid.midnight(first + timedelta(weeks=n), zone) for n in (0, WEEKS))
    seen = since - MARGIN, until + MARGIN
    roster = _roster(schedule, min(seen[0], now), max(seen[1], now + oncall.HORIZON))
    rotations = list(schedule.rotations.prefetch_related("members__user"))
    found = grid.joined(rota.shifts(roster.plan, *seen))
    shifts = [shift for shift in found if shift.start < until and shift.end > since]
    ahead = rota.shifts(roster.plan, now, now + WARNED)
    entry = oncall.entry_of(roster, now)
    users = _users(roster, rotations, entry)
    entries = _entries(shifts, roster, users, now, seen)
    listed = [entries[id(s)] for s in shifts if s.end > now or until <= now]
    return {
        "now": now,
        "schedule": schedule,
        "zone": zone,
        "zone_choice": "mine" if zone is not schedule.zone else "",
        "posts": posts(entry, users),
        "managers": [users[pk] for pk in roster.managers],
        "weeks": [_drawn(week, entries) for week in grid.weeks(shifts, first, WEEKS, zone, now)],
        "first": first,
        "last": first + timedelta(weeks=WEEKS) - timedelta(days=1),
        "earlier": first - timedelta(weeks=WEEKS),
        "later": first + timedelta(weeks=WEEKS),
        "listed": listed[:LISTED],
        "left_out": max(0, len(listed) - LISTED),
        "rotations": rotations,
        "gaps": _gaps(grid.joined(ahead), now),
        "absent": _absent(roster, rotations),
        **_changes(schedule, user, now, form),
        "may_configure": user.is_staff and user.has_perm("schedules.change_schedule"),
    }


def _first_day(text: str, today: date) -> date:
    """Return the day that is asked for, or today where that is nonsense."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if EARLIEST.year < day.year < LATEST.year - 1 else today


def _roster(schedule: Schedule, since: datetime, until: datetime) -> Roster:
    return rosters.load([schedule.group_id], since, until, schedule=schedule.pk)[schedule.group_id]


def _changes(
    schedule: Schedule, user: User, now: datetime, form: OverrideForm | None
) -> dict[str, Any]:
    """Return the overrides that run or are to come, which of them I may take back, the form."""
    edits = actions.may_edit(user, schedule.group)
    may = edits or actions.may_override(user, schedule.group)
    found = schedule.overrides.filter(ends_at__gt=now).select_related("user", "replaces")[:100]
    if form is None and may:
        form = OverrideForm(schedule=schedule, viewer=user, now=now)
    overrides = [
        (each, may and (edits or user.pk in (each.user_id, each.replaces_id))) for each in found
    ]
    return {"overrides": overrides, "form": form}


def _users(roster: Roster, rotations: list[Rotation], entry: oncall.BoardEntry) -> dict[int, User]:
    ids = {*roster.plan.people, *roster.managers, *entry.now.people}
    known = {user.pk: user for rotation in rotations for user in rotation.people}
    return known | User.objects.in_bulk(ids - known.keys())


def _entries(
    shifts: list[Shift],
    roster: Roster,
    users: Mapping[int, User],
    now: datetime,
    seen: tuple[datetime, datetime],
) -> dict[int, Entry]:
    """Return the words of every shift, by its identity; a person keeps their colour."""
    colours = {pk: number % COLOURS for number, pk in enumerate(sorted(users))}
    return {
        id(shift): Entry(
            shift,
            users[shift.user] if shift.user is not None else None,
            oncall.why(roster, shift.source),
            colours[shift.user] if shift.user is not None else 0,
            shift.start <= now < shift.end,
            shift.source is not None and shift.source.why == Why.OVERRIDE,
            shift.start <= seen[0],
            shift.end >= seen[1],
        )
        for shift in shifts
    }


def _drawn(week: Week, entries: Mapping[int, Entry]) -> dict[str, Any]:
    """Return one week with the words of every cell beside it, as the template walks it."""

    def worded(cell: Cell) -> tuple[Cell, Entry | None]:
        return cell, entries[id(cell.shift)] if cell.shift else None

    lanes = [(lane.role, [worded(cell) for cell in lane.cells]) for lane in week.lanes]
    return {"days": week.days, "lanes": lanes}


def _gaps(ahead: list[Shift], now: datetime) -> list[tuple[Shift, bool, bool]]:
    """Return the first stretch of each role, in what lies ahead, in which nobody has it; whether
    it is running; whether it lasts beyond what was looked at."""
    first: dict[str, Shift] = {}
    for shift in ahead:
        if shift.user is None:
            first.setdefault(shift.role, shift)
    return [(gap, gap.start <= now, gap.end >= now + WARNED) for gap in first.values()]


def _absent(roster: Roster, rotations: list[Rotation]) -> list[tuple[User, Rotation]]:
    """Return who has a place in a line but can no longer be on call: their turns are empty."""
    lines = {rotation.id: rotation.members for rotation in roster.plan.rotations}
    return [
        (user, rotation)
        for rotation in rotations
        for user, slot in zip(rotation.people, lines.get(rotation.pk, ()), strict=False)
        if slot is None
    ]
