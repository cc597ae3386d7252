"""What is told: one event of an alert's timeline, with the alert as it was then. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

TEST = "test"
"""The kind of a test message: no alert stands behind it, its number is 0."""
SHORT = 1000
"""What is left of a description when a message is too long (`News.slim`)."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """The alert as it was when the news were written down."""

    number: int
    title: str
    severity: str
    """critical, high, medium, low or info."""
    status: str
    """triggered, acknowledged or resolved, as this news left it."""
    url: str
    """Its page, for people."""
    description: str = ""
    group: str = ""
    source: str = ""
    """The integration it came from; "" for one opened by hand."""
    service: str = ""
    """The technical services its integration belongs to, with commas."""
    runbook: str = ""
    assignee: str = ""
    dedup_key: str = ""
    opened_at: str = ""
    """ISO 8601, UTC; so are the others."""
    acknowledged_at: str = ""
    resolved_at: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[dict[str, str], ...] = ()
    """{"href": …, "text": …}."""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """One event of an alert's timeline, frozen: telling it again tells exactly the same."""

    id: str
    """Never repeats and stays over all attempts: what a receiver drops doubles by."""
    kind: str
    """A value of alerts.states.Kind (opened, repeated, severity_raised, acknowledged,
    unacknowledged, acknowledgement_expired, assigned, escalated, snoozed, noted, resolved,
    level_started, paged …), or TEST."""
    at: datetime
    alert: AlertFacts
    who: str = ""
    """The person, the source or the other tool that did it; "" for AlertOps itself."""
    words: str = ""
    """The sentence of the timeline, as plain text: "Ann Example acknowledged."."""
    note: str = ""
    """What the person wrote, where the event carries a note."""
    details_dropped: bool = False

    @property
    def is_over(self) -> bool:
        return self.alert.status == "resolved"

    def slim(self) -> News:
        """The same without details, links, and most of a long text: for what became too long."""
        alert = replace(
            self.alert,
            details={},
            links=(),
            description=self.alert.description[:SHORT],
        )
        return replace(self, alert=alert, note=self.note[:SHORT], details_dropped=True)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> News:
        """Take `to_dict` back; what an older release did not write has its default."""
        alert = {k: v for k, v in data["alert"].items() if k in AlertFacts.__slots__}
        alert["tags"], alert["links"] = tuple(alert["tags"]), tuple(alert["links"])
        rest = {k: v for k, v in data.items() if k in cls.__slots__}
        return cls(
            **{**rest, "at": datetime.fromisoformat(data["at"]), "alert": AlertFacts(**alert)}
        )
