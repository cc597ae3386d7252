"""Dynatrace: https://docs.dynatrace.com/docs/analyze-explore-automate/notifications-and-alerting/problem-notifications/webhook-integration

The payload is the customer's template of {Placeholders}; ours is the one below. {PID} stays the
same while a problem lives. MERGED says that more events joined it: it is still open.
Sample: integrations/samples/dynatrace.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase, unfilled
from integrations.vocabulary import Words


def _tags(item: Any, top: Any) -> list[str]:
    tags = texts.words(field("Tags")(item, top))
    return [tag.strip() for tag in tags.split(",")]


dynatrace = Vendor(
    kind="dynatrace",
    label="Dynatrace",
    action=choose("State", {"OPEN": "trigger", "MERGED": "trigger", "RESOLVED": "resolve"}),
    dedup_key=first(field("PID"), field("ProblemID")),
    title=phrase("ProblemTitle", "ImpactedEntity"),
    description=field("ProblemDetailsText", "ProblemDetails"),
    severity=field("ProblemSeverity"),
    details=table("ProblemID", "ProblemImpact", "ProblemSeverity", "ImpactedEntity"),
    tags=_tags,
    links=(("Problem", field("ProblemURL")),),
    absent=unfilled(r"\{\w+\}"),
    words=Words(
        severities={
            "availability": "critical",
            "monitoring_unavailable": "high",
            "error": "high",
            "performance": "medium",
            "resource_contention": "medium",
            "custom_alert": "high",
        }
    ),
    setup="""\
In Dynatrace open Settings → Integration → Problem notifications → Add notification, choose Custom
integration, paste as webhook URL:

    {url}

and as custom payload:

    {{
      "PID": "{{PID}}",
      "ProblemID": "{{ProblemID}}",
      "State": "{{State}}",
      "ProblemTitle": "{{ProblemTitle}}",
      "ProblemSeverity": "{{ProblemSeverity}}",
      "ProblemImpact": "{{ProblemImpact}}",
      "ImpactedEntity": "{{ImpactedEntity}}",
      "ProblemDetailsText": "{{ProblemDetailsText}}",
      "ProblemURL": "{{ProblemURL}}",
      "Tags": "{{Tags}}"
    }}

Switch on “Notify the webhook when a problem closes”.
""",
    docs="https://docs.dynatrace.com/docs/analyze-explore-automate/notifications-and-alerting/problem-notifications/webhook-integration",
)
