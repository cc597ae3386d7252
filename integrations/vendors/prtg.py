"""PRTG: https://www.paessler.com/manuals/prtg/notifications_based_on_http_actions

PRTG posts a form written by the customer from place-holders; ours is the one below. A recovery
has no state of its own but the end of another: "Down ended (now: Up)". The end of a warning that
has become worse is none: "Warning ended (now: Down)". Priorities are 1 to 5 or as many stars, 5
the worst. A place-holder PRTG does not know stays as it is, "%message".
Sample: integrations/samples/prtg.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field
from integrations.phrases import filled, others, phrase, unfilled
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, RESOLVE, TRIGGER, Words

_absent = unfilled(r"%[a-z]+")


def _status(item: Any, top: Any) -> str:
    return texts.words(field("status", "laststatus")(item, top)).strip().lower()[:200]


def _action(item: Any, top: Any) -> str:
    status = _status(item, top)
    if "acknowledged" in status:
        return ACKNOWLEDGE
    if "(now: down" in status:  # the end of a warning, because it has become worse
        return TRIGGER
    if "ended" in status.replace("(", " ").split() or status in {"up", "ok"}:
        return RESOLVE
    return IGNORE if status.startswith("paused") else TRIGGER


def _severity(item: Any, top: Any) -> str:
    status = _status(item, top)
    if status.startswith(("warning", "unusual")) and "(now: down" not in status:
        return "medium"
    priority = texts.words(filled(_absent, "priority", "prio")(item, top)).strip()
    return str(len(priority)) if priority and set(priority) == {"*"} else priority


prtg = Vendor(
    kind="prtg",
    label="PRTG",
    action=_action,
    dedup_key=filled(_absent, "sensorid", "sensor_id"),
    title=phrase(
        filled(_absent, "device"),
        phrase(filled(_absent, "sensor", "name"), filled(_absent, "status"), by=" is "),
    ),
    description=filled(_absent, "message", "lastmessage"),
    severity=_severity,
    details=others("sensorid", "device", "sensor", "message", "link", "priority", absent=_absent),
    links=(("PRTG", field("link", "linksensor")),),
    absent=_absent,
    words=Words(severities={"5": "critical", "4": "high", "3": "medium", "2": "low", "1": "info"}),
    setup="""\
In PRTG open Setup → Account Settings → Notification Templates → Add, switch on Execute HTTP
Action, choose POST, paste this URL:

    {url}

and this as the payload:

    sensorid=%sensorid&device=%device&sensor=%name&status=%status&priority=%priority\
&host=%host&group=%group&probe=%probe&datetime=%datetime&link=%linksensor&message=%message

Then add state triggers to the root group or a device: when Down perform this notification, and
when the condition clears perform it too. Without the second, alerts do not close by themselves.
""",
    docs="https://www.paessler.com/manuals/prtg/notifications_based_on_http_actions",
)
