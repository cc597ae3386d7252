"""InfluxDB 2: https://docs.influxdata.com/influxdb/v2/monitor-alert/notification-endpoints/

An HTTP endpoint gets the row of the check's status: what begins with "_" is InfluxDB's, the rest
are the row's tags (text) and fields (numbers). The check and its tags are the key, so each host has
an alert of its own. "unknown" is a check that could not tell. A notification rule must be told to
send "ok" too. Sample: integrations/samples/influxdb.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field
from integrations.phrases import phrase

_LONGEST_TAG = 100


def _tags(item: Any) -> dict[str, str]:
    if not isinstance(item, dict):
        return {}
    return {
        str(name): value
        for name, value in item.items()
        if isinstance(value, str) and not str(name).startswith("_") and len(value) <= _LONGEST_TAG
    }


def _key(item: Any, top: Any) -> str:
    check = texts.words(field("_check_id", "_check_name")(item, top))
    pairs = (f"{name}={value}" for name, value in sorted(_tags(item).items()))
    return "/".join([check, *pairs]) if check else ""


def _details(item: Any, top: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {}
    rest = {name: value for name, value in item.items() if not str(name).startswith("_")}
    rule = field("_notification_rule_name")(item, top)
    return rest | ({"rule": rule} if rule else {})


influxdb = Vendor(
    kind="influxdb",
    label="InfluxDB",
    action=choose("_level", {"ok": "resolve"}, "trigger"),
    dedup_key=_key,
    title=phrase("_check_name", "_message"),
    description=field("_message"),
    severity=choose(
        "_level", {"crit": "critical", "warn": "medium", "info": "info", "unknown": "medium"}
    ),
    details=_details,
    tags=lambda item, top: None,
    setup="""\
In InfluxDB open Alerts → Notification Endpoints → Create, choose HTTP with method POST and no
authentication, and paste:

    {url}

Then create notification rules for this endpoint: one for “when status is equal to CRIT” and one for
“when status changes from any to OK”, so that alerts close by themselves.
""",
    docs="https://docs.influxdata.com/influxdb/v2/monitor-alert/notification-endpoints/",
)
