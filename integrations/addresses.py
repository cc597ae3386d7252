"""Who is responsible for what an integration sends: read once per batch, in one query."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.db.models import Q

from alertops import prepared
from groups.models import Topic
from integrations.expressions import Overrides
from integrations.mail_rules import MailRule
from integrations.models import Integration, Key
from integrations.routing import NO_TOPICS, BadCondition, Grouping, Rule, Way, compiled

LAZY = timedelta(seconds=10)
"""How old `last_event_at` may be: a hot row must not be written for every event."""
LAZY_KEY = timedelta(seconds=60)
_used: dict[int, datetime] = {}
"""When this process last wrote down that a key was used."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """An integration as the inbox uses it."""

    id: int
    name: str
    kind: str
    default: Way
    rules: tuple[Rule, ...]
    overrides: Overrides | None
    last_event_at: datetime | None
    mail_rules: tuple[MailRule, ...] = ()
    topics: Mapping[str, int] = field(default_factory=dict)
    storm_after: int = 0
    flap_count: int = 0
    flap_seconds: int = 0


# Written by hand: the two queries of the ORM took half of the time of a single event's way.
_ASK = """
SELECT i.source_ptr_id, s.name, i.kind, i.group_id, i.assignee_id, i.policy_id,
    i.default_severity, i.mapping, i.last_event_at, i.storm_after, i.flap_count, i.flap_seconds,
    i.group_by, i.group_seconds,
    (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.position, r.id)
     FROM integrations_route r WHERE r.integration_id = i.source_ptr_id),
    (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.position, m.id)
     FROM integrations_mailrule m WHERE m.integration_id = i.source_ptr_id)
FROM integrations_integration i JOIN alerts_source s ON s.id = i.source_ptr_id
WHERE i.source_ptr_id = ANY(%s::bigint[])
"""


def addressees(ids: set[int]) -> dict[int, Addressee]:
    """Return these integrations with their routes, ready to be asked."""
    with prepared.cursor() as cursor:
        cursor.execute(_ASK, [sorted(ids)])
        rows = cursor.fetchall()
    return {row[0]: _addressee(*row) for row in rows}


def _addressee(
    pk: int,
    name: str,
    kind: str,
    group_id: int | None,
    assignee_id: int | None,
    policy_id: int | None,
    severity: str,
    mapping: str,
    last_event_at: datetime | None,
    storm_after: int,
    flap_count: int,
    flap_seconds: int,
    group_by: list[str],
    group_seconds: int | None,
    routes: str | None,
    mail_rules: str | None,
) -> Addressee:
    expressions = orjson.loads(mapping)
    rules = tuple(_rule(route) for route in orjson.loads(routes)) if routes else ()
    grouping = _grouping(f"i{pk}", group_by, group_seconds)
    return Addressee(
        pk,
        name,
        kind,
        Way(group_id, assignee_id, policy_id, severity, grouping=grouping),
        rules,
        Overrides(expressions) if expressions else None,
        last_event_at,
        tuple(_mail_rule(rule) for rule in orjson.loads(mail_rules)) if mail_rules else (),
        _topics() if any(rule.by_topic for rule in rules) else NO_TOPICS,
        storm_after,
        flap_count,
        flap_seconds,
    )


def _mail_rule(rule: dict[str, Any]) -> MailRule:
    return MailRule(
        rule["where"], rule["operator"], rule["value"], rule["action"], rule["key_pattern"]
    )


def _grouping(owner: str, fields: list[str], seconds: int | None) -> Grouping | None:
    return None if seconds is None else Grouping(owner, tuple(fields), seconds)


def _topics() -> dict[str, int]:
    """Return whose each topic is; of several groups with the same, the one that had it first."""
    rows = Topic.objects.filter(group__is_active=True).order_by("-pk")
    return dict(rows.values_list("name", "group"))


def _rule(route: dict[str, Any]) -> Rule:
    try:
        conditions = compiled(route["conditions"])
    except BadCondition:  # refused when saved; if it got in some other way it fits nothing
        conditions = compiled([{"field": "title", "operator": "regex", "value": "$^x"}])
    return Rule(
        route["id"],
        route["name"],
        conditions,
        route["group_id"],
        route["assignee_id"],
        route["policy_id"],
        route["severity"],
        route["drop"],
        route["by_topic"],
        route["wait_seconds"],
        tuple(route["tags"]),
        _grouping(f"r{route['id']}", route["group_by"], route["group_seconds"]),
        route["opens_incident"],
    )


def seen(ids: set[int], known: dict[int, Addressee], now: datetime) -> None:
    """Remember that these integrations are alive, every ten seconds at most."""
    old = [
        pk
        for pk in ids
        if (last := known[pk].last_event_at) is None or not now - LAZY < last <= now
    ]
    if old:
        late = Q(last_event_at__isnull=True) | Q(last_event_at__lte=now - LAZY)
        Integration.objects.filter(late, pk__in=old).update(last_event_at=now)


def used(key_ids: set[int], now: datetime) -> None:
    """Remember that these keys were used, once a minute at most."""
    late = [pk for pk in key_ids if not now - LAZY_KEY < _used.get(pk, _NEVER) <= now]
    if late:
        if len(_used) > _MOST_USED:
            _used.clear()
        _used.update(dict.fromkeys(late, now))
        Key.objects.filter(pk__in=late).update(last_used_at=now)


_NEVER = datetime.min.replace(tzinfo=UTC)
_MOST_USED = 10_000
