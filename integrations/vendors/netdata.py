"""Netdata: https://learn.netdata.cloud/docs/alerting/notifications/centralized-cloud-notifications/webhook

Netdata Cloud sends `severity` warning, critical or clear; the alert's own name is `alert` and was
`alarm` before. It does not name the node in a field of its own, only in `message` ("… on db-1"):
without that, two nodes would be one alert. A reachability message has a `host` and
`status.reachable`. An Agent sends what its custom_sender() below writes.
Sample: integrations/samples/netdata.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table

_NODE = re.compile(r"\bon (?:node |host )?([\w][\w.-]{0,250})", re.IGNORECASE)
_STATES = {
    "clear": "resolve",
    "warning": "trigger",
    "critical": "trigger",
    "removed": "resolve",
    "undefined": "ignore",
    "uninitialized": "ignore",
}
_SEVERITIES = {"critical": "critical", "warning": "medium"}
_ALERT, _STATUS = field("alert", "alarm", "name"), field("severity", "status")


def _reachable(item: Any, top: Any) -> Any:
    return field("status.reachable")(item, top)


def _action(item: Any, top: Any) -> str:
    reachable = _reachable(item, top)
    if reachable is not None:
        return "resolve" if reachable is True else "trigger"
    return texts.words(choose(_STATUS, _STATES)(item, top))


def _node(item: Any, top: Any) -> str:
    named_node = texts.words(field("host", "node", "hostname")(item, top)).strip()
    found = _NODE.findall(texts.words(field("message")(item, top))[:2000])
    return named_node or (found[-1].rstrip(".") if found else "")


def _key(item: Any, top: Any) -> str:
    if _reachable(item, top) is not None:
        return f"reachable/{_node(item, top)}"
    alert = texts.words(_ALERT(item, top))
    chart = texts.words(field("chart", "context")(item, top))
    return f"{_node(item, top)}/{chart}/{alert}" if alert else ""


def _title(item: Any, top: Any) -> str:
    node, alert = _node(item, top), texts.words(_ALERT(item, top))
    if _reachable(item, top) is not None:
        return f"{node} is unreachable" if node else ""
    return f"{node}: {alert}" if node and alert else alert


def _severity(item: Any, top: Any) -> str:
    if _reachable(item, top) is not None:
        return "critical"
    return texts.words(choose(_STATUS, _SEVERITIES)(item, top))


netdata = Vendor(
    kind="netdata",
    label="Netdata",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=field("message", "info"),
    severity=_severity,
    details=table(
        "info",
        "chart",
        "context",
        "family",
        "class",
        "space",
        "rooms",
        "duration",
        "value",
        "old_status",
        "roles",
    ),
    tags=lambda item, top: None,
    links=(("Netdata", field("alert_url", "alarm_url", "url", "goto_url")),),
    setup="""\
In Netdata Cloud open Space settings → Alerts & Notifications → Add configuration → Webhook, paste
this URL and leave Authentication at none of yours:

    {url}

A Netdata Agent without Cloud: run edit-config health_alarm_notify.conf and add

    SEND_CUSTOM="YES"
    DEFAULT_RECIPIENT_CUSTOM="alertops"
    custom_sender() {{
      curl -fsS --max-time 10 --retry 5 {url} \\
        --data-urlencode "host=${{host}}" --data-urlencode "name=${{name}}" \\
        --data-urlencode "chart=${{chart}}" --data-urlencode "status=${{status}}" \\
        --data-urlencode "old_status=${{old_status}}" --data-urlencode "info=${{info}}" \\
        --data-urlencode "value=${{value_string}}" --data-urlencode "goto_url=${{goto_url}}" \\
        && sent=$((sent + 1))
    }}
""",
    docs="https://learn.netdata.cloud/docs/alerting/notifications/centralized-cloud-notifications/webhook",
)
