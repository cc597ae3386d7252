"""Coralogix: https://coralogix.com/docs/user-guides/alerting/outbound-webhooks/generic-outbound-webhooks-alert-webhooks/

The payload is the customer's template of `$VARIABLES`; ours is the one below, the default one is
understood as well: it keeps severity, application and team in a list of `fields`. A variable
without a value arrives as its own name. The newer Notification Center has no variables but
templates: its `alert.status` is "Triggered" or "Resolved", and `alert.groupingKey` stays the same
from one to the other. Sample: integrations/samples/coralogix.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import RESOLVE, TRIGGER

_STATE = field("alert_action", "status")
_STATES = {"trigger": TRIGGER, "triggered": TRIGGER, "resolve": RESOLVE, "resolved": RESOLVE}


def _unfilled(text: str) -> bool:
    return text.startswith("$") and text[1:].replace("_", "").isupper()


def _fields(item: Any, top: Any) -> dict[str, Any]:
    """The list of the default payload as a table, whatever has a value."""
    listed = field("fields")(item, top)
    pairs = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    found = {texts.words(each.get("key")): texts.words(each.get("value")) for each in pairs}
    return {name: text for name, text in found.items() if text and not _unfilled(text)}


def _listed(name: str) -> Any:
    return lambda item, top: _fields(item, top).get(name)


def _filled(name: str) -> Any:
    def pick(item: Any, top: Any) -> str:
        text = texts.words(field(name)(item, top))
        return "" if _unfilled(text) else text

    return pick


def _key(item: Any, top: Any) -> str:
    name = _filled("alert_unique_identifier")(item, top) or _filled("alert_id")(item, top)
    group = _filled("group_by_labels")(item, top)
    return f"{name}/{group}" if name and group else name


_PLAIN = table("application", "subsystem", "team", "threshold", "timewindow", "group_by_labels")


def _details(item: Any, top: Any) -> dict[str, Any]:
    return {**_fields(item, top), **_PLAIN(item, top)}


coralogix = Vendor(
    kind="coralogix",
    label="Coralogix",
    action=choose(_STATE, _STATES),
    dedup_key=first(_filled("groupingKey"), _key),
    title=field("name", "alert_name"),
    description=field("description"),
    severity=first(
        _filled("priority"), _filled("severity"), _listed("priority"), _listed("severity")
    ),
    details=_details,
    links=(("Alert", field("alert_url")), ("Logs", field("log_url"))),
    absent=_unfilled,
    setup="""\
In Coralogix open Data Flow → Outbound Webhooks → Generic Webhook → Add New, method POST, paste:

    {url}

and this body:

    {{
      "alert_id": "$ALERT_ID",
      "alert_unique_identifier": "$ALERT_UNIQUE_IDENTIFIER",
      "alert_action": "$ALERT_ACTION",
      "name": "$ALERT_NAME",
      "description": "$ALERT_DESCRIPTION",
      "priority": "$ALERT_PRIORITY",
      "severity": "$EVENT_SEVERITY",
      "group_by_labels": "$ALERT_GROUPBY_LABELS",
      "application": "$APPLICATION_NAME",
      "subsystem": "$SUBSYSTEM_NAME",
      "team": "$TEAM_NAME",
      "threshold": "$ALERT_THRESHOLD",
      "timewindow": "$ALERT_TIMEWINDOW_MINUTES",
      "alert_url": "$ALERT_URL",
      "log_url": "$LOG_URL"
    }}

Then name the webhook in your alerts and tick “Notify when resolved”.
""",
    docs="https://coralogix.com/docs/user-guides/alerting/outbound-webhooks/generic-outbound-webhooks-alert-webhooks/",
)
