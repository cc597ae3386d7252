"""A policy in words: "T+0 Priya by SMS and push · T+5 min Bob by SMS · T+15 min Carol". Pure.

Two views of the same rules, both on one clock that counts from the beginning: `outline` knows only
the policy, `chain` also the people and lays out exactly what the engine would do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Protocol

from alertops import durations
from escalation.plan import Aim, LevelPlan, Planned, PolicyPlan, Position, Recipient, Roster, plan
from escalation.reach import Person, reach
from escalation.states import Target

NOTIFY, SKIPPED, AGAIN, FALLBACK = "notify", "skipped", "again", "fallback"
FALLBACK_WORDS = {
    "managers": "the group's Managers",
    "members": "all members of the group",
    "contact": "the group's own contact address",
    "admins": "the App Admins",
}
_ANY_FALLBACK = "the group's Managers, else its members, else its own address, else the App Admins"
_WHOM = {
    Target.PRIMARY: "Primary of the group",
    Target.SECONDARY: "Secondary of the group",
    Target.MANAGER: "Manager of the group",
    Target.EVERYONE: "All members of the group",
    Target.CONTACT: "The group's own contact address",
}
_WHY = {"inactive": "no longer active", "unreachable": "no verified contact method"}
_ROLE = {Target.EVERYONE: "Member", Target.USER: "", Target.CONTACT: ""}


@dataclass(frozen=True, slots=True)
class Names:
    """What numbers and kinds are called on screen."""

    people: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)

    def channel(self, kind: str) -> str:
        return self.channels.get(kind, kind)

    def whom(self, aim: Aim) -> str:
        """Whom a level names, without knowing who that is today."""
        if aim.kind == Target.USER:
            return self.people.get(aim.id or 0, "somebody who has left")
        if aim.kind == Target.GROUP:
            return f"On call in {self.groups.get(aim.id or 0, 'another group')}"
        return _WHOM[Target(aim.kind)]

    def role(self, aim: Aim) -> str:
        """The same in a word, beside a person's name."""
        if aim.kind == Target.GROUP:
            return self.groups.get(aim.id or 0, "Another group")
        target = Target(aim.kind)
        return _ROLE.get(target, str(target.label))


@dataclass(frozen=True, slots=True)
class Way:
    """One message: by which channel, how long after the step began."""

    channel: str
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who is notified; `id` is None for the group's own address."""

    id: int | None
    name: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What happens at one moment. `offset` counts seconds from the beginning."""

    kind: str
    offset: int
    whom: str
    level: int | None = None
    round: int = 0
    send: int = 0
    times: int = 1
    at: datetime | None = None
    role: str = ""
    how: str = ""
    notes: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    wait: int = 0
    is_least: bool = False
    """Members are asked one after the other, so it may also be later."""

    @property
    def clock(self) -> str:
        return f"T+{durations.words(self.offset) if self.offset else 0}"

    @property
    def text(self) -> str:
        """The row as a sentence without its time."""
        if self.kind == SKIPPED:
            return f"{self.whom}: nobody, skipped at once{self._left_out_words()}"
        role = f" ({self.role})" if self.role else ""
        how = f" {self.how}" if self.how else ""
        if self.kind == FALLBACK and self.at is not None and not self.told:
            how = ": nobody who can be reached"
        nth = (f"notification {self.send + 1} of {self.times}",) if self.send else ()
        notes = f" ({'; '.join((*nth, *self.notes))})" if (*nth, *self.notes) else ""
        return f"{self.whom}{role}{how}{notes}{self._left_out_words()}"

    def _left_out_words(self) -> str:
        return "".join(f"; {name} is left out: {_WHY.get(why, why)}" for name, why in self.left_out)


def sentence(rows: Iterable[Row]) -> str:
    """All rows in one line: what is shown beside a policy's name."""
    return " · ".join(
        f"{row.clock}{' or later' if row.is_least else ''} {row.text}" for row in rows
    )


def ways(used: Iterable[Way], names: Names) -> str:
    """ "by SMS and push, by phone after 2 min"."""
    parts = []
    for delay, same in groupby(sorted(used, key=lambda way: way.delay), key=lambda way: way.delay):
        channels = _join(list(dict.fromkeys(names.channel(way.channel) for way in same)))
        parts.append(f"by {channels}" + (f" after {durations.words(delay)}" if delay else ""))
    return ", ".join(parts)


def outline(policy: PolicyPlan, names: Names) -> list[Row]:
    """One row per level, then what follows the last one. Nobody in particular is asked for."""
    rows: list[Row] = []
    offset, is_least = 0, False
    for index, level in enumerate(policy.levels):
        is_own = policy.notification_type == "policy" and level.channels
        rows.append(
            Row(
                NOTIFY,
                offset,
                names.whom(level.aim),
                level=index,
                times=level.times,
                how=_own_channels(level, names) if is_own else "by their own rules",
                notes=tuple(_notes(level)),
                wait=level.wait,
                is_least=is_least,
            )
        )
        offset += (level.times - 1) * level.interval + level.wait
        is_least = is_least or level.member_wait > 0
    if policy.levels:
        rows += _afterwards(policy, offset, is_least)
    return rows


def _own_channels(level: LevelPlan, names: Names) -> str:
    return ways([Way(step.kind, step.delay) for step in level.channels], names)


def _notes(level: LevelPlan) -> Iterable[str]:
    if level.times > 1:
        yield f"{level.times} times, {durations.words(level.interval)} apart"
    if level.member_wait:
        yield f"one after the other, {durations.words(level.member_wait)} between them"


def _afterwards(policy: PolicyPlan, offset: int, is_least: bool) -> Iterable[Row]:
    if policy.repeat_rounds:
        more = "once more" if policy.repeat_rounds == 1 else f"{policy.repeat_rounds} times more"
        yield Row(AGAIN, offset, f"From the first level again, {more}", is_least=is_least)
    end = offset * (policy.repeat_rounds + 1)
    yield Row(FALLBACK, end, f"Fallback: {_ANY_FALLBACK}", is_least=is_least)


class People(Protocol):
    """Live people, at any instant."""

    def roster_at(self, group_id: int | None, at: datetime) -> Roster: ...
    def fallback_at(
        self, group_id: int | None, at: datetime
    ) -> tuple[str, tuple[Recipient, ...]]: ...
    def person(self, user_id: int) -> Person | None: ...
    def contact_channel(self, contact_id: int) -> str: ...


@dataclass(frozen=True, slots=True)
class Chain:
    """Lays a policy out for one group and its people, from any position at any instant."""

    policy: PolicyPlan
    people: People
    names: Names
    group_id: int | None
    urgency: str = "high"

    def rows(self, at: datetime, start: Position, *, most: int = 50) -> list[Row]:
        """Every step to come, the first due at `at`, skipped levels and the end included."""
        found: list[Row] = []
        for planned in plan(self.policy, self._roster_at, start, at, most=most):
            offset = round((planned.at - at).total_seconds())
            found += [
                Row(
                    SKIPPED,
                    offset,
                    self.names.whom(self.policy.levels[gap.level].aim),
                    level=gap.level,
                    round=gap.round,
                    at=planned.at,
                    left_out=self._left_out(gap.left_out),
                )
                for gap in planned.step.skipped
            ]
            is_end = planned.step.is_end
            found.append(
                self.fallback(planned.at, offset) if is_end else self._notify(planned, offset)
            )
        return found

    def fallback(self, at: datetime, offset: int = 0) -> Row:
        """Whoever is paged when nobody is left at `at`."""
        who, recipients = self.people.fallback_at(self.group_id, at)
        told = tuple(self._told(one, None) for one in recipients)
        whom, how = f"Fallback: {FALLBACK_WORDS[who]}", _said(told, self.names)
        return Row(FALLBACK, offset, whom, at=at, how=how, told=told)

    def direct(self, user_id: int, at: datetime) -> Row:
        """One person, by their own rules: an assignment."""
        told = (self._told(Recipient("user", user_id), None),)
        return Row(NOTIFY, 0, told[0].name, at=at, how=ways(told[0].ways, self.names), told=told)

    def _notify(self, planned: Planned, offset: int) -> Row:
        step = planned.step
        level = self.policy.levels[step.position.level]
        told = tuple(self._told(one, level) for one in step.recipients)
        return Row(
            NOTIFY,
            offset,
            _join([one.name for one in told]),
            level=step.position.level,
            round=step.position.round,
            send=step.position.send,
            times=level.times,
            at=planned.at,
            role=self.names.role(level.aim),
            how=_said(told, self.names),
            told=told,
            left_out=self._left_out(step.left_out),
            wait=step.wait,
        )

    def _roster_at(self, at: datetime) -> Roster:
        return self.people.roster_at(self.group_id, at)

    def _told(self, one: Recipient, level: LevelPlan | None) -> Told:
        if one.kind == "contact":
            way = Way(self.people.contact_channel(one.id))
            return Told(None, "The group's own address", (way,))
        person = self.people.person(one.id)
        if person is None or not person.is_reachable:
            return Told(one.id, self.names.people.get(one.id, "somebody who has left"), ())
        used = reach(
            person,
            urgency=self.urgency,
            notification_type=self.policy.notification_type if level else "user",
            channels=level.channels if level else (),
        )
        found = [Way(one.method.channel, one.delay) for one in used.deliveries]
        return Told(person.id, person.name, tuple(found))

    def _left_out(self, who: tuple[tuple[int, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((self._name(pk), why) for pk, why in who)

    def _name(self, user_id: int) -> str:
        person = self.people.person(user_id)
        return person.name if person else "somebody who has left"


def _said(told: tuple[Told, ...], names: Names) -> str:
    """How, where it is the same for all of them; else how each."""
    said = {one.name: ways(one.ways, names) for one in told}
    if len(set(said.values())) <= 1:
        return next(iter(said.values()), "")
    return "; ".join(f"{name} {how}" for name, how in said.items())


def _join(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words) or "nobody"
    return f"{', '.join(words[:-1])} and {words[-1]}"
