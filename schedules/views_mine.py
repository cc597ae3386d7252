"""My own calendar: my shifts, my time off, my requests, and what waits for my answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from groups.models import Group, Member
from schedules import oncall
from schedules.models import SwapDecline, SwapRequest, TimeOff
from schedules.rota import Shift
from schedules.shift_choices import value_of
from schedules.states import Answer, SwapState

AHEAD = timedelta(weeks=8)
MOST_SHIFTS, MOST = 40, 50


@dataclass(frozen=True)
class Line:
    """A shift of mine; `asked` is a request of mine that is open about it."""

    shift: Shift
    group: Group
    schedule: int
    is_now: bool
    value: str
    asked: SwapRequest | None


@dataclass(frozen=True)
class Waiting:
    """What waits for my answer."""

    time_off: list[TimeOff]
    swaps: list[SwapRequest]

    def __len__(self) -> int:
        return len(self.time_off) + len(self.swaps)


@login_required
@require_safe
def my_shifts(request: HttpRequest) -> HttpResponse:
    """When am I on call, who asks me, what have I asked."""
    user, now = person(request), clock.now()
    swaps = list(_my_swaps(user, now))
    shifts = oncall.my_calendar(user, now, now + AHEAD)
    groups = Group.objects.in_bulk({mine.group_id for mine in shifts[:MOST_SHIFTS]})
    context = {
        "tab": "shifts",
        "now": now,
        "until": now + AHEAD,
        "shifts": [
            Line(
                mine.shift,
                groups[mine.group_id],
                mine.schedule_id,
                mine.shift.start <= now,
                value_of(mine.shift, now),
                _asked(mine.shift, mine.schedule_id, swaps),
            )
            for mine in shifts[:MOST_SHIFTS]
        ],
        "left_out": max(0, len(shifts) - MOST_SHIFTS),
        "waiting": waiting_for(user, now),
        "swaps": swaps,
        "time_off": _my_time_off(user, now),
        "covering": _covering(user, now),
        "in_groups": bool(groups) or Member.objects.filter(user=user).exists(),
    }
    return render(request, "schedules/my_shifts.html", context)


@login_required
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """A piece for other pages of mine: requests that wait for my answer; empty where none does."""
    user, now = person(request), clock.now()
    context = {"now": now, "waiting": waiting_for(user, now)}
    return render(request, "schedules/_waiting.html", context)


def waiting_for(user: User, now: datetime) -> Waiting:
    """Return the time off I am to cover, and the requests I could take, in two queries."""
    asked = TimeOff.objects.filter(covered_by=user, answer=Answer.ASKED, ends_at__gt=now)
    if user.is_stakeholder:
        return Waiting(list(asked.select_related("user", "group")[:MOST]), [])
    open_ = SwapRequest.objects.filter(state=SwapState.OPEN, starts_at__gt=now)
    mine = Member.objects.filter(user=user).values("group")
    here = Q(offered_to=user) | Q(offered_to=None, schedule__group__in=mine)
    swaps = open_.filter(here).exclude(user=user)
    swaps = swaps.exclude(pk__in=SwapDecline.objects.filter(user=user).values("swap"))
    people = ("user", "schedule__group", "offered_to")
    return Waiting(
        list(asked.select_related("user", "group").order_by("starts_at")[:MOST]),
        list(swaps.select_related(*people).order_by("starts_at")[:MOST]),
    )


def _my_swaps(user: User, now: datetime) -> Any:
    """Return my requests that are open or in force, and those closed in the last week."""
    fresh = Q(decided_at__gt=now - timedelta(days=7))
    going = Q(state=SwapState.TAKEN) & (Q(ends_at__gt=now) | Q(return_ends_at__gt=now))
    rows = SwapRequest.objects.filter(Q(user=user) | Q(taken_by=user))
    rows = rows.filter(Q(state=SwapState.OPEN) | fresh | going)
    people = ("user", "schedule__group", "offered_to", "taken_by")
    return rows.select_related(*people).order_by("starts_at", "pk")[:MOST]


def _my_time_off(user: User, now: datetime) -> list[TimeOff]:
    rows = TimeOff.objects.filter(user=user, ends_at__gt=now)
    return list(rows.select_related("group", "covered_by").order_by("starts_at")[:MOST])


def _covering(user: User, now: datetime) -> list[TimeOff]:
    """Return what I have said yes to; a no is possible still."""
    rows = TimeOff.objects.filter(covered_by=user, answer=Answer.ACCEPTED, ends_at__gt=now)
    return list(rows.select_related("group", "user").order_by("starts_at")[:MOST])


def _asked(shift: Shift, schedule: int, swaps: list[SwapRequest]) -> SwapRequest | None:
    for swap in swaps:
        mine = swap.schedule_id == schedule and swap.user_id == shift.user
        touches = swap.starts_at < shift.end and swap.ends_at > shift.start
        if mine and touches and swap.state == SwapState.OPEN:
            return swap
    return None
