"""Site24x7: https://www.site24x7.com/help/admin/third-party-integration/custom-webhooks.html

One monitor per message, as JSON or as a form, with names in capitals. DOWN, CRITICAL and TROUBLE
are bad in this order, and one may turn into another without an UP between. A monitor that was
suspended or is under maintenance is no alert. A parameter that means nothing for a monitor stays
"$FAILED_LOCATIONS". Sample: integrations/samples/site24x7.json
"""

from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import filled, phrase, unfilled

_absent = unfilled(r"\$[A-Z_]+|-|NA|null")
_STATES = {
    "down": "trigger",
    "critical": "trigger",
    "trouble": "trigger",
    "up": "resolve",
    "maintenance": "ignore",
    "suspended": "ignore",
    "discovery": "ignore",
    "configuration error": "trigger",
}
_SEVERITIES = {"down": "critical", "critical": "high", "trouble": "medium"}
_NAME = filled(_absent, "MONITORNAME", "MONITOR_NAME", "monitorname")

site24x7 = Vendor(
    kind="site24x7",
    label="Site24x7",
    action=choose("STATUS", _STATES),
    dedup_key=first(filled(_absent, "MONITOR_ID", "MONITORID"), _NAME),
    title=first(phrase(_NAME, filled(_absent, "STATUS"), by=" is "), field("subject")),
    description=filled(_absent, "INCIDENT_REASON", "INCIDENT_DETAILS"),
    severity=choose("STATUS", _SEVERITIES),
    details=table(
        "MONITORTYPE",
        "MONITORURL",
        "FAILED_LOCATIONS",
        "INCIDENT_TIME",
        "DOWNTIME_DURATION",
        "GROUPNAME",
        "POLL_FREQUENCY",
    ),
    tags=lambda item, top: None,
    absent=_absent,
    links=(
        ("Site24x7", field("MONITOR_DASHBOARD_LINK")),
        ("Root cause", field("RCA_LINK")),
        ("Checked", field("MONITORURL")),
    ),
    setup="""\
In Site24x7 open Admin → Third-Party Integrations → Webhooks, paste:

    {url}

Choose POST, “Send incident parameters” and “Post as JSON”, and tick every state it offers: what
goes down is closed by its UP.
""",
    docs="https://www.site24x7.com/help/admin/third-party-integration/custom-webhooks.html",
)
