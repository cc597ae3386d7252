"""New Relic: https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/

Three eras. Legacy channels send an incident (`incident_id`, `current_state`, `severity`);
workflows send an issue (`id`, `state`, `priority`, `title`); their templates may keep the legacy
names with the new words ("ACTIVATED"). Before all of them a form had the JSON in `alert` or
`deployment`; a deployment is no alert. Somebody's action on an issue comes as "ACTIVATED" with
the trigger "USER_ACTION", whatever the action was: it never acknowledges.
Sample: integrations/samples/newrelic.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import IGNORE, Words

_STATES = {
    "open": "trigger",
    "opened": "trigger",
    "created": "trigger",
    "activated": "trigger",
    "test": "trigger",
    "acknowledged": "acknowledge",
    "closed": "resolve",
    "deactivated": "resolve",
}


def _of_alert(item: Any, top: Any) -> str:
    """The oldest form: the state is the last word of "[app] alert opened"."""
    if field("deployment")(item, top) is not None:
        return IGNORE
    short = texts.words(field("alert.short_description")(item, top))[:500].strip()
    return _STATES.get(short.rpartition(" ")[2].lower(), "")


def _legacy_title(item: Any, top: Any) -> str:
    condition = texts.words(field("condition_name")(item, top))
    names = field("targets")(item, top)
    first_name = field("0.name")(names, top) if isinstance(names, list) else ""
    return f"{condition}: {texts.words(first_name)}" if condition and first_name else condition


newrelic = Vendor(
    kind="newrelic",
    label="New Relic",
    action=first(choose("current_state", _STATES), choose("state", _STATES), _of_alert),
    dedup_key=field("incident_id", "issueId", "issue_id", "id", "alert.alert_url"),
    title=first(field("title", "issueTitle"), _legacy_title, field("alert.message", "details")),
    description=field("details", "condition_description", "description", "alert.long_description"),
    severity=field("severity", "priority", "alert.severity"),
    details=table(
        "account_name",
        "policy_name",
        "condition_name",
        "alertPolicyNames",
        "alertConditionNames",
        "impactedEntities",
        "targets",
        "totalIncidents",
        "workflowName",
        "alert.application_name",
        "owner",
    ),
    tags=lambda item, top: None,
    links=(
        ("New Relic", field("issueUrl", "incident_url", "issue_url", "alert.alert_url")),
        ("Runbook", field("runbook_url")),
        ("Chart", field("violation_chart_url")),
        ("Policy", field("policy_url")),
    ),
    words=Words(severities={"critical": "critical", "high": "high", "warning": "medium"}),
    setup="""\
In New Relic open Alerts → Destinations → Webhook and paste this endpoint:

    {url}

Then add the destination to a workflow (Alerts → Workflows → Notify → Webhook). The default
template works as it is; this one also brings the description and the runbook:

    {{
      "id": {{{{ json issueId }}}},
      "issueUrl": {{{{ json issuePageUrl }}}},
      "title": {{{{ json annotations.title.[0] }}}},
      "description": {{{{ json annotations.description.[0] }}}},
      "priority": {{{{ json priority }}}},
      "state": {{{{ json state }}}},
      "trigger": {{{{ json triggerEvent }}}},
      "impactedEntities": {{{{ json entitiesData.names }}}},
      "alertPolicyNames": {{{{ json accumulations.policyName }}}},
      "alertConditionNames": {{{{ json accumulations.conditionName }}}},
      "runbook_url": {{{{ json accumulations.runbookUrl.[0] }}}},
      "workflowName": {{{{ json workflowName }}}}
    }}

Leave “Send closed notifications” on in the workflow, so that alerts close by themselves.
""",
    docs="https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/",
)
