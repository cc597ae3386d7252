"""What one event says: signals for the alerts, and a word for what needs none. Never raises.

Whatever is wrong with an event, something comes out that a person can read.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from alerts.signals import Hold, Signal
from integrations import mail_rules, payloads, texts
from integrations.addresses import Addressee
from integrations.asks import Ask
from integrations.dropins import dialects
from integrations.dropins.contract import Heard, Remark
from integrations.grouping import bundle_of
from integrations.mapping import OVERFLOW, Draft, Vendor, read
from integrations.routing import Way, choose
from integrations.scopes import Active, hold_of
from integrations.states import Outcome as Word
from integrations.vendors import DIALECTS, VENDORS
from integrations.vocabulary import TRIGGER

logger = logging.getLogger(__name__)

REFUSED = "alertops:storm"
"""The key of the alert that says that events were refused."""


@dataclass(slots=True)
class Event:
    """One waiting row."""

    id: int
    integration_id: int
    body: bytes
    content_type: str
    content_encoding: str
    dialect: str
    own_key: str
    oversized: bool
    refused: int
    attempts: int
    key_id: int | None
    received_at: datetime
    address: str | None = None
    """JSON: what a drop-in API's door read in the address."""
    was_left: bool = False
    """Whoever tried it before has not come back to say how that went."""


@dataclass(slots=True)
class Reading:
    """What an event turned out to say: signals to send on, and what needs none."""

    event: Event
    signals: list[Signal | Ask] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    detail: str = ""
    is_error: bool = False
    windows: Sequence[Active] = ()
    """The maintenance that goes on."""
    grouped: dict[int, int] = field(default_factory=dict)
    """Which signals page together with others, and for how many seconds; 0: until resolved."""


def read_event(event: Event, addressee: Addressee, windows: Sequence[Active] = ()) -> Reading:
    """Turn one event into signals. Whatever is wrong with it, something comes out."""
    try:
        reading = _understood(event, addressee, windows)
    except Exception:  # one bad event must not stop the batch, nor be silent itself
        logger.exception("Event %s could not be read", event.id)
        reading = Reading(event, is_error=True, windows=windows)
        _add(reading, _unreadable(event, addressee), addressee.default, addressee)
    return reading


def _understood(event: Event, addressee: Addressee, windows: Sequence[Active]) -> Reading:
    reading = Reading(event, windows=windows)
    if event.refused:
        draft = _notice(f"{addressee.name} sends too many events; some were refused", REFUSED)
        draft.description = (
            "Events beyond the limit of this integration were refused and asked to come back "
            "later. What it sent first is below.\n\n" + _excerpt(event)
        )
        _add(reading, draft, addressee.default, addressee)
        return reading
    if event.oversized:
        # What it says nobody knows: what comes an hour later may be another matter, and is told
        # also where somebody has the first one in hand.
        hour = f"alertops:oversized:{event.received_at:%Y-%m-%dT%H}"
        draft = _notice(f"Oversized payload from {addressee.name}", hour)
        draft.description = "Only its beginning was kept:\n\n" + _excerpt(event)
        _add(reading, draft, addressee.default, addressee)
        return reading
    decoded = payloads.decode(event.body, event.content_type, event.content_encoding)
    dialect = dialects.DIALECTS.get(event.dialect)
    if decoded.problem and not (dialect and dialect.may_be_empty and decoded.kind == "empty"):
        reading.detail = decoded.problem
        _add(reading, _unreadable(event, addressee, decoded), addressee.default, addressee)
        reading.is_error = True
        return reading
    said, vendor = content(event, decoded, addressee)
    if isinstance(said, Remark):
        reading.detail = texts.line(said.text)
    elif isinstance(said, Ask):
        _add_ask(reading, said, addressee)
    else:
        if decoded.kind == "mail":
            reading.detail = said.get("ignored", "")
        _add_drafts(reading, drafts(event, said, vendor, addressee), addressee)
    return reading


def content(
    event: Event, decoded: payloads.Decoded, addressee: Addressee
) -> tuple[Any, Vendor | None]:
    """Return what there is to read, and by whose words where that is not the integration's tool.

    A drop-in API may make a Remark or an Ask of a body.
    """
    said: Any = decoded.value
    dialect = dialects.DIALECTS.get(event.dialect)
    if dialect is not None:
        address = orjson.loads(event.address) if event.address else {}
        said = dialect.prepare(said, Heard(address, event.received_at))
    if decoded.kind == "mail" and not isinstance(said, Remark):  # any tool may send one
        return mail_rules.decide(addressee.mail_rules, said), VENDORS["email"]
    return said, dialect.vendor if dialect else None


def drafts(event: Event, payload: Any, vendor: Vendor | None, addressee: Addressee) -> list[Draft]:
    """Return what each item of a payload says."""
    vendor = vendor or DIALECTS.get(event.dialect) or VENDORS[addressee.kind]
    overrides = addressee.overrides if vendor.kind == addressee.kind else None
    own_key = event.own_key or f"event-{event.id}"
    found = read(vendor, payload, overrides=overrides, own_key=own_key)
    if found and found[-1].dedup_key == OVERFLOW:  # an hour later it may be another matter
        found[-1].dedup_key = f"{OVERFLOW}:{event.received_at:%Y-%m-%dT%H}"
    return found


def _add_drafts(reading: Reading, found: Sequence[Draft], addressee: Addressee) -> None:
    for draft in found:
        way = choose(addressee.rules, addressee.default, draft, addressee.topics)
        _add(reading, draft, way, addressee)
    if not reading.signals and not reading.rows and not reading.detail:
        reading.detail = "It holds nothing that is an alert."


def _add_ask(reading: Reading, ask: Ask, addressee: Addressee) -> None:
    reading.rows.append(
        {
            "event_id": reading.event.id,
            "position": 0,
            "dedup_key": ask.dedup_key,
            "outcome": Word.IGNORED.value,
            "alert_id": None,
            "route_id": None,
            "routed_by": "",
            "detail": "",
            "signal": 0,
        }
    )
    reading.signals.append(ask.of(addressee.id))


def _add(reading: Reading, draft: Draft, way: Way, addressee: Addressee) -> None:
    """File one draft: as a signal, or as dropped by a route."""
    row: dict[str, Any] = {
        "event_id": reading.event.id,
        "position": len(reading.rows),
        "dedup_key": draft.dedup_key,
        "outcome": Word.IGNORED.value,
        "alert_id": None,
        "route_id": way.route_id,
        "routed_by": way.routed_by,
        "detail": "; ".join(draft.remarks),
        "signal": None,
    }
    reading.rows.append(row)
    if way.drop and draft.action == TRIGGER:
        return
    row["signal"] = len(reading.signals)
    facts: dict[str, Any] = {"event": reading.event.id, "integration": addressee.name}
    if way.route_id is not None:
        facts["route"] = way.routed_by
    if draft.note:
        facts["note"] = draft.note
    if way.opens_incident:
        facts["incident"] = True
    if way.grouping is not None and draft.action == TRIGGER:
        bundle = bundle_of(way.grouping, draft, way)
        reading.grouped[len(reading.signals)] = way.grouping.seconds
    else:
        bundle = ""
    reading.signals.append(
        Signal(
            source_id=addressee.id,
            dedup_key=draft.dedup_key,
            action=draft.action,
            title=draft.title,
            description=draft.description,
            severity=way.severity,
            group_id=way.group_id,
            assignee_id=way.assignee_id,
            policy_hint=way.policy_id,
            links=draft.links,
            details=draft.details,
            tags=[*draft.tags, *(tag for tag in way.tags if tag not in draft.tags)],
            facts=facts,
            wait=way.wait,
            bundle=bundle,
            hold=_hold(reading, draft, way, addressee),
        )
    )


def _hold(reading: Reading, draft: Draft, way: Way, addressee: Addressee) -> Hold | None:
    if not reading.windows or draft.action != TRIGGER:
        return None
    said = draft, way.severity
    return hold_of(reading.windows, addressee.id, way.group_id, lambda: said)


def _notice(title: str, key: str) -> Draft:
    return Draft(TRIGGER, texts.line(title), key)


def _unreadable(
    event: Event, addressee: Addressee, decoded: payloads.Decoded | None = None
) -> Draft:
    """An alert for what could not be read as data: its text is the best there is."""
    title = f"An event from {addressee.name} could not be read"
    text = texts.clean(decoded.value) if decoded else _excerpt(event)
    key = "unreadable:" + texts.digest(text[:200])[:32]
    problem = decoded.problem if decoded else "It made the program stumble."
    return Draft(TRIGGER, texts.line(title), key, description=f"{problem}\n\n{text}".strip())


def _excerpt(event: Event) -> str:
    return texts.clean(event.body[:4000].decode("utf-8", "replace"), 4000)


def poisoned(event: Event, addressee: Addressee, attempts: int) -> Reading:
    """Give up on an event, loudly."""
    reading = Reading(event, is_error=True, detail=f"It failed {attempts} times.")
    _add(reading, _unreadable(event, addressee), addressee.default, addressee)
    return reading
