"""What would become of an event: which route wins, and whom it would page when. Writes nothing.

The same reading, routing and plan as the inbox and the engine, asked about an event nobody sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from alerts.models import Alert
from alerts.signals import Hold, Signal
from escalation import outlook
from escalation.models import Policy
from escalation.outlook import Simulation
from groups.models import Group
from integrations import maintenance
from integrations.addresses import addressees
from integrations.models import Integration
from integrations.reading import Event, Reading, read_event

MOST = 20
"""Alerts of one body that are looked at; the chain is laid out for the first SHOWN of them."""
SHOWN = 5
LONGEST = 256 * 1024
"""Characters of a body that can be tried."""


@dataclass(slots=True)
class Imagined:
    """One thing the event says, and what would come of it."""

    title: str
    dedup_key: str
    action: str
    severity: str
    routed_by: str
    """The route's name; "integration" where none fits."""
    remark: str
    is_dropped: bool = False
    group: Group | None = None
    assignee: User | None = None
    open_alert: Alert | None = None
    """It would be added to this one, and page nobody anew."""
    hold: Hold | None = None
    simulation: Simulation | None = None


@dataclass(slots=True)
class Rehearsal:
    """What the event says. `detail` is the reader's own remark, `rest` what is not listed."""

    found: list[Imagined] = field(default_factory=list)
    detail: str = ""
    is_error: bool = False
    rest: int = 0

    @property
    def is_cut(self) -> bool:
        """Some would page, and their chain is not laid out."""
        return len([one for one in self.found if one.group and not one.is_dropped]) > SHOWN


def rehearse(integration: Integration, body: str, now: datetime) -> Rehearsal:
    """Read a body as if `integration` had just received it."""
    addressee = addressees({integration.pk})[integration.pk]
    event = Event(
        id=0,
        integration_id=integration.pk,
        body=body.encode("utf-8", "replace"),
        content_type="",
        content_encoding="",
        dialect="",
        own_key="",
        oversized=False,
        refused=0,
        attempts=0,
        key_id=None,
        received_at=now,
    )
    reading = read_event(event, addressee, maintenance.active(now))
    rows = reading.rows[:MOST]
    known = _Known(reading, rows)
    done = Rehearsal(detail=reading.detail, is_error=reading.is_error)
    done.rest = len(reading.rows) - len(rows)
    for row in rows:
        done.found.append(known.imagined(row, now, is_shown=len(done.found) < SHOWN))
    return done


class _Known:
    """The groups, people, policies and open alerts that the signals name, in four queries."""

    def __init__(self, reading: Reading, rows: list[dict[str, Any]]) -> None:
        self._said = reading.signals
        signals = [one for row in rows if isinstance(one := self._of(row), Signal)]
        self._groups = Group.objects.in_bulk({s.group_id for s in signals if s.group_id})
        self._people = User.objects.in_bulk({s.assignee_id for s in signals if s.assignee_id})
        self._policies = Policy.objects.in_bulk({s.policy_hint for s in signals if s.policy_hint})
        open_ = Alert.objects.open().filter(
            source=reading.event.integration_id, dedup_key__in={s.dedup_key for s in signals}
        )
        self._open = {alert.dedup_key: alert for alert in open_}

    def _of(self, row: dict[str, Any]) -> Any:
        return self._said[row["signal"]] if row["signal"] is not None else None

    def imagined(self, row: dict[str, Any], now: datetime, *, is_shown: bool) -> Imagined:
        signal = self._of(row)
        if not isinstance(signal, Signal):
            return Imagined("", row["dedup_key"], "", "", row["routed_by"], row["detail"], True)
        found = Imagined(
            title=signal.title,
            dedup_key=signal.dedup_key,
            action=signal.action,
            severity=signal.severity,
            routed_by=row["routed_by"],
            remark=row["detail"],
            group=self._groups.get(signal.group_id or 0),
            assignee=self._people.get(signal.assignee_id or 0),
            open_alert=self._open.get(signal.dedup_key),
            hold=signal.hold,
        )
        pages = found.action == "trigger" and found.open_alert is None and found.group is not None
        if pages and is_shown and found.group is not None:
            at = found.hold.wake_at if found.hold else now
            policy = self._policies.get(signal.policy_hint or 0)
            found.simulation = outlook.simulate(found.group, found.severity, at, policy=policy)
        return found
