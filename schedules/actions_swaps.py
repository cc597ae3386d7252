"""Asking others to take one's shifts over, perhaps in return for some of theirs.

Until somebody has taken a request its person stays on call. There is one taker, of everything.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import User
from groups.models import Group
from schedules import oncall
from schedules.absences import require_there
from schedules.actions_overrides import cut
from schedules.models import Override, Schedule, SwapDecline, SwapRequest, validate_assignable
from schedules.moving import moving
from schedules.rights import may_edit, may_override, require_reachable
from schedules.states import Change, Role, SwapState, Why

MOST_EXPIRED = 500
LONGEST = timedelta(days=366)


@transaction.atomic
def request(swap: SwapRequest, *, actor: User | None, now: datetime) -> SwapRequest:
    """Ask one person, or everybody in the group. For oneself, or for others by an editor."""
    group = swap.schedule.group
    if actor is not None and actor.pk != swap.user_id and not may_edit(actor, group):
        raise NotAllowed(f"Only those who may edit {group} can ask for somebody else.")
    if not swap.schedule.is_active:
        raise NotAllowed("This schedule is not active; nobody is on call by it.")
    swap.state, swap.taken_by, swap.decided_at = SwapState.OPEN, None, None
    swap.created_by = actor
    if swap.offered_to_id == swap.user_id:
        raise ValidationError({"offered_to": "Nobody can cover for themselves."})
    if (swap.return_starts_at is None) != (swap.return_ends_at is None):
        sentence = "Say from when to when is given in return, or leave both empty."
        raise ValidationError({"return_ends_at": sentence})
    swap.full_clean(exclude=["created_by", "taken_by"])
    validate_assignable(swap.user, group)
    _require_short(swap)
    if swap.starts_at <= now:
        sentence = "A request must begin in the future; for now make an override."
        raise ValidationError({"starts_at": sentence})
    if swap.return_starts_at is not None and swap.return_starts_at <= now:
        sentence = "What is given in return must begin in the future."
        raise ValidationError({"return_starts_at": sentence})
    _roles(swap, swap.user, swap.starts_at, swap.ends_at)
    if swap.offered_to is not None:
        _check_offered(swap, swap.offered_to)
    Schedule.objects.select_for_update(no_key=True, of=("self",)).get(pk=swap.schedule_id)
    mine = SwapRequest.objects.filter(schedule=swap.schedule_id, user=swap.user_id)
    if mine.filter(
        state=SwapState.OPEN, starts_at__lt=swap.ends_at, ends_at__gt=swap.starts_at
    ).exists():
        sentence = "There is an open request for this time already."
        raise ValidationError({"starts_at": sentence})
    swap.save()
    audit.record("asked for cover", swap, actor=actor, now=now, **_facts(swap))
    return swap


@transaction.atomic
def take(swap_id: int, *, actor: User, now: datetime) -> SwapRequest:
    """Take all of it over. Of two who press at once one has it; the other is told so."""
    swap = _locked(swap_id)
    if swap.state == SwapState.TAKEN and swap.taken_by_id == actor.pk:
        return swap
    _require_open(swap, now)
    if swap.user_id == actor.pk:
        raise NotAllowed("Nobody can cover for themselves.")
    if swap.offered_to_id not in (None, actor.pk):
        raise NotAllowed(f"This request is for {swap.offered_to}.")
    validate_assignable(actor, swap.schedule.group)
    require_reachable(actor)
    _require_there(swap, actor, "__all__")
    overrides = [
        _override(swap, role, actor, swap.user, swap.starts_at, swap.ends_at)
        for role in _roles(swap, swap.user, swap.starts_at, swap.ends_at)
    ]
    if swap.return_starts_at and swap.return_ends_at:
        window = swap.return_starts_at, swap.return_ends_at
        if window[0] <= now:
            raise NotAllowed("What is given in return has begun; ask for a new request.")
        validate_assignable(swap.user, swap.schedule.group)
        overrides += [
            _override(swap, role, swap.user, actor, *window)
            for role in _roles(swap, actor, *window)
        ]
    what = f"{actor} has taken over from {swap.user}"
    with moving([swap.schedule.group_id], what, actor=actor, now=now):
        swap.state, swap.taken_by, swap.decided_at = SwapState.TAKEN, actor, now
        swap.save(update_fields=["state", "taken_by", "decided_at"])
        for override in overrides:
            override.full_clean()
            override.save()
    audit.record("took over", swap, actor=actor, now=now, **_facts(swap))
    return swap


@transaction.atomic
def decline(swap_id: int, *, actor: User, now: datetime) -> SwapRequest:
    """Say no. A request to one person is closed by it, one to everybody stays open to others."""
    swap = _locked(swap_id)
    _require_open(swap, now)
    if swap.offered_to_id is None:
        if swap.user_id == actor.pk or not may_override(actor, swap.schedule.group):
            raise NotAllowed("Only those who are asked can decline.")
        SwapDecline.objects.get_or_create(swap=swap, user=actor, defaults={"at": now})
    elif swap.offered_to_id == actor.pk:
        swap.state, swap.decided_at = SwapState.DECLINED, now
        swap.save(update_fields=["state", "decided_at"])
    else:
        raise NotAllowed(f"This request is for {swap.offered_to}.")
    audit.record("declined", swap, actor=actor, now=now, **_facts(swap))
    return swap


@transaction.atomic
def cancel(swap_id: int, *, actor: User | None, now: datetime) -> SwapRequest:
    """Take a request back. One that was taken is undone from `now` on: all goes back."""
    swap = _locked(swap_id)
    group = swap.schedule.group
    if actor is not None and actor.pk != swap.user_id and not may_edit(actor, group):
        raise NotAllowed(f"Only {swap.user}, or those who may edit {group}, can cancel this.")
    if swap.state == SwapState.CANCELLED:
        return swap
    if swap.state not in (SwapState.OPEN, SwapState.TAKEN):
        raise NotAllowed(f"This request is closed: {swap.get_state_display().lower()}.")
    if swap.state == SwapState.TAKEN:
        ends = [end for end in (swap.ends_at, swap.return_ends_at) if end is not None]
        if max(ends) <= now:
            raise NotAllowed("This swap is over; what happened stays as it was.")
        with moving([group.pk], f"Swap cancelled: {swap}", actor=actor, now=now):
            for override in swap.overrides.select_for_update(of=("self",)):
                cut(override, now)
            _close(swap, SwapState.CANCELLED, now)
    else:
        _close(swap, SwapState.CANCELLED, now)
    audit.record("cancelled", swap, actor=actor, now=now, **_facts(swap))
    return swap


@transaction.atomic
def expire(now: datetime) -> int:
    """Close requests whose time has come untaken; their people stay on call. Returns how many."""
    due = SwapRequest.objects.filter(state=SwapState.OPEN, starts_at__lte=now)
    found = list(due.select_for_update(skip_locked=True, of=("self",))[:MOST_EXPIRED])
    for swap in found:
        _close(swap, SwapState.PAST_DUE, now)
        audit.record("was not taken", swap, actor=None, now=now, **_facts(swap))
    return len(found)


def visible_to(user: User) -> QuerySet[SwapRequest]:
    """Return the requests of the groups somebody may see, and their own."""
    groups = Group.objects.visible_to(user)
    return SwapRequest.objects.filter(Q(schedule__group__in=groups) | Q(user=user))


def _require_short(swap: SwapRequest) -> None:
    """Raise ValidationError for what no colleague could look through."""
    for start, end, field in (
        (swap.starts_at, swap.ends_at, "ends_at"),
        (swap.return_starts_at, swap.return_ends_at, "return_ends_at"),
    ):
        if start and end and end - start > LONGEST:
            raise ValidationError({field: "A request is for a year at most."})


def _check_offered(swap: SwapRequest, user: User) -> None:
    """Raise ValidationError where the one who is asked could not take it."""
    try:
        validate_assignable(user, swap.schedule.group)
        require_reachable(user)
    except ValidationError as refusal:
        raise ValidationError({"offered_to": refusal.messages}) from None
    _require_there(swap, user, "offered_to")
    if swap.return_starts_at and swap.return_ends_at:
        window = swap.return_starts_at, swap.return_ends_at
        _roles(swap, user, *window, field="return_starts_at")


def _require_there(swap: SwapRequest, user: User, field: str) -> None:
    group = swap.schedule.group_id
    require_there(user, [group], swap.starts_at, swap.ends_at, field=field)


def _locked(swap_id: int) -> SwapRequest:
    requests = SwapRequest.objects.select_related("schedule__group", "user", "offered_to")
    return requests.select_for_update(of=("self",)).get(pk=swap_id)


def _close(swap: SwapRequest, state: SwapState, now: datetime) -> None:
    swap.state, swap.taken_by, swap.decided_at = state, None, now
    swap.save(update_fields=["state", "taken_by", "decided_at"])


def _require_open(swap: SwapRequest, now: datetime) -> None:
    if swap.state == SwapState.TAKEN:
        raise NotAllowed(f"{swap.taken_by} has taken it over already.")
    if swap.state != SwapState.OPEN:
        raise NotAllowed(f"This request is closed: {swap.get_state_display().lower()}.")
    if swap.starts_at <= now:
        raise NotAllowed(f"It has begun; {swap.user} stays on call.")


def _roles(
    swap: SwapRequest, user: User, since: datetime, until: datetime, *, field: str = "starts_at"
) -> list[Role]:
    """Return the roles somebody has in a window. Raises ValidationError where there is none.

    A place in the standing order is no shift: it never ends.
    """
    roles = list(
        dict.fromkeys(
            shift.role
            for shift in oncall.shifts(swap.schedule, since, until)
            if shift.user == user.pk and shift.source and shift.source.why != Why.MEMBER
        )
    )
    if not roles:
        raise ValidationError({field: f"{user} has no shift in that time."})
    return roles


def _override(
    swap: SwapRequest, role: Role, user: User, replaces: User, since: datetime, until: datetime
) -> Override:
    return Override(
        schedule=swap.schedule,
        kind=Change.REPLACE,
        role=role,
        user=user,
        replaces=replaces,
        swap=swap,
        starts_at=since,
        ends_at=until,
        reason=swap.note,
        created_by=user,
    )


def _facts(swap: SwapRequest) -> dict[str, Any]:
    return {
        "schedule": swap.schedule_id,
        "user": swap.user_id,
        "taken_by": swap.taken_by_id,
        "starts_at": swap.starts_at.isoformat(),
        "ends_at": swap.ends_at.isoformat(),
    }
