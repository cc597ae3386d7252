"""LogicMonitor: https://www.logicmonitor.com/support/custom-http-delivery

The payload is the customer's template of ##TOKENS##; ours is the one below. The alert id stays the
same while an alert lasts, also when it escalates from warn to critical. A token without meaning is
left as it stands or empty. "update" is a message somebody wrote, "test" the test button.
Sample: integrations/samples/logicmonitor.json
"""

from integrations.mapping import Vendor, choose
from integrations.phrases import filled, others, phrase, unfilled
from integrations.vocabulary import ACKNOWLEDGE, RESOLVE, TRIGGER, Words

_absent = unfilled(r"##[A-Z0-9_.\- ]*##")
_STATUSES = {
    "active": TRIGGER,
    "alert": TRIGGER,
    "new": TRIGGER,
    "escalate": TRIGGER,
    "update": TRIGGER,
    "test": TRIGGER,
    "ack": ACKNOWLEDGE,
    "acked": ACKNOWLEDGE,
    "acknowledged": ACKNOWLEDGE,
    "clear": RESOLVE,
    "cleared": RESOLVE,
}

logicmonitor = Vendor(
    kind="logicmonitor",
    label="LogicMonitor",
    action=choose(filled(_absent, "status", "alert_status", "alertstatus"), _STATUSES),
    dedup_key=filled(_absent, "alert_id", "alertid", "internal_id", "internalid"),
    title=phrase(
        filled(_absent, "host", "hostname", "group", "service"),
        phrase(
            filled(_absent, "instance", "datasource", "checkpoint"),
            filled(_absent, "datapoint"),
            by=" ",
        ),
    ),
    description=filled(_absent, "message", "alert_message"),
    severity=filled(_absent, "level", "severity"),
    details=others(
        "status", "alert_id", "host", "message", "url", "level", "instance", absent=_absent
    ),
    links=(("LogicMonitor", filled(_absent, "url", "alert_url", "alertdetailurl")),),
    absent=_absent,
    words=Words(severities={"error": "high", "warn": "medium", "critical": "critical"}),
    setup="""\
In LogicMonitor open Settings → Integrations → Add → Custom HTTP Delivery, choose “Use the same URL
and data to notify on various alert activity” and tick acknowledged, cleared and escalated. Method
HTTP Post, this URL:

    {url}

and as raw payload in the format JSON:

    {{
      "alert_id": "##ALERTID##",
      "status": "##ALERTSTATUS##",
      "level": "##LEVEL##",
      "type": "##ALERTTYPE##",
      "host": "##HOST##",
      "group": "##GROUP##",
      "datasource": "##DATASOURCE##",
      "instance": "##INSTANCE##",
      "datapoint": "##DATAPOINT##",
      "value": "##VALUE##",
      "threshold": "##THRESHOLD##",
      "start": "##START##",
      "url": "##ALERTDETAILURL##",
      "message": "##MESSAGE##"
    }}

Then name the integration in the escalation chain of the alert rules that should page.
""",
    docs="https://www.logicmonitor.com/support/custom-http-delivery",
)
