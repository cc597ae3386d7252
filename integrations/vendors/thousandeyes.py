"""ThousandEyes:
https://docs.thousandeyes.com/product-documentation/alerts/standard-notification-methods/classic-webhooks-for-alert-notifs

An alert has one id until it clears; `eventId` is new for each message. An agent that goes offline
sends the same under `agentAlert`. The body has no severity unless the rule's custom payload
brings one.
Sample: integrations/samples/thousandeyes.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase

_EVENTS = {
    "alert_notification_trigger": "trigger",
    "alert_notification_clear": "resolve",
    "agent_alert_notification_trigger": "trigger",
    "agent_alert_notification_clear": "resolve",
    "webhook_test": "trigger",
    "web_hook_test": "trigger",
    "2": "trigger",  # a custom webhook's type.id
    "1": "resolve",
}
_AGENTS = field("alert.agents", "agentAlert.agents")


def _agents(item: Any, top: Any) -> list[str]:
    found = _AGENTS(item, top)
    agents = found if isinstance(found, list) else []
    names = (texts.words(field("agentName")(agent, top)) for agent in agents[:50])
    return [name for name in names if name]


def _seen(item: Any, top: Any) -> str:
    """What the agents measured, a line for each."""
    found = _AGENTS(item, top)
    lines = phrase("agentName", "metricsAtStart")
    return "\n".join(lines(agent, top) for agent in (found if isinstance(found, list) else [])[:20])


_DETAILS = table(
    "alert.type",
    "alert.ruleExpression",
    "alert.violationCount",
    "alert.testTargetsDescription",
    "alert.dateStart",
)


def _details(item: Any, top: Any) -> dict[str, Any]:
    shown: dict[str, Any] = dict(_DETAILS(item, top))
    return {**shown, "agents": names} if (names := _agents(item, top)) else shown


thousandeyes = Vendor(
    kind="thousandeyes",
    label="ThousandEyes",
    action=first(choose("eventType", _EVENTS), choose("type.id", _EVENTS)),
    dedup_key=field("alert.alertId", "agentAlert.alertId", "alert.id", "alertId", "eventType"),
    title=first(
        phrase("alert.testName", first(field("alert.ruleName"), field("alert.rule.name"))),
        phrase("agentAlert.ruleName", lambda item, top: ", ".join(_agents(item, top)[:3])),
        choose("eventType", {"webhook_test": "Webhook test", "web_hook_test": "Webhook test"}),
    ),
    description=_seen,
    severity=first(field("severity"), field("alert.severity", "alert.severity.id")),
    details=_details,
    tags=lambda item, top: None,
    links=(("ThousandEyes", field("alert.permalink", "agentAlert.permalink")),),
    setup="""\
In ThousandEyes open Alerts → Alert Rules, edit a rule → Notifications → Webhooks → Configure
webhooks → Add New Webhook, and paste:

    {url}

Then choose the webhook in each rule that should page. It clears by itself.
""",
    docs="https://docs.thousandeyes.com/product-documentation/alerts/standard-notification-methods/classic-webhooks-for-alert-notifs",
)
