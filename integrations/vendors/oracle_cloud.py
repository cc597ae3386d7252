"""Oracle Cloud: https://docs.oracle.com/iaas/Content/Monitoring/alarm-message-format.htm

An alarm's message by Notifications: one key for its life (a metric stream of its own when the
alarm splits its notifications), the type says what happened. RESET is a repetition begun anew. The
confirmation of the subscription is no alert: its address is in the body and in the log of events.
Sample: integrations/samples/oracle_cloud.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import IGNORE, Words

_TYPES = {
    "ok_to_firing": "trigger",
    "firing_to_ok": "resolve",
    "repeat": "trigger",
    "reset": "trigger",
}


def _confirmation(item: Any, top: Any) -> str:
    return IGNORE if field("ConfirmationURL")(item, top) else ""


def _over(item: Any, top: Any) -> str:
    """A repetition tells the state of the alarm itself."""
    state = texts.words(field("alarmMetaData.0.status")(item, top)).upper()
    return "resolve" if state == "OK" else ""


def _streams(item: Any, top: Any) -> dict[str, Any]:
    shown = table(
        "alarmMetaData.0.query",
        "alarmMetaData.0.namespace",
        "alarmMetaData.0.totalMetricsFiring",
        "alarmMetaData.0.dimensions",
        "alarmMetaData.0.metricValues",
        "timestamp",
    )
    found: dict[str, Any] = shown(item, top)
    return found


oracle_cloud = Vendor(
    kind="oracle_cloud",
    label="Oracle Cloud",
    action=first(_confirmation, _over, choose("type", _TYPES)),
    dedup_key=field("dedupeKey", "alarmMetaData.0.id"),
    title=field("title", "alarmMetaData.0.alarmSummary"),
    description=field("body", "alarmMetaData.0.alarmSummary"),
    severity=field("severity", "alarmMetaData.0.severity"),
    details=_streams,
    tags=lambda item, top: None,
    links=(("Alarm", field("alarmMetaData.0.alarmUrl")), ("Alarm", field("alarmUrl"))),
    words=Words(severities={"error": "high", "warning": "medium", "info": "info"}),
    setup="""\
In Oracle Cloud open Developer Services → Notifications, create a topic, and in it a subscription
of the protocol HTTPS (Custom URL) with this URL:

    {url}

Confirm it: open the ConfirmationURL of the event that arrives in the Inbound Log. Then name the
topic as the destination of your alarms, with the message format “Send formatted messages” off.
""",
    docs="https://docs.oracle.com/iaas/Content/Monitoring/alarm-message-format.htm",
)
