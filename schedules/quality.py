"""How good a schedule is: is somebody always on call, and is the load shared? Pure.

The score is the mean of coverage and balance over the year to come. Coverage is how much of the
time somebody has the first role. Balance is, over all pairs of people who take turns, how much the
one with fewer hours has of the other's; a difference of one turn is none, since some turn is
always the last. Whoever takes turns for a part of the year only is measured by that part; a few
weeks say nothing and are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import combinations

from schedules.duty_hours import Span, joined
from schedules.hours import NONE, length, on_shift
from schedules.resolver import Plan
from schedules.rota import Shift
from schedules.states import Role, Why
from schedules.walltime import first_instant

YEAR = timedelta(weeks=52)
EVEN = 0.95
"""From here on the load is called even."""
MUCH = 1.25
"""So many times the mean is too much."""
LEAST = 8 / 52
"""Whoever takes turns for less of the time is not compared."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one person carries: hours, and how many times the mean that is."""

    user: int
    hours: timedelta
    times_mean: float

    @property
    def is_much(self) -> bool:
        return self.times_mean >= MUCH

    @property
    def more(self) -> int:
        """Per cent above the mean; negative below."""
        return round((self.times_mean - 1) * 100)

    @property
    def less(self) -> int:
        return -self.more


@dataclass(frozen=True, slots=True)
class Quality:
    """Between 0 and 1 each."""

    role: Role
    coverage: float
    balance: float
    uncovered: timedelta
    loads: tuple[Load, ...]
    """Everybody who takes turns, the most loaded first."""

    @property
    def score(self) -> int:
        """Between 0 and 100, rounded down: 100 leaves nothing to wish for."""
        return int(50 * (self.coverage + self.balance) + 1e-9)

    @property
    def covered_percent(self) -> int:
        """Rounded down: 100 is all of the time."""
        return int(100 * self.coverage + 1e-9)

    @property
    def balance_percent(self) -> int:
        return int(100 * self.balance + 1e-9)

    @property
    def coverage_gains(self) -> int:
        """How many points more without gaps."""
        return self._with(1.0, self.balance) - self.score

    @property
    def balance_gains(self) -> int:
        """How many points more with the same load for everybody."""
        return self._with(self.coverage, 1.0) - self.score

    @staticmethod
    def _with(coverage: float, balance: float) -> int:
        return int(50 * (coverage + balance) + 1e-9)


def quality(plan: Plan, shifts: Sequence[Shift], since: datetime, until: datetime) -> Quality:
    """Judge [since, until) by its final shifts."""
    role = first_role(plan)
    gaps = length([(s.start, s.end) for s in shifts if s.role == role and s.user is None])
    serving = on_shift(shifts)
    there = presence(plan, since, until) or dict.fromkeys(serving, 1.0)
    part = {user: share for user, share in there.items() if share >= LEAST} or there
    hours = {user: length(serving.get(user, ())) for user in part}
    rates = {user: hours[user] / (part[user] * (until - since)) for user in part}
    mean = sum(rates.values()) / len(rates) if rates else 0.0
    loads = [Load(user, hours[user], rate / mean if mean else 0.0) for user, rate in rates.items()]
    turn = _turn(shifts) / (until - since)
    return Quality(
        role,
        1 - gaps / (until - since),
        balance(list(rates.values()), turn),
        gaps,
        tuple(sorted(loads, key=lambda load: (-load.times_mean, load.user))),
    )


def first_role(plan: Plan) -> Role:
    """Return the role that counts: Primary, where any layer fills it."""
    filled = {role for layer in plan.layers for role in layer.roles}
    return Role.SECONDARY if filled == {Role.SECONDARY} else Role.PRIMARY


def balance(rates: Sequence[float], turn: float) -> float:
    """Return the mean over all pairs of the lesser by the greater, `turn` being no difference."""
    pairs = [_even(less, more, turn) for less, more in combinations(sorted(rates), 2)]
    mean = sum(pairs) / len(pairs) if pairs else 1.0
    return 1.0 if mean >= EVEN else mean


def _even(less: float, more: float, turn: float) -> float:
    if less == more:
        return 1.0
    return min(1.0, (less + turn) / more) if less else 0.0


def presence(plan: Plan, since: datetime, until: datetime) -> dict[int, float]:
    """Return which part of [since, until) each person of a rotation has a place in one."""
    found: dict[int, list[Span]] = {}
    for rotation in plan.rotations:
        for place, user in enumerate(rotation.members):
            if user is None:
                continue
            joins, leaves = rotation.dated[place] if rotation.dated else (None, None)
            days = [
                first_instant(datetime.combine(day, time()), rotation.zone) if day else edge
                for day, edge in ((joins, since), (leaves, until))
            ]
            begins = [days[0], first_instant(rotation.starts, rotation.zone), rotation.since]
            low = max(since, *(at for at in begins if at is not None))
            high = min(until, days[1], rotation.until or until)
            if rotation.ends is not None:
                high = min(high, first_instant(rotation.ends, rotation.zone))
            if low < high:
                found.setdefault(user, []).append((low, high))
    return {user: length(joined(spans)) / (until - since) for user, spans in found.items()}


def _turn(shifts: Sequence[Shift]) -> timedelta:
    """Return how long a turn of a rotation usually lasts."""
    turns = sorted(s.end - s.start for s in shifts if s.source and s.source.why == Why.ROTATION)
    return turns[len(turns) // 2] if turns else NONE
