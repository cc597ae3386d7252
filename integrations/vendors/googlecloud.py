"""Google Cloud Monitoring: https://cloud.google.com/monitoring/support/notification-options#webhooks

Schema 1.2: everything is under `incident`, whose id stays the same from open to closed. A policy
without a severity says "No severity". Links of the documentation are the runbook.
Sample: integrations/samples/googlecloud.json
"""

from typing import Any

from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import Words

_SUMMARY = field("incident.summary")


def _documents(item: Any, top: Any) -> list[dict[str, Any]]:
    links = field("incident.documentation.links")(item, top)
    found = [each for each in links if isinstance(each, dict)] if isinstance(links, list) else []
    return [{"href": each.get("url"), "text": each.get("displayName")} for each in found]


googlecloud = Vendor(
    kind="googlecloud",
    label="Google Cloud Monitoring",
    action=choose("incident.state", {"open": "trigger", "closed": "resolve"}),
    dedup_key=field("incident.incident_id"),
    title=first(phrase("incident.policy_name", "incident.condition_name"), _SUMMARY),
    description=phrase("incident.summary", "incident.documentation.content", by="\n\n"),
    severity=field("incident.severity"),
    details=table(
        "incident.resource_name",
        "incident.resource_type_display_name",
        "incident.observed_value",
        "incident.threshold_value",
        "incident.policy_user_labels",
        project="incident.scoping_project_id",
        metric="incident.metric.displayName",
        metric_labels="incident.metric.labels",
        resource="incident.resource.labels",
    ),
    tags=field("incident.policy_user_labels"),
    links=(("Incident", field("incident.url")), ("Runbook", _documents)),
    absent=lambda text: text == "No severity",
    words=Words(severities={"error": "high", "warning": "medium"}),
    setup="""\
In Google Cloud open Monitoring → Alerting → Edit notification channels → Webhooks → Add new, paste:

    {url}

Then name the channel in your alerting policies and leave “Notify on incident closure” on.
""",
    docs="https://cloud.google.com/monitoring/support/notification-options#webhooks",
)
