"""What changes a schedule: the list, and the quick ways to take over and to be covered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.signed_in import person
from accounts.views import attempt
from alertops import clock
from schedules import actions, actions_swaps, changes_list, oncall, rota, shift_choices
from schedules.changes_list import Item
from schedules.changes_rights import Rights, rights_in
from schedules.forms_changes import CoverMeForm, TakeOverForm
from schedules.models import Override, Schedule, SwapRequest
from schedules.sight import schedule_of, tried
from schedules.states import Role

WORDS = {"current": "Now", "planned": "Planned", "past": "Past"}


@dataclass(frozen=True)
class Line:
    """A change on the page, and what I may do with it."""

    item: Item
    may_change: bool = False
    may_answer: bool = False
    may_take: bool = False
    may_cancel: bool = False
    template: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "template", f"schedules/_change_{self.item.kind}.html")


@login_required
@require_safe
def changes(request: HttpRequest, pk: int) -> HttpResponse:
    """List what runs, is to come or is over; with the quick forms above."""
    schedule = schedule_of(request, pk)
    return _page(request, schedule)


@login_required
@require_POST
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """I am on call from this minute on, for whoever it is."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    form = TakeOverForm(request.POST, posts=shift_choices.posts(schedule, user, now))
    if form.is_valid() and tried(form, lambda: _take_over(schedule, user, form, now)):
        messages.success(request, "You are on call from now on.")
        return redirect("schedules:changes", schedule.pk)
    return _page(request, schedule, take_over=form)


@login_required
@require_POST
def cover_me(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody else has one of my shifts: asked for, or agreed already."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    found = shift_choices.mine(schedule, user, now)
    form = CoverMeForm(request.POST, schedule=schedule, viewer=user, shifts=found.choices)
    if form.is_valid():
        shift, said = found.shifts[form.cleaned_data["shift"]], form.cleaned_data
        if said["agreed"]:
            replaced = Override(schedule=schedule, user=said["who"], replaces=user)
            replaced.role, replaced.reason = shift.role, said["note"]
            replaced.starts_at, replaced.ends_at = shift.start, shift.end
            work, done = _adding(replaced, user, now), f"{said['who']} is on call instead of you."
        elif shift.start <= now:
            form.add_error("agreed", "This shift has begun: name somebody who has agreed.")
            return _page(request, schedule, cover_me=form)
        else:
            swap = SwapRequest(schedule=schedule, user=user, offered_to=said["who"])
            swap.starts_at, swap.ends_at, swap.note = shift.start, shift.end, said["note"]
            work, done = _asking(swap, user, now), "Asked. Until it is taken you stay on call."
        if tried(form, work):
            messages.success(request, done)
            return redirect("schedules:changes", schedule.pk)
    return _page(request, schedule, cover_me=form)


@login_required
@require_POST
def need_cover(request: HttpRequest, pk: int) -> HttpResponse:
    """One tap on a shift of mine: everybody in the group is asked to take it."""
    schedule, user, now = schedule_of(request, pk), person(request), clock.now()
    shift = shift_choices.mine(schedule, user, now).shifts.get(request.POST.get("shift", ""))
    if shift is None:
        messages.error(request, "That shift is not yours any more.")
        return redirect("schedules:my-shifts")
    if shift.start <= now:
        return redirect(f"/schedules/{schedule.pk}/changes/?shift={request.POST['shift']}#cover")
    swap = SwapRequest(schedule=schedule, user=user, starts_at=shift.start, ends_at=shift.end)
    done = "Asked everybody in the group. Until somebody takes it you stay on call."
    attempt(request, _asking(swap, user, now), done)
    return redirect("schedules:my-shifts")


def _adding(override: Override, user: User, now: datetime) -> Any:
    return lambda: actions.add_override(override, actor=user, now=now)


def _asking(swap: SwapRequest, user: User, now: datetime) -> Any:
    return lambda: actions_swaps.request(swap, actor=user, now=now)


def _take_over(schedule: Schedule, user: User, form: TakeOverForm, now: datetime) -> None:
    role, replaced = form.role_and_person()
    until = form.until(now, _handoff(schedule, role, now))
    override = Override(schedule=schedule, role=role, user=user, replaces_id=replaced)
    override.starts_at, override.ends_at, override.reason = now, until, "Taken over"
    actions.add_override(override, actor=user, now=now)


def _handoff(schedule: Schedule, role: Role, now: datetime) -> datetime | None:
    horizon = timedelta(weeks=12)
    plan = oncall.roster_of(schedule, now, now + horizon).plan
    found = rota.next_handoff(plan, now, [role], within=horizon)
    return found.start if found else None


def _page(
    request: HttpRequest,
    schedule: Schedule,
    *,
    take_over: TakeOverForm | None = None,
    cover_me: CoverMeForm | None = None,
) -> HttpResponse:
    user, now = person(request), clock.now()
    when = request.GET.get("when", "current")
    if when not in WORDS:
        raise Http404
    try:
        page = changes_list.page(schedule, when, now, after=request.GET.get("after", ""))
    except changes_list.BadCursor:
        return redirect(f"{request.path}?when={when}")
    swaps = [item.thing.pk for item in page.items if item.kind == "swap"]
    rights = rights_in(schedule, user, now, swaps)
    context = {
        "now": now,
        "schedule": schedule,
        "when": when,
        "whens": WORDS,
        "lines": [line_of(item, rights) for item in page.items],
        "next": page.next,
        "is_first": not request.GET.get("after"),
        "rights": rights,
        "failed": take_over is not None or cover_me is not None,
    }
    if rights.takes_part and schedule.is_active:
        context |= _quick(schedule, user, now, request.GET.get("shift", ""), take_over, cover_me)
    status = 422 if context["failed"] else 200
    return render(request, "schedules/changes.html", context, status=status)


def _quick(
    schedule: Schedule,
    user: User,
    now: datetime,
    chosen: str,
    take_over: TakeOverForm | None,
    cover_me: CoverMeForm | None,
) -> dict[str, Any]:
    """Return the two quick forms, as far as there is something to take or to give."""
    posts = shift_choices.posts(schedule, user, now)
    mine = shift_choices.mine(schedule, user, now)
    if take_over is None and posts:
        take_over = TakeOverForm(posts=posts)
    if cover_me is None and mine.choices:
        said = {"shift": chosen, "agreed": True} if chosen in mine.shifts else {}
        cover_me = CoverMeForm(schedule=schedule, viewer=user, shifts=mine.choices, initial=said)
    return {"take_over": take_over, "cover_me": cover_me}


def line_of(item: Item, rights: Rights) -> Line:
    thing = item.thing
    match item.kind:
        case "override":
            return Line(item, may_change=rights.override(thing))
        case "temporary":
            return Line(item, may_change=rights.temporary(thing))
        case "time_off":
            return Line(item, may_change=rights.time_off(thing), may_answer=rights.answer(thing))
        case _:
            return Line(item, may_take=rights.take(thing), may_cancel=rights.cancel(thing))
