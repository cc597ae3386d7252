"""Trying a mapping on what really came in: what each field finds, and which alerts it makes.

Writes nothing. The events are read the way the inbox reads them, with the mapping in hand instead
of the one that is saved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from integrations import expressions, texts
from integrations.addresses import Addressee, addressees
from integrations.expressions import BadExpression, Overrides
from integrations.mapping import Draft
from integrations.models import InboundEvent, Integration
from integrations.reading import Event
from integrations.rereading import drafts_in
from integrations.vocabulary import TRIGGER

EVENTS = 100
BYTES = 4 * 1024 * 1024
"""Bodies looked through; what is beyond is left out."""


@dataclass(slots=True)
class Group:
    """Events that make one alert."""

    key: str
    title: str
    severity: str
    events: int = 0
    actions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What one field finds in the sample: by its expression, or by itself."""

    name: str
    label: str
    expression: str
    mapped: str
    result: str
    problem: str

    @property
    def is_lost(self) -> bool:
        """Whether there is an expression and it finds nothing here: the default is used."""
        return bool(self.expression) and not self.mapped and not self.problem


@dataclass(slots=True)
class Trial:
    """The outcome over the last events."""

    events: int = 0
    groups: list[Group] = field(default_factory=list)
    failed: int = 0


def last_events(integration: Integration, most: int = EVENTS) -> list[Event]:
    """Return the newest whole events of an integration, the newest first."""
    rows = InboundEvent.objects.filter(integration=integration, refused=0, oversized=False)
    found: list[Event] = []
    size = 0
    for row in rows.order_by("-id")[:most].iterator(chunk_size=20):
        size += len(row.body)
        if size > BYTES and found:
            break
        found.append(event_of(row))
    return found


def event_of(row: InboundEvent) -> Event:
    """Return a row of the log as the inbox reads it."""
    address = row.headers.get("address") if isinstance(row.headers, dict) else None
    return Event(
        row.pk,
        row.integration_id,
        bytes(row.body),
        row.content_type,
        row.content_encoding,
        row.dialect,
        row.own_key,
        row.oversized,
        row.refused,
        row.attempts,
        row.key_id,
        row.received_at,
        None if address is None else texts.words(address),
    )


def with_mapping(integration: Integration, mapping: Mapping[str, str]) -> Addressee:
    """Return the integration as it would be with that mapping."""
    known = addressees({integration.pk})[integration.pk]
    return replace(known, overrides=Overrides(mapping) if mapping else None)


def sample_of(event: Event, addressee: Addressee) -> Any:
    """Return the first thing an event says, as data: what expressions look at."""
    found = drafts_in(event, addressee)
    return found[0].item if found else None


def fields(event: Event | None, addressee: Addressee, mapping: Mapping[str, str]) -> list[Found]:
    """Return what each field that can be mapped finds in one event."""
    drafts = drafts_in(event, addressee) if event else []
    draft = drafts[0] if drafts else None
    return [
        _found(name, label, mapping.get(name, ""), draft, addressee)
        for name, label in expressions.FIELDS.items()
    ]


def _found(
    name: str, label: str, expression: str, draft: Draft | None, addressee: Addressee
) -> Found:
    mapped, problem = "", ""
    if expression and draft is not None:
        try:
            mapped = expressions.said(name, expressions.evaluate(expression, draft.item))
        except BadExpression as error:
            problem = str(error)
    return Found(name, label, expression, mapped, _result(name, draft, addressee), problem)


def _result(name: str, draft: Draft | None, addressee: Addressee) -> str:
    if draft is None:
        return ""
    if name == "severity":
        return draft.severity or f"{addressee.default.severity} (the integration's default)"
    if name == "link":
        return next((link["href"] for link in draft.links), "")
    return texts.line(getattr(draft, name), 200)


def over(events: Sequence[Event], addressee: Addressee) -> Trial:
    """Return which alerts the events would have been, the most frequent first."""
    trial = Trial(len(events))
    groups: dict[str, Group] = {}
    for event in reversed(events):
        for draft in drafts_in(event, addressee):
            group = groups.get(draft.dedup_key)
            if group is None:
                severity = draft.severity or addressee.default.severity
                group = groups[draft.dedup_key] = Group(draft.dedup_key, draft.title, severity)
            if draft.action == TRIGGER:
                group.title = draft.title
            group.events += 1
            group.actions[draft.action] = group.actions.get(draft.action, 0) + 1
            trial.failed += any("mapping of" in remark for remark in draft.remarks)
    trial.groups = sorted(groups.values(), key=lambda group: -group.events)
    return trial
