"""What a maintenance window would have held back last week: asked before it is saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from alerts.models import Alert
from integrations import rereading
from integrations.models import Integration, Service
from integrations.routing import compiled
from integrations.scopes import Scope
from integrations.windows import Every, Plan, Span

WEEK = timedelta(days=7)
MOST = 500
"""Alerts looked at."""
SHOWN = 20


@dataclass(frozen=True, slots=True)
class LastWeek:
    """The alerts it would have held back, the newest first."""

    count: int
    is_more: bool
    alerts: Sequence[Alert]
    spans: Sequence[Span]


def look_back(
    plan: Plan,
    *,
    everything: bool,
    integrations: Sequence[Integration],
    services: Sequence[Service],
    group_ids: Sequence[int],
    conditions: list[dict[str, str]],
    now: datetime,
) -> LastWeek:
    """Lay the window over the last seven days. Reads only, and at most MOST alerts."""
    sources = {each.pk for each in integrations}
    sources |= {each.pk for service in services for each in service.integrations.all()}
    scope = Scope(everything, frozenset(sources), frozenset(group_ids), compiled(conditions))
    spans = list(_spans(plan, now))
    rows = list(_alerts(scope, spans)[: MOST + 1]) if spans else []
    said = rereading.drafts_of([row.pk for row in rows]) if scope.conditions else {}
    found = [
        row
        for row in rows[:MOST]
        if scope.holds(row.source_id or 0, row.group_id, lambda row=row: said.get(row.pk))  # type: ignore[misc]
    ]
    return LastWeek(len(found), len(rows) > MOST, found[:SHOWN], spans)


def _spans(plan: Plan, now: datetime) -> list[Span]:
    """When it was last week: a recurring one as if it had been there, one of once a week early."""
    since = now - WEEK
    if plan.every != Every.ONCE:
        before = Plan(
            plan.every,
            plan.zone,
            since.date() - timedelta(days=2),
            plan.begins_at,
            now.date() + timedelta(days=2),
            plan.ends_at,
            plan.weekdays,
            plan.month_day,
        )
        return [(max(start, since), min(end, now)) for start, end in before.spans(since, now)]
    start, end = plan.bounds
    weeks = max(1, -((now - end) // WEEK))
    start, end = max(start - weeks * WEEK, since), min(end - weeks * WEEK, now)
    return [(start, end)] if start < end else []


def _alerts(scope: Scope, spans: Sequence[Span]) -> QuerySet[Alert]:
    when = Q()
    for start, end in spans:
        when |= Q(opened_at__gte=start, opened_at__lt=end)
    rows = Alert.objects.filter(when, source__isnull=False)
    if not scope.everything:
        rows = rows.filter(Q(source__in=scope.sources) | Q(group__in=scope.groups))
    return rows.select_related("group", "source").order_by("-opened_at", "-id")
