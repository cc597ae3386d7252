"""AppDynamics: https://docs.appdynamics.com/appd/24.x/latest/en/appdynamics-essentials/alert-and-respond/actions/http-request-actions-and-templates

The payload is the customer's template; ours is the one below. An incident (a violation of a health
rule) keeps its id from POLICY_OPEN_… to POLICY_CLOSE_…; the word before its severity says what
happened. A variable that is not defined for an event arrives as its own name. The template that is
documented for Grafana OnCall has the event's own names in `event` and no incident, so where it is
tells violations apart (https://grafana.com/docs/oncall/latest/integrations/appdynamics/).
Sample: integrations/samples/appdynamics.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER, Words


def _unfilled(text: str) -> bool:
    return text.startswith("${") and text.endswith("}")


def _filled(item: Any, *names: str) -> str:
    """The first of these that the template could fill in."""
    found = (texts.words(field(name)(item, item)).strip() for name in names)
    return next((text for text in found if text and not _unfilled(text)), "")


def _kind(item: Any) -> str:
    return _filled(item, "event_type", "event.eventType", "event.eventTypeKey").upper()


def _place(item: Any) -> list[str]:
    places = ("application", "tier", "node")
    return [_filled(item, name, f"event.{name}.name") for name in places]


def _key(item: Any, top: Any) -> str:
    """The incident; else the place, and what happened there where that neither begins nor ends."""
    if incident := _filled(item, "incident_id"):
        return incident
    kind, place = _kind(item), _place(item)
    what = _filled(item, "health_rule") if kind.startswith("POLICY_") else kind
    return "/".join(filter(None, (what, *place))) if kind else ""


def _action(item: Any, top: Any) -> str:
    kind = _kind(item)
    if "_CLOSE" in kind or "_CANCELED" in kind:
        return RESOLVE
    return IGNORE if kind in {"APPLICATION_DEPLOYMENT", "APP_SERVER_RESTART"} else TRIGGER


def _title(item: Any, top: Any) -> str:
    rule = _filled(item, "health_rule", "display_name", "event.displayName")
    application, tier, node = _place(item)
    where = _filled(item, "affected") or node or tier or application
    return f"{rule} on {where}" if rule and where else rule or _filled(item, *_SUMMARY)


def _severity(item: Any, top: Any) -> str:
    """The event type is finer than the severity: POLICY_OPEN_CRITICAL."""
    last = _kind(item).rpartition("_")[2]
    return last if last in {"CRITICAL", "WARNING"} else _filled(item, "severity", "event.severity")


_SUMMARY = ("summary", "event.summaryMessage", "event.eventMessage")


appdynamics = Vendor(
    kind="appdynamics",
    label="AppDynamics",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=field(*_SUMMARY),
    severity=_severity,
    details=first(
        table("application", "tier", "node", "affected", "health_rule", "event_type", "policy"),
        table(
            application="event.application.name", node="event.node.name", event="event.eventType"
        ),
    ),
    links=(("AppDynamics", field("link", "event.deepLink")),),
    absent=_unfilled,
    words=Words(severities={"error": "critical", "warn": "medium"}),
    setup="""\
In AppDynamics open Alert & Respond → HTTP Request Templates → New. Method POST, raw URL:

    {url}

Payload, MIME type application/json:

    {{
      "event_type": "${{latestEvent.eventType}}",
      "severity": "${{latestEvent.severity}}",
      "incident_id": "${{latestEvent.incident.id}}",
      "display_name": "${{latestEvent.displayName}}",
      "summary": "${{latestEvent.summaryMessage}}",
      "health_rule": "${{latestEvent.healthRule.name}}",
      "affected": "${{latestEvent.affectedEntities[0].name}}",
      "application": "${{latestEvent.application.name}}",
      "tier": "${{latestEvent.tier.name}}",
      "node": "${{latestEvent.node.name}}",
      "policy": "${{policy.name}}",
      "link": "${{latestEvent.deepLink}}"
    }}

Leave “One Request Per Event” on. Then add an HTTP Request action with this template to a policy
whose triggers include Health Rule Violation Started, Upgraded, Downgraded and Ended.
""",
    docs="https://docs.appdynamics.com/appd/24.x/latest/en/appdynamics-essentials/alert-and-respond/actions/http-request-actions-and-templates",
)
