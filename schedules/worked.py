"""How a rotation beats on the wall clock, and which of its turns have work in them. Pure.

Nothing here walks from the first turn: duty hours repeat every week, so which turns are empty
repeats, too; public holidays are exceptions to that, kept in order with running totals.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from math import gcd

from schedules.duty_hours import DAY, WEEK, DutyHours
from schedules.states import OnHolidays, Unit
from schedules.walltime import months_later

_STEPS = {Unit.HOUR: timedelta(hours=1), Unit.DAY: DAY, Unit.WEEK: WEEK}


@dataclass(frozen=True, slots=True)
class Beat:
    """Turns of `count` units on the wall, the first of which begins at `starts` (naive)."""

    starts: datetime
    unit: Unit
    count: int

    def start(self, turn: int) -> datetime:
        """Return the wall time at which a turn begins. Raises OverflowError beyond all calendars.

        Months are added to the first hand-off each time, so they never drift from the 31st.
        """
        if self.unit == Unit.MONTH:
            return months_later(self.starts, turn * self.count)
        return self.starts + turn * self.count * _STEPS[self.unit]

    def turn_at(self, wall: datetime) -> int:
        """Return the turn the wall clock is in; negative before the first."""
        if self.unit != Unit.MONTH:
            return (wall - self.starts) // (self.count * _STEPS[self.unit])
        months = (wall.year - self.starts.year) * 12 + wall.month - self.starts.month
        turn = months // self.count
        return turn - 1 if self.start(turn) > wall else turn

    @property
    def repeats_after(self) -> int:
        """Return after how many turns one begins at the same minute of the week again.

        Months do not; but each has every minute of the week in it, which serves as well.
        """
        if self.unit == Unit.MONTH:
            return 1
        hours = self.count * _STEPS[self.unit] // timedelta(hours=1)
        return 168 // gcd(hours, 168)


class WorkedTurns:
    """Counts the turns that have work in them: duty hours on the wall, within the turn."""

    def __init__(self, beat: Beat, hours: DutyHours) -> None:
        self._period = beat.repeats_after
        is_only_holidays = not hours.windows and hours.on_holidays == OnHolidays.ON
        weekly = DutyHours(hours.windows)
        flags = [
            not is_only_holidays and weekly.has_work(beat.start(turn), beat.start(turn + 1))
            for turn in range(self._period)
        ]
        self._before = [0, *accumulate(int(flag) for flag in flags)]
        self._turns: list[int] = []
        self._totals: list[int] = [0]
        for turn in sorted(_touched(beat, hours)):
            has = hours.has_work(beat.start(turn), beat.start(turn + 1))
            if has != flags[turn % self._period]:
                self._turns.append(turn)
                self._totals.append(self._totals[-1] + (1 if has else -1))

    def before(self, turn: int) -> int:
        """Return how many turns before `turn` (0 or more) have work in them."""
        rounds, rest = divmod(turn, self._period)
        regular = rounds * self._before[-1] + self._before[rest]
        return regular + self._totals[bisect_left(self._turns, turn)]


@lru_cache(maxsize=4096)
def worked_turns(beat: Beat, hours: DutyHours) -> WorkedTurns:
    """Return the counter of a rotation; built once."""
    return WorkedTurns(beat, hours)


def _touched(beat: Beat, hours: DutyHours) -> set[int]:
    """Return the turns that have any of a public holiday in them."""
    if not hours.on_holidays:
        return set()
    found: set[int] = set()
    for day in hours.holidays:
        begin = datetime.combine(day, time())
        turn = max(0, beat.turn_at(begin))
        while beat.start(turn) < begin + DAY:
            found.add(turn)
            turn += 1
    return found
