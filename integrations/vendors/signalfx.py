"""Splunk Observability (SignalFx):
https://docs.splunk.com/observability/en/admin/notif-services/webhook.html

One incident per message, its id is the same until it clears. `statusExtended` says how it ended:
"ok", "manually resolved", "auto resolved" or "stopped" (the detector was changed); `status` only
says "ok" or "anomalous", in the first version "too high" or "too low". Five severities, of which
Minor is worse than Warning. Whatever is not a 200 counts as a failure there.
Sample: integrations/samples/signalfx.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import Words

_STATES = {
    "anomalous": "trigger",
    "too high": "trigger",
    "too low": "trigger",
    "ok": "resolve",
    "manually resolved": "resolve",
    "manually_resolved": "resolve",
    "auto resolved": "resolve",
    "auto_resolved": "resolve",
    "stopped": "resolve",
}


def _page(item: Any, top: Any) -> str:
    """The detector's page; its address may end in "&is=manually resolved", blank and all."""
    return texts.words(field("detectorUrl")(item, top)).strip().replace(" ", "%20")


signalfx = Vendor(
    kind="signalfx",
    label="Splunk Observability (SignalFx)",
    action=first(choose("statusExtended", _STATES), choose("status", _STATES)),
    dedup_key=field("incidentId"),
    title=field("messageTitle", "rule", "detector"),
    description=field("messageBody", "description"),
    severity=field("severity"),
    details=table(
        "detector",
        "rule",
        "originatingMetric",
        "detectOnCondition",
        "dimensions",
        "inputs",
        "tip",
        "statusExtended",
    ),
    tags=field("detectorTags"),
    links=(
        ("Alert", _page),
        ("Runbook", field("runbookUrl")),
        ("Chart", field("imageUrl")),
    ),
    success=200,
    words=Words(severities={"major": "high", "minor": "medium", "warning": "low"}),
    setup="""\
In Splunk Observability Cloud open Data Management → Deployed integrations → Webhook → New
integration, paste this URL and leave the payload as it is:

    {url}

Then add the integration as a recipient to the rules of your detectors. It clears by itself.
""",
    docs="https://docs.splunk.com/observability/en/admin/notif-services/webhook.html",
)
