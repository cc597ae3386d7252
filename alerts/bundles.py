"""Alerts that belong together: one of them pages, the others follow it.

An attached alert keeps its own life: its key, its events, its recovery. It is quiet while the one
it follows is open; acknowledging or resolving that one by hand does the same to it. When the
leader recovers by itself, the oldest that still fires leads the rest. The engine looks at attached
alerts from time to time all the same: one whose leader is gone, or is itself kept quiet by
maintenance, is paged by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from alertops import doorbell, prepared
from alerts.models import Alert
from alerts.states import LOW_URGENCY, Kind, NotAllowed, Severity, Status, Urgency, Wake, urgency_of
from alerts.timeline import Fact, record
from alerts.wakes import LOOK_AGAIN

_LEADERS = """
SELECT n.id, p.id
FROM unnest(%s::bigint[], %s::timestamptz[]) AS n(id, since)
JOIN alerts_alert a ON a.id = n.id
CROSS JOIN LATERAL (
    SELECT l.id FROM alerts_alert l
    WHERE l.source_id = a.source_id AND l.bundle = a.bundle AND l.status <> 'resolved'
        AND l.parent_id IS NULL AND l.id < a.id AND l.opened_at >= n.since AND NOT l.suppressed
        AND l.snoozed_until IS NULL
    ORDER BY l.id LIMIT 1
) AS p
"""


def gather(since: Mapping[int, datetime], now: datetime) -> int:
    """Attach alerts just opened to the oldest open one of their bundle, opened at `since` or later.

    Call it in the transaction that opened them. Returns how many found one.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_LEADERS, [list(since), list(since.values())])
        leaders: dict[int, int] = dict(cursor.fetchall())
    by_leader: dict[int, list[int]] = {}
    for pk, leader in leaders.items():
        by_leader.setdefault(leader, []).append(pk)
    return sum(follow(leader, pks, now, by="grouping") for leader, pks in by_leader.items())


@transaction.atomic
def follow(leader: int, ids: Sequence[int], now: datetime, by: str) -> int:
    """Attach these alerts, with all that follows them, to `leader`, unless it is resolved
    meanwhile. Returns how many."""
    with prepared.cursor() as cursor:
        cursor.execute(_ATTACH, [leader, now + LOOK_AGAIN, list(ids), list(ids)])
        moved = sorted(row[0] for row in cursor.fetchall())
    record(Fact(pk, Kind.ATTACHED, now, None, {"to": leader, "by": by}) for pk in moved)
    return len(moved)


_ATTACH = """
WITH leader AS (
    SELECT id FROM alerts_alert WHERE id = %s AND status <> 'resolved' FOR NO KEY UPDATE
)
UPDATE alerts_alert a
SET parent_id = leader.id,
    wake = CASE WHEN a.status = 'triggered' THEN 'attached' ELSE a.wake END,
    wake_at = CASE WHEN a.status = 'triggered' THEN %s ELSE a.wake_at END,
    suppressed = false, discard_at = NULL,
    snoozed_until = CASE WHEN a.status <> 'triggered' THEN a.snoozed_until END
FROM leader
WHERE (a.id = ANY(%s::bigint[]) OR a.parent_id = ANY(%s::bigint[]))
    AND a.status <> 'resolved' AND a.id <> leader.id
RETURNING a.id
"""
_BEGINNING = (Wake.START, Wake.ASSIGNED)
SOON = timedelta(seconds=5)


def unpaged(ids: Sequence[int], now: datetime) -> list[int]:
    """Return those of these alerts that the engine has not begun with: they wait to be paged."""
    waiting = Alert.objects.filter(pk__in=ids, status=Status.TRIGGERED, parent__isnull=True)
    found = waiting.filter(wake__in=_BEGINNING, wake_at__gt=now, epoch=1)
    return sorted(found.values_list("pk", flat=True))


def ringing(
    addressee: Mapping[str, int | None], since: datetime, now: datetime, *, but: int
) -> int | None:
    """Return the oldest loud alert opened since then whose page nobody has answered yet, `but`
    aside. `addressee`: its source, group, assignee and policy_hint."""
    loud = [each for each in Severity if urgency_of(each) == Urgency.HIGH]
    alerts = Alert.objects.filter(opened_at__gt=since, severity__in=loud, **addressee)
    alone = alerts.filter(
        status=Status.TRIGGERED, parent__isnull=True, suppressed=False, snoozed_until__isnull=True
    )
    waits = Q(wake__in=_BEGINNING, wake_at__gt=now + SOON)
    found = alone.exclude(waits).exclude(pk=but).order_by("opened_at", "pk")
    return found.values_list("pk", flat=True).first()


@transaction.atomic
def attach(alert_id: int, leader_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Let one alert, with all that follows it, follow another from now on.

    Raises NotAllowed where that makes no sense.
    """
    rows = Alert.objects.select_for_update(of=("self",)).filter(pk__in=[alert_id, leader_id])
    both = {row.pk: row for row in rows.order_by("pk")}
    if len(both) < 2:
        raise NotAllowed("An alert cannot be attached to itself.")
    alert, leader = both[alert_id], both[leader_id]
    if leader.parent_id is not None:
        raise NotAllowed(f"#{leader.pk} itself belongs to #{leader.parent_id}; attach it there.")
    for each in (alert, leader):
        if each.status == Status.RESOLVED:
            raise NotAllowed(f"#{each.pk} is resolved.")
    moved = [alert.pk, *alert.children.exclude(status=Status.RESOLVED).values_list("pk", flat=True)]
    Alert.objects.filter(pk__in=moved).update(parent=leader)
    # What was on its way is of an older epoch now: somebody is paged about the leader.
    Alert.objects.filter(pk__in=moved, status=Status.TRIGGERED).update(
        wake=Wake.ATTACHED, wake_at=now + LOOK_AGAIN, suppressed=False, discard_at=None,
        snoozed_until=None, epoch=F("epoch") + 1,
    )  # fmt: skip
    record(Fact(pk, Kind.ATTACHED, now, actor_id, {"to": leader.pk}) for pk in moved)


@transaction.atomic
def detach(alert_id: int, *, actor_id: int | None, now: datetime) -> None:
    """Take attaching back: the alert stands alone, and pages if nobody has it in hand; one that
    maintenance holds back, when that ends."""
    alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert_id)
    if alert.parent_id is None:
        return
    leader, alert.parent = alert.parent_id, None
    changed = ["parent"]
    if alert.status == Status.TRIGGERED and alert.suppressed:
        alert.wake = Wake.SUPPRESSED if alert.group_id is not None else Wake.ASSIGNED
        changed += ["wake"]
    elif alert.status == Status.TRIGGERED:
        alert.wake = Wake.START if alert.group_id is not None else Wake.ASSIGNED
        alert.wake_at = now
        changed += ["wake", "wake_at"]
        doorbell.ring_on_commit("tick")
    elif alert.status == Status.ACKNOWLEDGED:
        alert.wake, alert.wake_at = Wake.ACKNOWLEDGED, now
        changed += ["wake", "wake_at"]
    alert.save(update_fields=changed)
    record([Fact(alert.pk, Kind.DETACHED, now, actor_id, {"from": leader})])


def pass_on(ids: Sequence[int], now: datetime) -> None:
    """After these recovered by themselves: the oldest that still fires leads what followed them.

    Nobody has said that it is in hand, so an unacknowledged one is paged; the rest follow it. One
    that is acknowledged, quiet or held back leads only where there is no other: nobody would hear
    of what follows it.
    """
    with prepared.cursor() as cursor:
        cursor.execute(_HEIRS, [list(ids), [each.value for each in LOW_URGENCY]])
        heirs = cursor.fetchall()
        if not heirs:
            return
        old, new = [row[0] for row in heirs], [row[1] for row in heirs]
        cursor.execute(_CROWN, [now, new])
        cursor.execute(_FOLLOW, [old, new])
    record(Fact(pk, Kind.DETACHED, now, None, {"from": leader}) for leader, pk in heirs)


_HEIRS = """
SELECT DISTINCT ON (parent_id) parent_id, id FROM alerts_alert
WHERE parent_id = ANY(%s::bigint[]) AND status <> 'resolved'
ORDER BY parent_id, status <> 'triggered', severity = ANY(%s), suppressed, id
"""
_CROWN = """
UPDATE alerts_alert SET parent_id = NULL, wake_at = CASE WHEN suppressed THEN wake_at ELSE %s END,
    wake = CASE WHEN status = 'acknowledged' THEN 'acknowledged'
                WHEN group_id IS NULL THEN 'assigned'
                WHEN suppressed THEN 'suppressed' ELSE 'start' END
WHERE id = ANY(%s::bigint[])
"""
_FOLLOW = """
UPDATE alerts_alert a SET parent_id = h.new
FROM unnest(%s::bigint[], %s::bigint[]) AS h(old, new)
WHERE a.parent_id = h.old AND a.status <> 'resolved' AND a.id <> h.new
"""


def resolve_too(leader: int, actor_id: int | None, now: datetime) -> None:
    """Somebody resolved the leader: what follows it is resolved with it."""
    _with_it(_RESOLVE, [now, actor_id, [leader]], Kind.RESOLVED, actor_id, now)


def acknowledge_too(leader: int, actor_id: int | None, now: datetime) -> None:
    """Somebody has the leader in hand, and so all of it."""
    values = [now, actor_id, actor_id, [leader]]
    _with_it(_ACKNOWLEDGE, values, Kind.ACKNOWLEDGED, actor_id, now)


def unacknowledge_too(leaders: Sequence[int], actor_id: int | None, now: datetime) -> None:
    """Nobody has them in hand any more; each leader pages for all that follow it."""
    values = [now + LOOK_AGAIN, list(leaders)]
    _with_it(_UNACKNOWLEDGE, values, Kind.UNACKNOWLEDGED, actor_id, now)


_RESOLVE = """
UPDATE alerts_alert SET status = 'resolved', resolved_at = %s, resolved_by_id = %s, wake_at = NULL,
    snoozed_until = NULL, suppressed = false, discard_at = NULL, acknowledgement_expires = false,
    epoch = epoch + 1
WHERE parent_id = ANY(%s::bigint[]) AND status <> 'resolved' RETURNING id, parent_id
"""
_ACKNOWLEDGE = """
UPDATE alerts_alert SET status = 'acknowledged', acknowledged_at = %s, acknowledged_by_id = %s,
    assignee_id = CASE WHEN group_id IS NULL THEN assignee_id ELSE COALESCE(%s, assignee_id) END,
    wake = 'acknowledged', wake_at = NULL,
    snoozed_until = NULL, suppressed = false, discard_at = NULL, epoch = epoch + 1
WHERE parent_id = ANY(%s::bigint[]) AND status = 'triggered' RETURNING id, parent_id
"""
_UNACKNOWLEDGE = """
UPDATE alerts_alert SET status = 'triggered', acknowledged_at = NULL, acknowledged_by_id = NULL,
    acknowledgement_expires = false, wake = 'attached', wake_at = %s, epoch = epoch + 1,
    assignee_id = CASE WHEN group_id IS NULL THEN assignee_id END
WHERE parent_id = ANY(%s::bigint[]) AND status = 'acknowledged' RETURNING id, parent_id
"""


def _with_it(
    sql: str, values: Sequence[Any], kind: Kind, actor_id: int | None, now: datetime
) -> None:
    with prepared.cursor() as cursor:
        cursor.execute(sql, values)
        moved = cursor.fetchall()
    record(Fact(pk, kind, now, actor_id, {"with": leader}) for pk, leader in moved)
