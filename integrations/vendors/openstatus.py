"""OpenStatus: https://docs.openstatus.dev/alerting/providers/webhook

One monitor per message: it is "error", "degraded" or "recovered".
Sample: integrations/samples/openstatus.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.phrases import phrase

_STATES = {"error": "trigger", "degraded": "trigger", "recovered": "resolve"}


def _why(item: Any, top: Any) -> str:
    said = texts.words(field("errorMessage")(item, top))
    code = texts.words(field("statusCode")(item, top))
    return said or (code and f"It answers with {code}.")


openstatus = Vendor(
    kind="openstatus",
    label="OpenStatus",
    action=choose("status", _STATES),
    dedup_key=field("monitor.id", "monitor.url"),
    title=phrase(
        field("monitor.name", "monitor.url"),
        choose("status", {"error": "down", "degraded": "slow", "recovered": "up"}),
        by=" is ",
    ),
    description=_why,
    severity=choose("status", {"error": "critical", "degraded": "medium"}),
    details=table("monitor.url", "statusCode", "latency"),
    tags=lambda item, top: None,
    links=(("Checked", field("monitor.url")),),
    setup="""\
In OpenStatus open Notifications → Add → Webhook, paste this URL, and choose the monitors:

    {url}
""",
    docs="https://docs.openstatus.dev/alerting/providers/webhook",
)
