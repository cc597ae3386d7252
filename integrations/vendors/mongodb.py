"""MongoDB Atlas, Cloud Manager and Ops Manager:
https://www.mongodb.com/docs/atlas/tutorial/webhook-integration/

The body is an alert of their API: `status` is OPEN, CLOSED, CANCELLED or, for an event that only
happens (a primary was elected), INFORMATIONAL; TRACKING waits before it becomes OPEN. Somebody's
acknowledgement is only an instant until when it holds, and it may be over when the alert is sent
again. There is no severity. Sample: integrations/samples/mongodb.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase

_STATES = {
    "open": "trigger",
    "closed": "resolve",
    "cancelled": "resolve",
    "canceled": "resolve",
    "tracking": "ignore",
    "informational": "trigger",
}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def _acknowledged(item: Any, top: Any) -> str:
    """Whether it is in somebody's hands at the time of the message (ISO instants in UTC)."""
    until = texts.words(field("acknowledgedUntil")(item, top))
    told = texts.words(field("lastNotified", "updated", "created")(item, top))
    is_open = texts.words(field("status")(item, top)).upper() == "OPEN"
    is_held = _INSTANT.match(until) and _INSTANT.match(told) and until > told
    return "acknowledge" if is_open and is_held else ""


def _name(item: Any, top: Any) -> str:
    """ "OUTSIDE_METRIC_THRESHOLD" as words."""
    kind = texts.words(field("eventTypeName", "typeName")(item, top))[:100]
    return kind.replace("_", " ").capitalize()


def _where(item: Any, top: Any) -> Any:
    return field("clusterName", "hostnameAndPort", "replicaSetName", "sourceTypeName")(item, top)


mongodb = Vendor(
    kind="mongodb",
    label="MongoDB Atlas, Ops Manager",
    action=first(_acknowledged, choose("status", _STATES)),
    dedup_key=field("id"),
    title=phrase(_where, phrase(_name, "metricName", by=", ")),
    description=field("humanReadable"),
    severity=choose("status", {"informational": "info"}),
    details=table(
        "eventTypeName",
        "metricName",
        "currentValue",
        "clusterName",
        "hostnameAndPort",
        "replicaSetName",
        "groupId",
        "created",
    ),
    tags=lambda item, top: None,
    links=(("Alert", field("links.0.href")),),
    setup="""\
In Atlas open the project → Integrations → Webhook Settings (in Ops Manager: Project Settings →
Webhook), and paste:

    {url}

Then open Alerts → Alert Settings and add the notifier Webhook to the alerts that should page. Leave
out those that only happen, such as “Primary elected”: nothing ever closes them.
""",
    docs="https://www.mongodb.com/docs/atlas/tutorial/webhook-integration/",
)
