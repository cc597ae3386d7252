"""The words between what comes in and the alerts: signals, what holds them back, their outcomes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.states import Severity

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Hold:
    """Maintenance: nobody is paged before `until`; then it is paged, or closed."""

    until: datetime
    discard: bool = False
    window: str = ""
    """Its name, for the timeline."""

    @property
    def wake_at(self) -> datetime:
        """When the engine looks. What ought to have been closed by then is paged after all."""
        return self.until + MARGIN if self.discard else self.until


MARGIN = timedelta(seconds=60)
"""How long what is to be closed may take to be closed."""


@dataclass(slots=True)
class Signal:
    """One thing a source said. `dedup_key` is at most 255 characters and never empty."""

    source_id: int
    dedup_key: str
    action: str  # trigger | acknowledge | resolve
    title: str
    description: str = ""
    severity: str = Severity.CRITICAL
    group_id: int | None = None
    assignee_id: int | None = None
    policy_hint: int | None = None
    links: list[dict[str, str]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """Small JSON for the timeline: which event, which route won."""
    wait: int = 0
    """Seconds before a new alert pages; nobody hears of one that recovers meanwhile."""
    hold: Hold | None = None
    bundle: str = ""
    """What it has in common with others that are paged once."""

    @property
    def key(self) -> Key:
        return self.source_id, self.dedup_key


@dataclass(slots=True)
class Outcome:
    """What became of a signal: created, suppressed (created, held back by maintenance), appended,
    acknowledged, resolved or no_open_alert."""

    outcome: str
    alert_id: int | None = None
    detail: str = ""


def held(hold: Hold) -> dict[str, Any]:
    """What the timeline says of being held back."""
    return {"window": hold.window, "until": hold.until.isoformat(), "discard": hold.discard}
