"""Better Stack: https://betterstack.com/docs/uptime/webhooks/

An incident keeps its id while it is started, acknowledged and resolved; its time stamps say in
which of them it is even where the event does not. Webhooks about monitors and about who is on call
come in the same shape and are no alerts. Errors have a webhook of their own, where the error
stands in the place of the incident
(https://betterstack.com/docs/errors/integrations/outgoing-webhooks/).
Sample: integrations/samples/betterstack.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, RESOLVE, TRIGGER

_EVENTS = {"started": "trigger", "reopened": "trigger"}
_EVENTS |= {"acknowledged": "acknowledge", "resolved": "resolve"}


_ERROR_ENDS = {"resolved": RESOLVE, "ignored": RESOLVE}


def _error(item: Any, top: Any) -> str:
    """What happened to an error; a word nobody knows is one more of it."""
    if field("data.type")(item, top) != "error":
        return ""
    return texts.words(choose("data.attributes.event", _ERROR_ENDS, TRIGGER)(item, top))


def _key(item: Any, top: Any) -> str:
    found = texts.words(field("data.id", "incident_id")(item, top))
    return f"error/{found}" if found and _error(item, top) else found


def _other(item: Any, top: Any) -> str:
    kind = texts.words(field("data.type")(item, top))
    event = texts.words(field("event")(item, top))
    is_log = "." in event and not event.startswith("incident.")
    return IGNORE if (kind and kind != "incident") or is_log or "comment" in event else ""


def _times(item: Any, top: Any) -> str:
    times = field("data.attributes")(item, top)
    if not isinstance(times, dict):
        return ""
    if times.get("resolved_at"):
        return RESOLVE
    return ACKNOWLEDGE if times.get("acknowledged_at") else TRIGGER


def _event(item: Any, top: Any) -> str:
    return texts.words(field("event")(item, top)).rpartition(".")[2]


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("data.attributes.name", "incident_name", "monitor_name")(item, top))
    cause = texts.words(field("data.attributes.cause", "cause")(item, top))
    return f"{name}: {cause}" if name and cause else name or cause


betterstack = Vendor(
    kind="betterstack",
    label="Better Stack",
    action=first(_error, _other, choose(_event, _EVENTS), _times),
    dedup_key=_key,
    title=first(
        phrase(
            "data.attributes.application_name",
            "data.attributes.error_type",
            "data.attributes.error_message",
        ),
        _title,
    ),
    description=field("data.attributes.response_content", "message"),
    severity=field("data.attributes.severity", "data.attributes.metadata.severity"),
    details=table(
        "data.attributes.url",
        "data.attributes.http_method",
        "data.attributes.cause",
        "data.attributes.regions",
        "data.attributes.team_name",
        "data.attributes.metadata",
    ),
    links=(
        ("Incident", field("data.attributes.incident_url", "data.attributes.origin_url")),
        ("Error", field("data.attributes.error_url")),
        ("Checked address", field("data.attributes.url")),
        ("Screenshot", field("data.attributes.screenshot_url")),
    ),
    setup="""\
In Better Stack open Uptime → Integrations → Exporting data → Outgoing webhooks, add one for
incidents, tick started, acknowledged and resolved, and paste:

    {url}
""",
    docs="https://betterstack.com/docs/uptime/webhooks/",
)
