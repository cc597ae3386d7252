"""What comes next: one pure function, for the engine, the alert page, the simulator and the tests.

The policy is frozen, people are live: `Roster` is asked at the moment a level fires. A level
nobody answers for takes no time, because an empty rota must not cost five minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

PAUSE = 300
"""Seconds to answer in where a policy gives none at all."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Whom a level names. `id` is the person's or the other group's, else None."""

    kind: str
    id: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelStep:
    kind: str
    delay: int


@dataclass(frozen=True, slots=True)
class LevelPlan:
    """One level; all times in seconds."""

    aim: Aim
    times: int = 1
    interval: int = 300
    member_wait: int = 0
    wait: int = 300
    channels: tuple[ChannelStep, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    name: str
    levels: tuple[LevelPlan, ...]
    notification_type: str = "user"
    repeat_rounds: int = 0
    acknowledgement_timeout: int | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> PolicyPlan:
        levels = tuple(
            LevelPlan(
                **{
                    **level,
                    "aim": Aim(**level["aim"]),
                    "channels": tuple(ChannelStep(**step) for step in level["channels"]),
                }
            )
            for level in body["levels"]
        )
        return cls(**{**body, "levels": levels})


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person, or one contact method of a group itself."""

    kind: str  # user | contact
    id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answers for a level now, in order, and who was left out and why."""

    recipients: tuple[Recipient, ...]
    left_out: tuple[tuple[int, str], ...] = ()
    places: tuple[int, ...] = ()
    """The place of each recipient among all who were asked; empty where nobody was left out."""

    @property
    def order(self) -> tuple[int, ...]:
        """The places of the recipients. Whoever cannot be reached any more keeps theirs, so that
        nobody moves up into a place whose turn has been."""
        return self.places or tuple(range(len(self.recipients)))


Roster = Callable[[Aim], Answer]


@dataclass(frozen=True, slots=True)
class Position:
    """The step that comes next: round, level, member of the level, n-th notification."""

    round: int = 0
    level: int = 0
    member: int = 0
    send: int = 0
    told: tuple[int, ...] = field(default=(), compare=False)
    """Ids of those who had their turn in this level, the last one where it stands: people come, go
    and change places meanwhile, and everybody still has one turn."""


@dataclass(frozen=True, slots=True)
class Skipped:
    round: int
    level: int
    left_out: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """Notify `recipients` at `position`, then wait `wait` seconds for `then`.

    Without recipients the policy has come to its end: the fallback is next. `skipped` are the
    levels passed over on the way, because nobody answered for them.
    """

    position: Position
    recipients: tuple[Recipient, ...] = ()
    wait: int = 0
    then: Position = field(default_factory=Position)
    skipped: tuple[Skipped, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()

    @property
    def is_end(self) -> bool:
        return not self.recipients

    @property
    def begins_level(self) -> bool:
        return self.position.member == 0 and self.position.send == 0


def next_step(policy: PolicyPlan, roster: Roster, at: Position) -> Step:
    """Return the first step from `at` on that somebody answers for, or the end."""
    skipped: list[Skipped] = []
    while at.round <= policy.repeat_rounds:
        if at.level >= len(policy.levels):
            at = Position(round=at.round + 1)
            if len(skipped) >= len(policy.levels):
                break  # a whole round without anybody: repeating it would change nothing
            continue
        level = policy.levels[at.level]
        answer = roster(level.aim)
        here = _here(level, answer, at)
        if here is not None:
            wait, then = _after(level, answer, here)
            if wait == 0 and then.level > at.level:
                wait = _pause(policy, roster, then)
            chosen = _chosen(level, answer, here)
            return Step(here, chosen, wait, then, tuple(skipped), answer.left_out)
        if not answer.recipients:
            skipped.append(Skipped(at.round, at.level, answer.left_out))
        at = Position(at.round, at.level + 1)
    return Step(at, skipped=tuple(skipped))


def next_level(at: Position) -> Position:
    """Where "escalate now" leads: past a level that has begun; one that only waits fires now."""
    return Position(at.round, at.level + 1) if at.member or at.send else at


def last_level(policy: PolicyPlan, at: Position) -> Position:
    """The beginning of the level notified last, when `at` is what would have come next."""
    if at.member or at.send:
        return Position(at.round, at.level)
    if at.level:
        return Position(at.round, min(at.level, len(policy.levels)) - 1)
    return Position(at.round - 1, len(policy.levels) - 1) if at.round else Position()


def _here(level: LevelPlan, answer: Answer, at: Position) -> Position | None:
    """Return `at`, or where the next member who answers has their turn; None: nobody does."""
    if level.member_wait == 0:
        return at if answer.recipients else None
    if not (at.member or at.send):
        at = replace(at, told=())  # the level only begins, whatever an older release left there
    if at.send and at.told and at.told[-1] in {one.id for one in answer.recipients}:
        return at
    waiting = _waiting(answer, at)
    if not waiting:
        return None
    place, recipient = waiting[0]
    told = (*_told(answer, at), recipient.id)
    if at.told:  # who is where says nothing any more
        return replace(at, member=max(place, at.member), send=0, told=told)
    return replace(at, member=place, send=at.send if place == at.member else 0, told=told)


def _waiting(answer: Answer, at: Position) -> list[tuple[int, Recipient]]:
    """Those whose turn is still to come, with their places."""
    gone = _told(answer, at)
    placed = zip(answer.order, answer.recipients, strict=True)
    least = 0 if at.told else at.member
    return [(place, one) for place, one in placed if place >= least and one.id not in gone]


def _told(answer: Answer, at: Position) -> tuple[int, ...]:
    """Who had their turn; where nobody wrote it down, whoever stands before the next one."""
    placed = zip(answer.order, answer.recipients, strict=True)
    return at.told or tuple(one.id for place, one in placed if place < at.member)


def _chosen(level: LevelPlan, answer: Answer, at: Position) -> tuple[Recipient, ...]:
    if level.member_wait == 0:
        return answer.recipients
    return tuple(one for one in answer.recipients if one.id == at.told[-1])


def _after(level: LevelPlan, answer: Answer, at: Position) -> tuple[int, Position]:
    if at.send + 1 < level.times:
        return level.interval, replace(at, send=at.send + 1)
    if level.member_wait and _waiting(answer, at):
        return level.member_wait, replace(at, member=at.member + 1, send=0)
    return level.wait, Position(at.round, at.level + 1)


def _pause(policy: PolicyPlan, roster: Roster, then: Position) -> int:
    """What the levels nobody answers for would have taken, where nothing else takes any time.

    A level that waits for nothing goes together with those after it. Where they are all empty its
    people still get that time, or the next rounds and the fallback page them in the same moment;
    where no level takes any, rounds are PAUSE apart.
    """
    answers = [(level, roster(level.aim).recipients) for level in policy.levels]
    if any(people for _, people in answers[then.level :]):
        return 0
    if any(_takes_time(level, len(people)) for level, people in answers if people):
        return 0
    waits = (max(level.wait, (level.times > 1) * level.interval) for level in policy.levels)
    return max(waits) or (PAUSE if then.round < policy.repeat_rounds else 0)


def _takes_time(level: LevelPlan, people: int) -> bool:
    again = level.times > 1 and level.interval > 0
    return level.wait > 0 or again or (level.member_wait > 0 and people > 1)


@dataclass(frozen=True, slots=True)
class Planned:
    at: datetime
    step: Step


def plan(
    policy: PolicyPlan,
    roster_at: Callable[[datetime], Roster],
    start: Position,
    at: datetime,
    *,
    most: int = 50,
) -> Iterator[Planned]:
    """Lay out every step still to come, the first due at `at`, ending with the end itself.

    The alert page shows this list and the engine fires its first entry, so what people are
    promised and what happens cannot differ. Each level asks the roster of its own instant: a
    hand-off on the way changes who is next. `most` bounds the list, not the policy.
    """
    for _ in range(most):
        step = next_step(policy, roster_at(at), start)
        yield Planned(at, step)
        if step.is_end:
            return
        start, at = step.then, at + timedelta(seconds=step.wait)
