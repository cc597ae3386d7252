"""PagerDuty Events API, v2 and v1: https://developer.pagerduty.com/docs/events-api-v2/overview/

What comes in at /v2/enqueue: any tool that can talk to PagerDuty changes a host name and no more.
A trigger without `dedup_key` is an alert of its own. Version 1 says `event_type`, `incident_key`,
`description` and `details`. Sample: integrations/samples/pagerduty.json
"""

from typing import Any

from integrations.mapping import Vendor, choose, field
from integrations.vocabulary import Words


def _details(item: Any, top: Any) -> dict[str, Any]:
    shown = {
        name: value
        for name in ("source", "component", "group", "class", "timestamp")
        if (value := field(f"payload.{name}")(item, top))
    }
    custom = field("payload.custom_details", "details")(item, top)
    if isinstance(custom, dict):
        return {**custom, **shown}
    return {**shown, "custom_details": custom} if custom else shown


pagerduty = Vendor(
    kind="pagerduty",
    label="PagerDuty Events API v2",
    action=choose(
        field("event_action", "event_type"),
        {"trigger": "trigger", "acknowledge": "acknowledge", "resolve": "resolve"},
    ),
    dedup_key=field("dedup_key", "incident_key"),
    needs_key=True,
    title=field("payload.summary", "description"),
    description=field("payload.custom_details.description"),
    severity=field("payload.severity"),
    details=_details,
    tags=lambda item, top: None,
    links=(
        ("Client", field("client_url")),
        ("Link", field("links", "contexts")),
        ("Image", field("images")),
    ),
    words=Words(severities={"error": "high", "warning": "medium"}),
    setup="""\
In the tool that sends to PagerDuty, use this as the integration key (routing key):

    {key}

and where it asks for the URL (PagerDuty's own is https://events.pagerduty.com/v2/enqueue):

    {base}/v2/enqueue

A tool that still speaks version 1 sends to

    {base}/generic/2010-04-15/create_event.json

and what was changed (deploys, for instance) may be told at {base}/v2/change/enqueue: it is kept in
the inbound log, and nobody is paged for it.
""",
    docs="https://developer.pagerduty.com/docs/events-api-v2/overview/",
)
