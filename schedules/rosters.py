"""From rows to the dataclasses of the resolver: the only place that does so.

One statement whatever the number of groups, for two reasons: the engine asks for hundreds at once,
and a single statement is a single snapshot, so an override that is saved in this very moment is
seen whole or not at all.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from alertops import prepared
from schedules.posts import Key, Source
from schedules.resolver import Duty, Past, Place, Plan, without_rotations
from schedules.roster_rows import Rows
from schedules.rosters_sql import STATEMENT
from schedules.states import Role, Why
from schedules.walltime import zone_of

KEPT, KEPT_LENGTH = 2048, 8000
"""How many rosters a process keeps, and of how many characters at most. A roster is a function of
what was read, so one that reads the same is the same; what was worked out about it is kept, too."""


@dataclass(frozen=True)
class Roster:
    """Everything that decides who is on call in one group over a stretch of time, with the names
    that are needed to say why."""

    group: int
    zone: ZoneInfo
    plan: Plan
    managers: tuple[int, ...]
    schedule: int | None = None
    schedule_name: str = ""
    layer_names: Mapping[Key, str] = field(default_factory=dict)
    """Of layers, and of temporary schedules."""
    reasons: Mapping[int, str] = field(default_factory=dict)
    past_words: Mapping[Source, str] = field(default_factory=dict)
    """Why, in the words of then, for what is on record."""


def load(
    groups: Iterable[int], since: datetime, until: datetime, *, schedule: int | None = None
) -> dict[int, Roster]:
    """Return the roster of each group that exists, with what is in force in [since, until).

    With `schedule` that one is read instead of the active one, to see what a draft would do.

    Somebody who left the group, was switched off or is a mere Stakeholder is never on call: their
    turn belongs to nobody, an override in their favour is not in force, and a time off they were
    to cover leaves the shifts with their owner.
    """
    parameters: dict[str, Any] = {
        "groups": list(groups),
        "since": since,
        "until": until,
        "schedule": schedule,
    }
    bodies: dict[int, list[tuple[str, str]]] = {}
    holidays: dict[int, frozenset[date]] = {}
    with prepared.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)
        for part, number, body in cursor.fetchall():
            if part == "holidays":
                holidays[number] = _days(body)
            else:
                bodies.setdefault(number, []).append((part, body))
    return {group: _known(group, tuple(found), holidays) for group, found in bodies.items()}


Bodies = tuple[tuple[str, str], ...]
Days = tuple[tuple[int, frozenset[date]], ...]


def _known(group: int, bodies: Bodies, holidays: Mapping[int, frozenset[date]]) -> Roster:
    """Return the roster that these rows make: the very same one as long as they say the same."""
    uses = next((body for part, body in bodies if part == "uses"), "[]")
    days = tuple((number, holidays.get(number, frozenset())) for number in _numbers(uses))
    if sum(len(body) for _, body in bodies) > KEPT_LENGTH:
        return _roster(group, bodies, days)
    return _kept(group, bodies, days)


@lru_cache(maxsize=256)
def _numbers(body: str) -> tuple[int, ...]:
    return tuple(json.loads(body))


@lru_cache(maxsize=256)
def _days(body: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, json.loads(body)))


def _roster(group: int, bodies: Bodies, days: Days) -> Roster:
    parts = {part: json.loads(body) for part, body in bodies}
    zone, schedule, name, zone_there, is_active = parts["group"]
    members = parts.get("members", ())
    say = without_rotations([Place(*place[:3]) for place in members])
    managers = tuple(user for user, _, _, is_manager in members if is_manager)
    pageable = {place[0] for place in members}
    rows = Rows(parts, zone_of(zone_there or zone), pageable, dict(days))
    past, words = _past(parts.get("past")) if is_active is not False else (None, {})
    if schedule is None:
        plan = Plan(**say, away=rows.away(), past=past)
        return Roster(group, rows.zone, plan, managers, past_words=words)
    plan = Plan(
        rows.rotations(),
        rows.overrides(),
        **say,
        fixed=rows.fixed(),
        imported=rows.imported(),
        temporary=rows.temporary(),
        away=rows.away(),
        past=past,
    )
    reasons = {row[0]: row[-1] for row in parts.get("overrides", ())}
    names = _names(parts)
    return Roster(group, rows.zone, plan, managers, schedule, name, names, reasons, words)


_kept = lru_cache(maxsize=KEPT)(_roster)


def _names(parts: dict[str, Any]) -> dict[Key, str]:
    kinds = {
        "rotations": Why.ROTATION,
        "fixed": Why.FIXED,
        "calendars": Why.IMPORT,
        "temporary": Why.TEMPORARY,
    }
    return {(why, row[0]): row[1] for part, why in kinds.items() for row in parts.get(part, ())}


def _past(row: list[Any] | None) -> tuple[Past | None, dict[Source, str]]:
    if row is None:
        return None, {}
    duties, words = [], {}
    for start, end, user, role, why, number, turn, said in row[2] or ():
        source = Source(Why(why), number, turn)
        words[source] = said
        duties.append((_instant(start), _instant(end), Duty(user, Role(role), source)))
    return Past(_instant(row[0]), _instant(row[1]), tuple(duties)), words


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
