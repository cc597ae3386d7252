"""SolarWinds Platform (Orion):
https://documentation.solarwinds.com/en/success_center/orionplatform/content/core-sending-a-notification-to-a-url.htm

The body is the customer's, written with variables; ours is the form below, because Orion does not
escape what it puts into JSON. The object of an alert has one id when it triggers and when it
resets; the id of the active alert is gone by then. A variable that has no value stays as it is.
Sample: integrations/samples/solarwinds.json
"""

from integrations.mapping import Vendor, choose, field, first, joined
from integrations.phrases import filled, others, phrase, unfilled
from integrations.vocabulary import Words

_absent = unfilled(r"\$\{[^{}]*\}")

solarwinds = Vendor(
    kind="solarwinds",
    label="SolarWinds",
    action=first(
        choose(
            "status", {"triggered": "trigger", "reset": "resolve", "acknowledged": "acknowledge"}
        ),
        field("status"),
    ),
    dedup_key=first(
        filled(_absent, "object_id", "AlertObjectID"), joined("alert", "node"), field("alert")
    ),
    title=phrase(filled(_absent, "object", "node"), filled(_absent, "alert", "AlertName")),
    description=filled(_absent, "message", "AlertMessage"),
    severity=filled(_absent, "severity", "Severity"),
    details=others(
        "object_id", "alert", "message", "severity", "status", "link", "object", absent=_absent
    ),
    absent=_absent,
    links=(("SolarWinds", field("link")),),
    words=Words(
        severities={
            "serious": "high",
            "warning": "medium",
            "informational": "info",
            "notice": "low",
        }
    ),
    setup="""\
In the SolarWinds Web Console open Alerts & Activity → Manage Alerts, edit an alert and add to its
Trigger Actions “Send a GET or POST Request to a Web Server”, method POST, content type
application/x-www-form-urlencoded, this URL:

    {url}

and this as the body to post:

    status=triggered&object_id=${{N=Alerting;M=AlertObjectID}}&alert=${{N=Alerting;M=AlertName}}\
&severity=${{N=Alerting;M=Severity}}&object=${{N=SwisEntity;M=DisplayName}}\
&node=${{N=SwisEntity;M=Node.Caption}}&type=${{N=Alerting;M=ObjectType}}\
&link=${{N=Alerting;M=AlertDetailsUrl}}&message=${{N=Alerting;M=AlertMessage}}

Add the same action to its Reset Actions with status=reset at the beginning. Without it, alerts do
not close by themselves.
""",
    docs="https://documentation.solarwinds.com/en/success_center/orionplatform/content/core-sending-a-notification-to-a-url.htm",
)
