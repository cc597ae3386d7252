"""Who is responsible for what an integration sends: read once per batch, in two queries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from integrations.expressions import Overrides
from integrations.models import Integration, Route
from integrations.routing import BadCondition, Rule, Way, compiled

LAZY = timedelta(seconds=10)
"""How old `last_event_at` may be: a hot row must not be written for every event."""


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


def addressees(ids: set[int]) -> dict[int, Addressee]:
    """Return these integrations with their routes, ready to be asked."""
    rules: dict[int, list[Rule]] = {}
    for route in Route.objects.filter(integration__in=ids).order_by("position", "id"):
        rules.setdefault(route.integration_id, []).append(_rule(route))
    return {
        each.pk: Addressee(
            each.pk,
            each.name,
            each.kind,
            Way(each.group_id, each.assignee_id, each.policy_id, each.default_severity),
            tuple(rules.get(each.pk, ())),
            Overrides(each.mapping) if each.mapping else None,
            each.last_event_at,
        )
        for each in Integration.objects.filter(pk__in=ids)
    }


def _rule(route: Route) -> Rule:
    try:
        conditions = compiled(route.conditions)
    except BadCondition:  # refused when saved; if it got in some other way it fits nothing
        conditions = compiled([{"field": "title", "operator": "regex", "value": "$^x"}])
    return Rule(
        route.pk,
        route.name,
        conditions,
        route.group_id,
        route.assignee_id,
        route.policy_id,
        route.severity,
        route.drop,
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
