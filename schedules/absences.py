"""Whoever is to stand in must be there: who is away then, with nobody in the end to cover."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Q

from accounts.models import User
from schedules.models import TimeOff
from schedules.states import Answer

_LONGEST_CHAIN = 50


def require_there(
    user: User, groups: Iterable[int], since: datetime, until: datetime, *, field: str
) -> None:
    """Raise ValidationError, at `field`, when somebody is away at some instant of [since, until)
    and whoever covers for them, and for those, is so, too."""
    if left_to_nobody(user.pk, groups, since, until):
        sentence = f"{user} is away then, and nobody covers for them; choose somebody else."
        raise ValidationError({field: sentence})


def left_to_nobody(user: int, groups: Iterable[int], since: datetime, until: datetime) -> bool:
    """Whether somebody's shifts in these groups would be nobody's at some instant."""
    scope = Q(group=None) | Q(group__in=list(groups))
    rows = TimeOff.objects.filter(scope).exclude(answer=Answer.DECLINED)
    ahead, seen = [(user, since, until)], {user}
    for _ in range(_LONGEST_CHAIN):
        if not ahead:
            return False
        who, start, end = ahead.pop()
        off = list(rows.filter(user=who, starts_at__lt=end, ends_at__gt=start))
        for row in off:
            if any(_is_stronger(other, row, start, end) for other in off):
                continue
            if row.covered_by_id is None:
                return True
            if row.covered_by_id not in seen:
                seen.add(row.covered_by_id)
                ahead.append((row.covered_by_id, max(start, row.starts_at), min(end, row.ends_at)))
    return False


def _is_stronger(other: TimeOff, row: TimeOff, start: datetime, end: datetime) -> bool:
    """Whether one for a group hides, in [start, end), one for everywhere."""
    if row.group_id is not None or other.group_id is None:
        return False
    return other.starts_at <= max(row.starts_at, start) and other.ends_at >= min(row.ends_at, end)
