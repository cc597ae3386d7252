"""What a page shows of a change before it is saved: who is on call when, without it and with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from schedules import comparison, preview
from schedules.models import Schedule
from schedules.states import Role

FAR = timedelta(weeks=12)
MOST = 40


@dataclass(frozen=True)
class Row:
    """[start, end) in which a role is other people's than before."""

    role: Role
    start: datetime
    end: datetime
    before: list[User]
    after: list[User]
    is_gap: bool


@dataclass(frozen=True)
class Outlook:
    rows: list[Row]
    is_more: bool
    since: datetime
    until: datetime
    is_cut: bool
    """Whether the change goes on beyond what was looked at."""


def outlook(
    schedule: Schedule,
    change: Callable[[], object],
    starts: datetime,
    ends: datetime,
    now: datetime,
) -> Outlook:
    """Return who would be on call when in [starts, ends), from `now` on; nothing is saved.

    What the change raises is passed on.
    """
    since = max(starts, now)
    until = min(max(ends, since), since + FAR)
    before, after = preview.proposed(schedule, lambda: _run(change), since, until)
    found, more = comparison.differences(before, after, since, until, most=MOST)
    ids = {pk for each in found for pk in (*each.before, *each.after)}
    users = User.objects.in_bulk(ids)
    rows = [
        Row(
            each.role,
            each.start,
            each.end,
            [users[pk] for pk in each.before],
            [users[pk] for pk in each.after],
            each.is_gap,
        )
        for each in found
    ]
    return Outlook(rows, more, since, until, until < ends)


def _run(change: Callable[[], object]) -> None:
    change()
