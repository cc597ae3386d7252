"""When a heartbeat is expected and when it is late. Pure: knows no database, settings or clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_LONGEST = 100


class BadCron(Exception):
    """The expression cannot be used; the text says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every `period`, or by `cron` on the wall clock of `zone`; either way with `grace` after."""

    grace: timedelta
    period: timedelta | None = None
    cron: str = ""
    zone: str = "UTC"

    def expected(self, after: datetime) -> datetime:
        """Return when the next ping should come after one at `after`."""
        if self.period is not None:
            return after + self.period
        return next_tick(self.cron, self.zone, after)

    def deadline(self, pinged_at: datetime) -> datetime:
        """Return when somebody must hear of it, unless another ping comes before."""
        return self.expected(pinged_at) + self.grace

    def after_outage(self, due_at: datetime, shut_at: datetime, opened_at: datetime) -> datetime:
        """Return the deadline after we were deaf from `shut_at` to `opened_at`.

        It moves by as long as we were deaf. A ping expected just then was sent to nobody, and its
        sender is not to blame: the next one after we listen again is the one that counts.
        """
        moved = due_at + (opened_at - shut_at)
        expected = due_at - self.grace
        if not shut_at <= expected <= opened_at:
            return moved
        if self.period is not None:
            missed = (opened_at - expected) // self.period + 1
            upcoming = expected + missed * self.period
        else:
            upcoming = next_tick(self.cron, self.zone, opened_at)
        return max(moved, upcoming + self.grace)


def next_tick(cron: str, zone: str, after: datetime) -> datetime:
    """Return the first instant after `after` that the expression names. Raises BadCron."""
    try:
        tick: datetime = next(CronSim(cron, after.astimezone(ZoneInfo(zone))))
    except CronSimError:
        raise BadCron(
            "Write five fields: minute, hour, day, month, weekday, such as “30 2 * * 1-5”."
        ) from None
    except StopIteration:
        raise BadCron("This day never comes.") from None
    return tick.astimezone(UTC)


def check(cron: str, zone: str, now: datetime) -> None:
    """Raise BadCron unless the expression names an instant that will come."""
    if len(cron) > _LONGEST:
        raise BadCron(f"An expression has at most {_LONGEST} characters.")
    next_tick(cron, zone, now)
