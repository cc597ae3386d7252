"""The timeline as people read it: facts with the names they mention, a fixed number of queries."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from accounts.models import User
from alerts.models import Alert, AlertEvent

PLAIN = "alerts/events/_plain.html"
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact and everything its words need. `people` are the persons `data` names by id."""

    event: AlertEvent
    people: list[User]
    left_out: list[tuple[User, str]]
    """Who should have been notified and could not be, with the reason's keyword."""

    @property
    def data(self) -> dict[str, Any]:
        return self.event.data

    @property
    def templates(self) -> list[str]:
        """The words of this kind, and plain ones for a kind that has none yet."""
        return [self.event.template, PLAIN]

    @property
    def person(self) -> User | None:
        return self.people[0] if self.people else None

    @property
    def until(self) -> datetime | None:
        """`data.until` as an instant, for the reader's zone."""
        return parse_datetime(str(self.data.get("until", "")))


@dataclass(frozen=True, slots=True)
class Story:
    entries: list[Entry]
    more: bool
    """There are older facts than those shown."""


def story(alert: Alert, *, limit: int = SHOWN) -> Story:
    """Return the newest `limit` facts of an alert, newest first."""
    newest = alert.events.select_related("actor").order_by("-at", "-id")
    events = list(newest[: limit + 1])
    return Story(entries(events[:limit]), more=len(events) > limit)


def entries(events: list[AlertEvent]) -> list[Entry]:
    """Join facts to the people they name, in one query however many there are."""
    ids = {pk for event in events for pk in (*_named(event), *(pk for pk, _ in _left_out(event)))}
    people = User.objects.in_bulk(ids) if ids else {}
    return [
        Entry(
            event,
            [people[pk] for pk in _named(event) if pk in people],
            [(people[pk], why) for pk, why in _left_out(event) if pk in people],
        )
        for event in events
    ]


def _named(event: AlertEvent) -> list[int]:
    if event.data.get("who") == "contact":
        return []  # contact addresses of the group, not people
    values = [event.data.get("person"), *(event.data.get("people") or [])]
    return [pk for pk in values if isinstance(pk, int)]


def _left_out(event: AlertEvent) -> list[tuple[int, str]]:
    return [(pk, str(why)) for pk, why in event.data.get("left_out") or [] if isinstance(pk, int)]
