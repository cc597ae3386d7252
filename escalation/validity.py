"""What makes a policy nonsense, each in one sentence. Pure; asked by console, API and checks."""

from __future__ import annotations

from collections.abc import Iterator

from accounts.channels import CHANNELS
from escalation.plan import ChannelStep, LevelPlan, PolicyPlan
from escalation.states import Target

DAY = 86_400
MOST_LEVELS = 20
MOST_TIMES = 20
MOST_ROUNDS = 20
MOST_CHANNELS = 12


def problems(policy: PolicyPlan) -> list[str]:
    """Return every reason why this policy must not be saved; [] when it makes sense."""
    return list(_problems(policy))


def _problems(policy: PolicyPlan) -> Iterator[str]:
    if not policy.levels:
        yield "A policy needs at least one level."
    if len(policy.levels) > MOST_LEVELS:
        yield f"A policy has {MOST_LEVELS} levels at most."
    if not 0 <= policy.repeat_rounds <= MOST_ROUNDS:
        yield f"A policy repeats {MOST_ROUNDS} times at most."
    timeout = policy.acknowledgement_timeout
    if timeout is not None and not 10 <= timeout <= 7 * DAY:
        yield "The acknowledgement time-out is 10 s to 7 days."
    for number, level in enumerate(policy.levels, start=1):
        yield from (f"Level {number}: {sentence}" for sentence in _of_level(level))
    if policy.levels and policy.repeat_rounds and not any(map(_takes_time, policy.levels)):
        yield "A policy that repeats must wait somewhere, or every round is sent at once."


def _of_level(level: LevelPlan) -> Iterator[str]:
    named = level.aim.id is not None
    if level.aim.kind == Target.USER and not named:
        yield "it names nobody; choose the person."
    if level.aim.kind == Target.GROUP and not named:
        yield "it names nobody; choose the other group."
    if level.aim.kind not in (Target.USER, Target.GROUP) and named:
        yield "only “a named person” and “another group” name one."
    if not 1 <= level.times <= MOST_TIMES:
        yield f"it notifies 1 to {MOST_TIMES} times."
    if level.times > 1 and level.interval < 1:
        yield "notifying more than once needs an interval."
    if max(level.interval, level.member_wait, level.wait) > DAY:
        yield "it waits a day at most."
    yield from _of_sequence(level.channels)


def _of_sequence(channels: tuple[ChannelStep, ...]) -> Iterator[str]:
    if len(channels) > MOST_CHANNELS:
        yield f"its sequence has {MOST_CHANNELS} steps at most."
    for step in channels:
        if step.kind not in CHANNELS:
            yield f"“{step.kind}” is not a channel; use {', '.join(CHANNELS)}."
    if any(step.delay > DAY for step in channels):
        yield "a channel waits a day at most."
    if len(set(channels)) < len(channels):
        yield "a channel is used twice after the same delay."


def _takes_time(level: LevelPlan) -> bool:
    return level.wait > 0 or (level.times > 1 and level.interval > 0)
