"""What one person may do with the changes of one schedule, asked once for a whole page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from schedules.models import (
    Override,
    Schedule,
    SwapDecline,
    SwapRequest,
    TemporarySchedule,
    TimeOff,
)
from schedules.rights import may_edit, may_override
from schedules.states import Answer, Change, SwapState


@dataclass(frozen=True)
class Rights:
    """The buttons of a page; the actions decide, these only spare people a refusal."""

    user: User
    now: datetime
    edits: bool
    takes_part: bool
    declined: Collection[int] = ()
    """Open requests to which they have said no."""

    def override(self, override: Override) -> bool:
        """May change or end it."""
        if override.swap_id is not None or override.ends_at <= self.now:
            return False
        mine = self.user.pk in (override.user_id, override.replaces_id)
        return self.edits or (self.takes_part and mine and override.kind != Change.REMOVE)

    def temporary(self, temporary: TemporarySchedule) -> bool:
        return self.edits and temporary.ends_at > self.now

    def time_off(self, time_off: TimeOff) -> bool:
        if time_off.ends_at <= self.now:
            return False
        if time_off.user_id == self.user.pk or self.user.is_admin:
            return True
        return self.edits and time_off.group_id is not None

    def answer(self, time_off: TimeOff) -> bool:
        """Whether their yes is awaited; after a yes a no is possible still."""
        mine = time_off.covered_by_id == self.user.pk and time_off.ends_at > self.now
        return mine and time_off.answer != Answer.DECLINED

    def take(self, swap: SwapRequest) -> bool:
        if swap.state != SwapState.OPEN or swap.starts_at <= self.now:
            return False
        asked = swap.offered_to_id in (None, self.user.pk) and swap.user_id != self.user.pk
        return asked and self.takes_part and swap.pk not in self.declined

    def cancel(self, swap: SwapRequest) -> bool:
        ends = max(filter(None, (swap.ends_at, swap.return_ends_at)))
        live = swap.state == SwapState.OPEN or (swap.state == SwapState.TAKEN and ends > self.now)
        return live and (self.edits or swap.user_id == self.user.pk)


def rights_in(schedule: Schedule, user: User, now: datetime, swaps: Collection[int] = ()) -> Rights:
    """Return what somebody may do with a schedule's changes, in three queries at most."""
    edits = may_edit(user, schedule.group)
    takes_part = may_override(user, schedule.group)
    declined: set[int] = set()
    if swaps:
        mine = SwapDecline.objects.filter(user=user, swap__in=swaps)
        declined = set(mine.values_list("swap", flat=True))
    pageable = takes_part and user.is_active and not user.is_stakeholder
    return Rights(user, now, edits, pageable, declined)
