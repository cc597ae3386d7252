"""Sumo Logic: https://help.sumologic.com/docs/alerts/webhook-connections/set-up-webhook-connections/

The body is the customer's, written with variables; ours is the one below. A monitor's trigger is
"Critical", "Warning" or "MissingData", and with "Resolved" in front when it is over; the alert
keeps its id from one to the other. A scheduled search has no id and never says that it is over. A
variable that means nothing arrives as it is. Sample: integrations/samples/sumologic.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first, table
from integrations.phrases import filled, phrase, unfilled
from integrations.vocabulary import RESOLVE, TRIGGER

_absent = unfilled(r"\{\{[^{}]*\}\}")
_SEVERITIES = {"critical": "critical", "warning": "medium", "missingdata": "high"}
_NAME = filled(_absent, "name", "search")


def _trigger(item: Any) -> str:
    found = texts.words(filled(_absent, "trigger", "TriggerType")(item, item))
    return found.strip().lower().replace("_", "")


def _action(item: Any, top: Any) -> str:
    return RESOLVE if _trigger(item).startswith("resolved") else TRIGGER


def _key(item: Any, top: Any) -> str:
    if found := filled(_absent, "alert_id", "AlertID")(item, top):
        return texts.words(found)
    parts = (_NAME(item, top), filled(_absent, "alert_group")(item, top))
    return "/".join(filter(None, map(texts.words, parts)))


sumologic = Vendor(
    kind="sumologic",
    label="Sumo Logic",
    action=_action,
    dedup_key=_key,
    title=phrase(_NAME, filled(_absent, "alert_group")),
    description=filled(_absent, "description"),
    severity=lambda item, top: _SEVERITIES.get(_trigger(item).removeprefix("resolved"), ""),
    details=table("condition", "value", "query", "trigger", "time", "results", monitor="type"),
    tags=lambda item, top: None,
    absent=_absent,
    links=(
        ("Sumo Logic", first(filled(_absent, "url"), filled(_absent, "query_url"))),
        ("Runbook", field("playbook_url")),
    ),
    setup="""\
In Sumo Logic open Monitoring → Connections → + → Webhook, paste this URL:

    {url}

and this as the Alert Payload and once more as the Recovery Payload:

    {{
      "name": "{{{{Name}}}}", "trigger": "{{{{TriggerType}}}}", "alert_id": "{{{{AlertID}}}}",
      "alert_group": "{{{{AlertGroup}}}}", "description": "{{{{Description}}}}",
      "condition": "{{{{TriggerCondition}}}}", "value": "{{{{TriggerValue}}}}",
      "time": "{{{{TriggerTime}}}}", "type": "{{{{MonitorType}}}}",
      "url": "{{{{AlertResponseUrl}}}}", "query_url": "{{{{QueryUrl}}}}"
    }}

In each monitor name the connection for its triggers and tick Recovery.
""",
    docs="https://help.sumologic.com/docs/alerts/webhook-connections/set-up-webhook-connections/",
)
