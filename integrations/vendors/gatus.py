"""Gatus: https://github.com/TwiN/gatus#configuring-custom-alerts

The body is the customer's template of [PLACEHOLDERS]; ours is the one below. One that Gatus does
not know is left as it stands. The method must be written in capitals.
Sample: integrations/samples/gatus.json
"""

from integrations.mapping import Vendor, choose, first, joined
from integrations.phrases import filled, others, phrase, unfilled

_absent = unfilled(r"\[[A-Z_]+\]")

gatus = Vendor(
    kind="gatus",
    label="Gatus",
    action=choose("status", {"TRIGGERED": "trigger", "RESOLVED": "resolve"}),
    dedup_key=first(joined("group", "endpoint"), filled(_absent, "endpoint", "name", "url")),
    title=phrase(
        filled(_absent, "group"),
        filled(_absent, "endpoint", "name"),
        filled(_absent, "description"),
    ),
    description=filled(_absent, "errors", "description", "conditions"),
    severity=filled(_absent, "severity"),
    details=others(
        "status", "group", "endpoint", "errors", "description", "severity", absent=_absent
    ),
    tags=lambda item, top: None,
    links=(("Endpoint", filled(_absent, "url")),),
    absent=_absent,
    setup="""\
Put this into Gatus' configuration:

    alerting:
      custom:
        url: "{url}"
        method: "POST"
        headers:
          Content-Type: application/json
        body: |
          {{
            "status": "[ALERT_TRIGGERED_OR_RESOLVED]",
            "group": "[ENDPOINT_GROUP]",
            "endpoint": "[ENDPOINT_NAME]",
            "url": "[ENDPOINT_URL]",
            "description": "[ALERT_DESCRIPTION]",
            "errors": "[RESULT_ERRORS]"
          }}
        default-alert:
          failure-threshold: 3
          send-on-resolved: true

and name it at each endpoint that should page:

    alerts:
      - type: custom
""",
    docs="https://github.com/TwiN/gatus#configuring-custom-alerts",
)
