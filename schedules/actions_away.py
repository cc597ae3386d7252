"""Time off: somebody is away, somebody covers, and may say no."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts import audit
from accounts.errors import NotAllowed
from accounts.models import User
from groups.models import Group
from schedules.absences import require_there
from schedules.models import Schedule, TimeOff, validate_assignable
from schedules.moving import moving
from schedules.rights import may_edit
from schedules.states import Answer

_OVER = "This time off is over; what happened stays as it was."
_TWICE = "There is time off for this time already; change that one."
_LONGEST_CHAIN = 50


@transaction.atomic
def add_time_off(time_off: TimeOff, *, actor: User | None, now: datetime) -> TimeOff:
    """Somebody is away; whoever is to cover takes over their shifts, unless they decline.

    A start before `now` is cut to `now`. For oneself, or for others by an editor of the group;
    for others in all groups by an administrator.
    """
    _require(actor, time_off)
    _require_future(time_off, now)
    if time_off.starts_at and time_off.starts_at < now:
        time_off.starts_at = now
    time_off.created_by = actor
    _ask(time_off, actor, now)
    _check(time_off)
    with moving(_groups(time_off), _what(time_off), actor=actor, now=now):
        _save(time_off)
    audit.record("added", time_off, actor=actor, now=now, **_facts(time_off))
    return time_off


@transaction.atomic
def change_time_off(time_off: TimeOff, *, actor: User | None, now: datetime) -> TimeOff:
    """Change time off that has not begun, or the end of one that runs. A new coverer, or longer
    time, is asked anew."""
    before = _changeable(time_off, now)
    _require(actor, before)
    _require(actor, time_off)
    _require_future(time_off, now)
    if before.starts_at <= now:
        if (before.user_id, before.group_id) != (time_off.user_id, time_off.group_id):
            raise NotAllowed("This time off has begun: only its end and its cover can be changed.")
        time_off.starts_at = before.starts_at
    else:
        time_off.starts_at = max(time_off.starts_at, now)
    is_more = time_off.starts_at < before.starts_at or time_off.ends_at > before.ends_at
    time_off.answer, time_off.answered_at = before.answer, before.answered_at
    if is_more or time_off.covered_by_id != before.covered_by_id:
        _ask(time_off, actor, now)
    _check(time_off)
    groups = {*_groups(before), *_groups(time_off)}
    with moving(groups, _what(time_off), actor=actor, now=now):
        _save(time_off)
    audit.record("changed", time_off, actor=actor, now=now, **_facts(time_off))
    return time_off


@transaction.atomic
def end_time_off(time_off: TimeOff, *, actor: User | None, now: datetime) -> None:
    """Take time off back: wholly if it has not begun, from `now` on if it runs."""
    time_off = _changeable(time_off, now)
    _require(actor, time_off)
    audit.record("ended", time_off, actor=actor, now=now, **_facts(time_off))
    with moving(_groups(time_off), f"{time_off.user} is back", actor=actor, now=now):
        if time_off.starts_at >= now:
            time_off.delete()
        else:
            time_off.ends_at = now
            time_off.save(update_fields=["ends_at"])


@transaction.atomic
def answer_time_off(
    time_off: TimeOff, accepted: bool, *, actor: User | None, now: datetime
) -> TimeOff:
    """The coverer says yes or no. With a no the shifts return to their owner at once."""
    time_off = _changeable(time_off, now)
    if actor is not None and actor.pk != time_off.covered_by_id:
        raise NotAllowed("Only whoever is to cover can answer.")
    answer = Answer.ACCEPTED if accepted else Answer.DECLINED
    if time_off.answer == answer:
        return time_off
    if time_off.answer == Answer.DECLINED:
        raise NotAllowed(f"You have declined; {time_off.user} must ask you again.")
    what = f"{time_off.covered_by} {answer} to cover for {time_off.user}"
    with moving(_groups(time_off), what, actor=actor, now=now):
        time_off.answer, time_off.answered_at = answer, now
        time_off.save(update_fields=["answer", "answered_at"])
    audit.record(answer.value, time_off, actor=actor, now=now, **_facts(time_off))
    return time_off


def visible_to(user: User) -> QuerySet[TimeOff]:
    """Return the time off somebody may know of: their own, what they cover, their groups'."""
    groups = Group.objects.visible_to(user)
    everywhere = Q(group=None, user__memberships__group__in=groups)
    mine = Q(user=user) | Q(covered_by=user)
    return TimeOff.objects.filter(mine | Q(group__in=groups) | everywhere).distinct()


def _require(actor: User | None, time_off: TimeOff) -> None:
    if actor is None or (actor.pk == time_off.user_id and actor.is_active):
        return
    if time_off.group is None:
        if not actor.is_admin:
            raise NotAllowed("Only an administrator may say that others are away everywhere.")
    elif not may_edit(actor, time_off.group):
        raise NotAllowed(f"Only those who may edit {time_off.group} can do this for others.")


def _require_future(time_off: TimeOff, now: datetime) -> None:
    if time_off.ends_at and time_off.ends_at <= now:
        raise ValidationError({"ends_at": "This time has passed; the end must be in the future."})


def _changeable(time_off: TimeOff, now: datetime) -> TimeOff:
    before = TimeOff.objects.select_for_update(of=("self",)).get(pk=time_off.pk)
    if before.ends_at <= now:
        raise NotAllowed(_OVER)
    return before


def _ask(time_off: TimeOff, actor: User | None, now: datetime) -> None:
    """The answer is open, unless the coverer is the one who enters it."""
    is_mine = actor is not None and actor.pk == time_off.covered_by_id
    time_off.answer = Answer.ACCEPTED if is_mine else Answer.ASKED
    time_off.answered_at = now if is_mine else None


def _check(time_off: TimeOff) -> None:
    """Raise ValidationError in one sentence for what could leave nobody on call unnoticed."""
    time_off.full_clean(exclude=["created_by"])
    if time_off.group is not None:
        validate_assignable(time_off.user, time_off.group)
    # one at a time may be entered for a person, so that two cannot slip past each other
    list(User.objects.select_for_update(no_key=True).filter(pk=time_off.user_id))
    same = TimeOff.objects.filter(user=time_off.user_id, group=time_off.group_id)
    if _overlapping(same, time_off).exclude(pk=time_off.pk).exists():
        raise ValidationError({"starts_at": _TWICE})
    if time_off.covered_by is not None:
        _check_cover(time_off, time_off.covered_by)


def _check_cover(time_off: TimeOff, cover: User) -> None:
    """Raise ValidationError unless the coverer can be on call, and will be there."""
    groups = list(_covered_groups(time_off))
    try:
        for group in groups:
            validate_assignable(cover, group)
        _require_no_circle(time_off)
    except ValidationError as refusal:
        raise ValidationError({"covered_by": refusal.messages}) from None
    scope = [group.pk for group in groups]
    require_there(cover, scope, time_off.starts_at, time_off.ends_at, field="covered_by")


def _covered_groups(time_off: TimeOff) -> Iterable[Group]:
    """Return the groups in which the coverer will be needed: those where turns are taken."""
    if time_off.group is not None:
        return [time_off.group]
    user = time_off.user_id
    takes_turns = Q(rotations__members__user=user) | Q(fixed_shifts__people__user=user)
    schedules = Schedule.objects.active().filter(takes_turns)
    return Group.objects.filter(pk__in=schedules.values("group"))


def _require_no_circle(time_off: TimeOff) -> None:
    """Refuse cover that comes back to whoever is away."""
    scope = Q() if time_off.group is None else Q(group=None) | Q(group=time_off.group_id)
    others = _overlapping(TimeOff.objects.filter(scope, covered_by__isnull=False), time_off)
    others = others.exclude(pk=time_off.pk)
    here, seen = {time_off.covered_by_id}, set[int | None]()
    for _ in range(_LONGEST_CHAIN):
        seen |= here
        here = set(others.filter(user__in=here).values_list("covered_by", flat=True))
        if time_off.user_id in here:
            raise ValidationError(
                f"{time_off.covered_by} is away then, too, and is covered by {time_off.user} in "
                "the end; nobody would be left."
            )
        here -= seen
        if not here:
            return


def _overlapping(rows: QuerySet[TimeOff], time_off: TimeOff) -> QuerySet[TimeOff]:
    inside = Q(starts_at__lt=time_off.ends_at, ends_at__gt=time_off.starts_at)
    return rows.filter(inside).exclude(answer=Answer.DECLINED)


def _groups(time_off: TimeOff) -> list[int]:
    if time_off.group_id is not None:
        return [time_off.group_id]
    mine = Group.objects.filter(members__user=time_off.user_id)
    return list(mine.values_list("pk", flat=True))


def _save(time_off: TimeOff) -> None:
    try:
        with transaction.atomic():
            time_off.save()
    except IntegrityError:
        raise ValidationError({"starts_at": _TWICE}) from None


def _what(time_off: TimeOff) -> str:
    cover = f"; {time_off.covered_by} covers" if time_off.covered_by else ""
    return f"{time_off.user} is away{cover}"


def _facts(time_off: TimeOff) -> dict[str, Any]:
    return {
        "user": time_off.user_id,
        "group": time_off.group_id,
        "covered_by": time_off.covered_by_id,
        "starts_at": time_off.starts_at.isoformat(),
        "ends_at": time_off.ends_at.isoformat(),
    }
