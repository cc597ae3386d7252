"""Dead Man's Snitch: https://deadmanssnitch.com/docs/integrations/webhooks

A snitch that is missing or reports an error opens an alert, its next report closes it. Its token is
also the secret address it reports to, so the key is a hash of it. A paused snitch watches nothing.
Sample: integrations/samples/deadmanssnitch.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.vocabulary import RESOLVE, TRIGGER

_TYPES = {
    "snitch.missing": TRIGGER,
    "snitch.errored": TRIGGER,
    "snitch.reporting": RESOLVE,
    "snitch.paused": RESOLVE,
}


def _key(item: Any, top: Any) -> str:
    token = texts.words(field("data.snitch.token")(item, top))
    name = texts.words(field("data.snitch.name")(item, top))
    return f"snitch/{texts.digest(token)[:32]}" if token else name


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("data.snitch.name")(item, top))
    is_error = field("type")(item, top) == "snitch.errored"
    return f"{name} {'reported an error' if is_error else 'is missing'}" if name else ""


deadmanssnitch = Vendor(
    kind="deadmanssnitch",
    label="Dead Man's Snitch",
    action=choose("type", _TYPES),
    dedup_key=_key,
    title=_title,
    description=field("data.snitch.notes"),
    details=table("timestamp", "data.snitch.status", "data.snitch.previous_status"),
    tags=field("data.snitch.tags"),
    setup="""\
In Dead Man's Snitch open Integrations → Webhook → Add, and paste:

    {url}

AlertOps has heartbeats of its own as well: a job can report here without a snitch.
""",
    docs="https://deadmanssnitch.com/docs/integrations/webhooks",
)
