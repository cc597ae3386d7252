"""Hyperping: https://hyperping.com/docs/integrations/webhooks

`check.down` and `check.up` of a monitor; the status is the answer's number and says nothing about
up or down. Sample: integrations/samples/hyperping.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER

_EVENTS = {
    "check.down": TRIGGER,
    "check.up": RESOLVE,
    "incident.created": IGNORE,
    "incident.updated": IGNORE,
    "maintenance.scheduled": IGNORE,
}


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("check.name", "check.url")(item, top))
    return f"{name} is down" if name else ""


hyperping = Vendor(
    kind="hyperping",
    label="Hyperping",
    action=first(
        choose("event", _EVENTS),
        lambda item, top: RESOLVE if field("check.down")(item, top) is False else "",
    ),
    dedup_key=field("check.monitorUuid", "check.url", "check.name"),
    title=_title,
    description=field("check.error", "check.message", "text"),
    severity=lambda item, top: "",
    details=table("check.url", "check.status", "check.downtime", "check.date"),
    tags=lambda item, top: None,
    links=(("Site", field("check.url")),),
    setup="""\
In Hyperping open Integrations → Webhook → Add, and paste:

    {url}

Then choose it in the escalation policy or the monitors that should page.
""",
    docs="https://hyperping.com/docs/integrations/webhooks",
)
