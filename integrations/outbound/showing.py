"""A connection and its messages as a page shows them, secrets left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from integrations.models import OutboundConnection, OutboundLink, OutboundMessage
from integrations.outbound import proofs
from integrations.outbound.contract import Rejected, Talk, TryAgain
from integrations.outbound.delivery import Claimed, prepare
from integrations.outbound.queue import TROUBLED
from integrations.outbound.signing import HEADER
from integrations.outbound.states import EVENTS

STARS = "••••••"
SHORT = 4
"""A secret shorter than this would star half of the text it occurs in by accident."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a connection is, in two words and a tone."""

    words: str
    tone: str
    icon: str


def condition(link: OutboundConnection, now: datetime) -> Condition:
    if not link.is_known or not link.is_readable:
        return Condition("Cannot be used", "is-danger", "octagon-alert")
    if not link.is_active:
        return Condition("Switched off", "", "pause")
    if link.is_off(now):
        return Condition("Off for a day", "is-danger", "circle-x")
    if link.failures >= TROUBLED:
        return Condition("Does not answer well", "is-warning", "triangle-alert")
    if link.last_sent_at is None:
        return Condition("Nothing sent yet", "", "hourglass")
    return Condition("Works", "is-ok", "circle-check")


def settings_of(link: OutboundConnection) -> list[tuple[str, str, bool]]:
    """Label, value and whether it is long, of every setting that says something."""
    if not link.is_known:
        return []
    found = []
    for setting in link.kind.settings:
        value = link.settings.get(setting.name, "")
        if value and setting.is_secret:
            value = STARS
        if value:
            found.append((setting.label, dict(setting.choices).get(value, value), setting.is_long))
    return found


def believes_nothing(link: OutboundConnection) -> str:
    """The label of the setting without which what the tool sends back is refused; "" where it is
    there, or where the tool sends nothing back."""
    if not link.is_known or not link.kind.listens:
        return ""
    proof = [setting for setting in link.kind.settings if setting.is_proof]
    usable = [setting for setting in proof if proofs.usable(link.settings.get(setting.name, ""))]
    return proof[0].label if proof and not usable else ""


def events_of(link: OutboundConnection) -> list[str]:
    """What it is told, in the order of the form."""
    known = [choice for _, choices in EVENTS for choice in choices]
    return [label for kind, label in known if kind in link.events]


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as it leaves now, or why there is none."""

    method: str = ""
    url: str = ""
    headers: tuple[str, ...] = ()
    body: str = ""
    why_not: str = ""


def call_of(message: OutboundMessage, now: datetime) -> Shown:
    """The first request of a message as it would be sent now. Secret settings become stars."""
    link = message.connection
    if not link.is_known:
        return Shown(why_not="This release does not know the tool.")
    references = OutboundLink.objects.filter(connection=link, alert=message.alert_id)
    reference = references.values_list("reference", flat=True).first() or ""
    claimed = Claimed(
        message.pk, link.pk, message.attempts, link.kind, link.settings, (), reference,
        message.told, link.is_readable,
    )  # fmt: skip
    try:
        call = prepare(claimed, Talk(reference), now)
    except (ValueError, Rejected, TryAgain) as error:
        return Shown(why_not=_starred(str(error), link))
    if call is None:
        return Shown(why_not="This tool has nothing to tell about it.")
    return Shown(
        call.method,
        _starred(call.url, link),
        tuple(sorted([*call.headers, *([HEADER] if link.kind.signed else [])])),
        _starred(_readable(call.body.decode("utf-8", "replace")), link),
    )


def _readable(body: str) -> str:
    """JSON in lines; anything else as it is."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return body


def _starred(text: str, link: OutboundConnection) -> str:
    for setting in link.kind.settings:
        value = link.settings.get(setting.name, "")
        if setting.is_secret and len(value) >= SHORT:
            text = text.replace(value, STARS)
    return text
