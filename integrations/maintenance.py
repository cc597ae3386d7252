"""Maintenance at work: what the inbox asks once a batch, and the look at running alerts.

The inbox holds back what is opened while a window goes on. Alerts that were there before, and
windows that are changed or ended by hand, are looked after here once a second. What is held back
needs none of this to be paged in the end: that stands in the alert itself.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from datetime import time as wall_time
from typing import Any

import orjson
from django.db import transaction

from alertops import prepared
from alerts import holds
from alerts.holds import Candidate
from alerts.signals import Hold
from integrations import rearming, rereading
from integrations.mapping import Draft
from integrations.routing import compiled
from integrations.scopes import Active, Scope, hold_of
from integrations.states import AtEnd
from integrations.windows import Plan

logger = logging.getLogger(__name__)

EACH = 1.0
"""Seconds between two looks."""
_REVIEW = 30.0
"""Seconds after which everything held back is looked at again, even if no window has changed."""

_ASK = """
SELECT w.id, w.name, w.changes, w.every, w.time_zone, w.first_on, w.begins_at, w.last_on,
    w.ends_at, w.weekdays, w.month_day, w.skip_until, w.at_end, w.everything, w.conditions,
    ARRAY(
        SELECT m.integration_id FROM integrations_maintenancewindow_integrations m
        WHERE m.maintenancewindow_id = w.id
        UNION
        SELECT s.integration_id FROM integrations_maintenancewindow_services ws
        JOIN integrations_service_integrations s ON s.service_id = ws.service_id
        WHERE ws.maintenancewindow_id = w.id
    ),
    ARRAY(
        SELECT g.group_id FROM integrations_maintenancewindow_groups g
        WHERE g.maintenancewindow_id = w.id
    )
FROM integrations_maintenancewindow w
WHERE w.ended_at IS NULL AND w.over_at > %s AND w.starts_at <= %s
"""


def active(now: datetime) -> list[Active]:
    """Return the windows that go on now, in one query. Asked once a batch, never per event."""
    with prepared.cursor() as cursor:
        cursor.execute(_ASK, [now, now])
        rows = cursor.fetchall()
    return [found for row in rows if (found := _safely(now, row)) is not None]


def _safely(now: datetime, row: tuple[Any, ...]) -> Active | None:
    """A window that cannot be understood holds nothing back: then people are paged."""
    try:
        return _active(now, *row)
    except Exception:
        logger.exception("Maintenance window %s cannot be read.", row[0])
        return None


def _active(
    now: datetime,
    pk: int,
    name: str,
    changes: int,
    every: str,
    zone: str,
    first_on: date,
    begins_at: wall_time,
    last_on: date,
    ends_at: wall_time,
    weekdays: list[int],
    month_day: int,
    skip_until: datetime | None,
    at_end: str,
    everything: bool,
    conditions: Any,
    sources: list[int],
    groups: list[int],
) -> Active | None:
    plan = Plan(every, zone, first_on, begins_at, last_on, ends_at, tuple(weekdays), month_day)
    span = plan.at(now)
    if span is None or (skip_until is not None and span[0] < skip_until):
        return None
    tests = compiled(orjson.loads(conditions) if isinstance(conditions, str) else conditions)
    scope = Scope(everything, frozenset(sources), frozenset(groups), tests)
    return Active(pk, name, changes, span[1], at_end == AtEnd.DISCARD, scope)


class _Memory:
    """What this process remembers from look to look. Forgetting all of it loses nothing."""

    def __init__(self) -> None:
        self.looked = self.reviewed = float("-inf")
        self.at = datetime.min.replace(tzinfo=UTC)
        self.windows: frozenset[Active] = frozenset()
        self.said: OrderedDict[int, tuple[Draft, str] | None] = OrderedDict()


_memory = _Memory()


def look(now: datetime) -> None:
    """Hold back what a window has begun for, let go and close what is over. Once a second."""
    at = time.monotonic()
    if at - _memory.looked < EACH and abs((now - _memory.at).total_seconds()) < EACH:
        return
    _memory.looked, _memory.at = at, now
    windows = active(now)
    if windows:
        _hold_running(windows, now)
    _discard(now)
    current = frozenset(windows)
    if current != _memory.windows or at - _memory.reviewed >= _REVIEW:
        _end_early(current, now)
        if not _review(windows, now):
            _memory.windows, _memory.reviewed = current, at


@transaction.atomic
def _discard(now: datetime) -> None:
    """Close what is to be closed at the end. A source that still fires says so again; a heartbeat
    that is dead never does, so it is given another round."""
    if closed := holds.discard_due(now):
        rearming.rearm(closed, now)


def forget() -> None:
    """Start anew (tests)."""
    global _memory
    _memory = _Memory()


def _hold_running(windows: Sequence[Active], now: datetime) -> None:
    """Alerts that would wake somebody before their window ends, begun before it or by hand."""
    found = holds.awake(
        max(window.until for window in windows),
        everything=any(window.scope.everything for window in windows),
        sources=sorted({pk for window in windows for pk in window.scope.sources}),
        groups=sorted({pk for window in windows for pk in window.scope.groups}),
        now=now,
    )
    wanted = _wanted(windows, found)
    later = {
        one.id: hold
        for one in found
        if (hold := wanted[one.id]) is not None and one.wake_at < hold.wake_at
    }
    if later:
        holds.hold(later, now)


def _review(windows: Sequence[Active], now: datetime) -> int:
    """What is held back for a window that was changed or ended. Returns how many had to change."""
    changed, last = 0, 0
    while found := holds.held_back(now, last):
        last = found[-1].id
        wanted = _wanted(windows, found)
        free = [one.id for one in found if wanted[one.id] is None]
        moved = {
            one.id: hold
            for one in found
            if (hold := wanted[one.id]) is not None and _differs(one, hold)
        }
        if free:
            holds.let_go(free, now)
        if moved:
            holds.hold(moved, now)
        changed += len(free) + len(moved)
    return changed


def _differs(one: Candidate, hold: Hold) -> bool:
    discard_at = hold.until if hold.discard else None
    return one.wake_at != hold.wake_at or one.discard_at != discard_at


def end(until: datetime, now: datetime) -> None:
    """Somebody ended a window that was to last `until`, in the caller's transaction."""
    if not any(each.until == until for each in active(now)):
        holds.expire_again(until, now)


def _end_early(current: frozenset[Active], now: datetime) -> None:
    """Acknowledgements that a window kept from expiring expire again when it is changed."""
    for window in _memory.windows - current:
        if window.until > now and not any(each.until == window.until for each in current):
            holds.expire_again(window.until, now)


def _wanted(windows: Sequence[Active], found: Sequence[Candidate]) -> dict[int, Hold | None]:
    """Return the hold of each alert, asking for what was said only where a window asks for it."""
    asks = any(window.scope.conditions for window in windows)
    said = _said(found) if asks else {}
    return {
        one.id: hold_of(windows, one.source_id, one.group_id, lambda one=one: said.get(one.id))  # type: ignore[misc]
        for one in found
    }


def _said(found: Sequence[Candidate]) -> dict[int, tuple[Draft, str] | None]:
    """Return what the alerts' events said, remembered: payloads do not change."""
    said = _memory.said
    unknown = [one.id for one in found if one.id not in said]
    if unknown:
        drafts = rereading.drafts_of(unknown)
        said.update({pk: drafts.get(pk) for pk in unknown})
    while len(said) > _MOST_SAID:
        said.popitem(last=False)
    return {one.id: said.get(one.id) for one in found}


_MOST_SAID = 10 * holds.MOST
