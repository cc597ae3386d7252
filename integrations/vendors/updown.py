"""updown.io: https://updown.io/api#webhooks

A list of events. A check has one token; that it is down, and that its certificate is bad or soon
over, are two different things. A drop in performance never ends by itself.
Sample: integrations/samples/updown.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table

_EVENTS = {
    "check.down": "trigger",
    "check.still_down": "trigger",
    "check.up": "resolve",
    "check.ssl_invalid": "trigger",
    "check.ssl_expiration": "trigger",
    "check.ssl_valid": "resolve",
    "check.ssl_renewed": "resolve",
    "check.performance_drop": "trigger",
}
_SEVERITIES = {
    "check.down": "critical",
    "check.still_down": "critical",
    "check.ssl_invalid": "high",
    "check.ssl_expiration": "medium",
    "check.performance_drop": "medium",
}
_HOW = {
    "check.down": "is down",
    "check.still_down": "is still down",
    "check.ssl_invalid": "has a bad certificate",
    "check.ssl_expiration": "has a certificate that is soon over",
    "check.performance_drop": "became slow",
}


def _what(item: Any, top: Any) -> str:
    event = texts.words(field("event")(item, top)).lower()
    if "ssl" in event:
        return "certificate"
    return "performance" if "performance" in event else "down"


def _key(item: Any, top: Any) -> str:
    token = texts.words(field("check.token", "check.url")(item, top))
    return f"{token}/{_what(item, top)}" if token else ""


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("check.alias", "check.url")(item, top))
    how = choose("event", _HOW)(item, top)
    return f"{name} {how}" if name and how else texts.words(field("description")(item, top))


updown = Vendor(
    kind="updown",
    label="updown.io",
    action=choose("event", _EVENTS),
    dedup_key=_key,
    title=_title,
    description=first(field("description"), field("downtime.error", "check.error", "ssl.error")),
    severity=choose("event", _SEVERITIES),
    details=table(
        "check.url",
        "check.last_status",
        "downtime.started_at",
        "downtime.duration",
        "ssl.days_before_expiration",
        "apdex_dropped",
        certificate="ssl.cert.subject",
    ),
    tags=lambda item, top: None,
    links=(("Checked", field("check.url")),),
    setup="""\
In updown.io open Settings → Webhooks (or a check's recipients), choose Webhook and paste:

    {url}
""",
    docs="https://updown.io/api#webhooks",
)
