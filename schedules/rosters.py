"""From rows to the dataclasses of the resolver: the only place that does so.

One statement whatever the number of groups, for two reasons: the engine asks for hundreds at once,
and a single statement is a single snapshot, so an override that is saved in this very moment is
seen whole or not at all.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from alertops import prepared
from schedules.resolver import Override, Place, Plan, Rotation, without_rotations
from schedules.states import Fills, Role, Unit
from schedules.walltime import zone_of

# Somebody who left the group, was switched off or is a mere Stakeholder is never on call: their
# turn belongs to nobody (a null), and an override in their favour is not in force.
_SQL = """
WITH pageable AS NOT MATERIALIZED (
    SELECT m.* FROM groups_member m JOIN accounts_user u ON u.id = m.user_id
    WHERE u.is_active AND NOT u.roles <@ ARRAY['stakeholder']::varchar[]
)
SELECT g.id, g.time_zone,
    (SELECT json_agg(json_build_array(p.user_id, p.is_primary, p.is_secondary, p.is_manager)
                     ORDER BY p.sequence, p.id)
     FROM pageable p WHERE p.group_id = g.id)::text,
    (SELECT json_build_array(s.id, s.name, s.time_zone,
        (SELECT json_agg(json_build_array(r.id, r.name, r.starts_on + r.handoff_at, r.unit,
                                          r.count, r.fills, r.rank,
            (SELECT json_agg(p.user_id ORDER BY l.position, l.id)
             FROM schedules_rotationmember l
             LEFT JOIN pageable p ON p.user_id = l.user_id AND p.group_id = g.id
             WHERE l.rotation_id = r.id)) ORDER BY r.rank DESC, r.id)
         FROM schedules_rotation r WHERE r.schedule_id = s.id),
        (SELECT json_agg(json_build_array(o.id, o.role, o.user_id, o.replaces_id, o.starts_at,
                                          o.ends_at, o.reason) ORDER BY o.id)
         FROM schedules_override o
         JOIN pageable p ON p.user_id = o.user_id AND p.group_id = g.id
         WHERE o.schedule_id = s.id AND o.starts_at < %(until)s AND o.ends_at > %(since)s))
     FROM schedules_schedule s
     WHERE s.group_id = g.id
       AND CASE WHEN %(schedule)s::bigint IS NULL THEN s.is_active ELSE s.id = %(schedule)s END
    )::text
FROM groups_group g WHERE g.id = ANY(%(groups)s::bigint[])
"""


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
    rotation_names: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)


def load(
    groups: Iterable[int], since: datetime, until: datetime, *, schedule: int | None = None
) -> dict[int, Roster]:
    """Return the roster of each group that exists, with the overrides that touch [since, until].

    With `schedule` that one is read instead of the active one, to see what a draft would do.
    """
    parameters: dict[str, Any] = {
        "groups": list(groups),
        "since": since,
        "until": until,
        "schedule": schedule,
    }
    with prepared.cursor() as cursor:
        cursor.execute(_SQL, parameters)
        return {row[0]: _roster(*row) for row in cursor.fetchall()}


def _roster(group: int, zone: str, members: str | None, schedule: str | None) -> Roster:
    places = json.loads(members or "[]")
    members_say = without_rotations([Place(*place[:3]) for place in places])
    managers = tuple(user for user, _, _, is_manager in places if is_manager)
    if schedule is None:
        return Roster(group, zone_of(zone), Plan(**members_say), managers)
    number, name, zone, rotations, overrides = json.loads(schedule)
    tz = zone_of(zone)
    plan = Plan(
        tuple(_rotation(tz, *row) for row in rotations or ()),
        tuple(_override(*row) for row in overrides or ()),
        **members_say,
    )
    names = {row[0]: row[1] for row in rotations or ()}
    reasons = {row[0]: row[-1] for row in overrides or ()}
    return Roster(group, tz, plan, managers, number, name, names, reasons)


def _rotation(
    zone: ZoneInfo,
    number: int,
    _name: str,
    starts: str,
    unit: str,
    count: int,
    fills: str,
    rank: int,
    members: list[int | None] | None,
) -> Rotation:
    line = tuple(members or ())
    begins = datetime.fromisoformat(starts)
    return Rotation(number, zone, begins, Unit(unit), count, line, Fills(fills), rank)


def _override(number: int, role: str, user: int, replaces: int | None, *rest: Any) -> Override:
    start, end = (datetime.fromisoformat(text).astimezone(UTC) for text in rest[:2])
    return Override(number, Role(role), user, replaces, start, end)
