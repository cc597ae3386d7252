"""Odown: https://odown.com/docs/alerting/webhooks

One check per message. That it is down, and that its certificate is soon over, are two different
things; nothing ends the second. Sample: integrations/samples/odown.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.phrases import phrase

_EVENTS = {
    "alert_failure": "trigger",
    "alert_recovery": "resolve",
    "alert_expired_ssl": "trigger",
}
_HOW = {
    "alert_failure": "is down",
    "alert_recovery": "is up",
    "alert_expired_ssl": "has a certificate that is soon over",
}


def _key(item: Any, top: Any) -> str:
    check = texts.words(field("check.url", "check.id")(item, top))
    is_certificate = "ssl" in texts.words(field("event")(item, top)).lower()
    return f"{check}/certificate" if check and is_certificate else check


def _why(item: Any, top: Any) -> str:
    code = texts.words(field("alert.status_code")(item, top))
    return code and f"It answers with {code}."


odown = Vendor(
    kind="odown",
    label="Odown",
    action=choose("event", _EVENTS),
    dedup_key=_key,
    title=phrase(field("check.name", "check.url"), choose("event", _HOW), by=" "),
    description=_why,
    severity=choose("event", {"alert_failure": "critical", "alert_expired_ssl": "medium"}),
    details=table(
        "check.url",
        "check.method",
        "alert.run_location",
        "alert.responseTime",
        "alert.ssl_days_remaining",
    ),
    tags=lambda item, top: None,
    links=(("Checked", field("check.url")),),
    setup="""\
In Odown open Alerting → Webhooks, paste this URL and press the test buttons beside it:

    {url}
""",
    docs="https://odown.com/docs/alerting/webhooks",
)
