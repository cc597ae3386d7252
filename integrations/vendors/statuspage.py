"""Statuspage: https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/
and Instatus, which sends the same with other words: https://instatus.com/help/webhooks

The status page of somebody one depends on. Two kinds of message: an incident with its updates, and
a change of one component; both come for the same outage, each with an id of its own. "Monitoring"
means repaired but watched, so the alert stays. Maintenance that was announced, and what was
entered afterwards, are no alerts. Sample: integrations/samples/statuspage.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import IGNORE

_INCIDENT = {
    "investigating": "trigger",
    "identified": "trigger",
    "monitoring": "trigger",
    "resolved": "resolve",
    "postmortem": "resolve",
    "scheduled": "ignore",
    "in_progress": "ignore",
    "verifying": "ignore",
    "completed": "ignore",
}
_COMPONENT = {
    "operational": "resolve",
    "degraded_performance": "trigger",
    "partial_outage": "trigger",
    "major_outage": "trigger",
    "under_maintenance": "ignore",
}
_COMPONENT |= {state.replace("_", ""): ours for state, ours in _COMPONENT.items()}
_COMPONENT |= {"up": "resolve", "hasissues": "trigger"}
_SEVERITIES = {
    "critical": "critical", "major": "high", "minor": "medium", "none": "low",
    "major_outage": "critical", "partial_outage": "high", "degraded_performance": "medium",
    "majoroutage": "critical", "partialoutage": "high", "degradedperformance": "medium",
}  # fmt: skip


def _left_out(item: Any, top: Any) -> str:
    """Whether nobody is to be paged for it: planned, told afterwards, or neither of the two."""
    incident, component = (field(name)(item, top) for name in ("incident", "component"))
    if not isinstance(incident, dict):
        is_other = field("page")(item, top) is not None and not isinstance(component, dict)
        return IGNORE if is_other else ""
    is_planned = incident.get("impact") == "maintenance"
    return IGNORE if is_planned or incident.get("backfilled") is True else ""


def _key(item: Any, top: Any) -> str:
    for kind in ("incident", "component"):
        if found := texts.words(field(f"{kind}.id")(item, top)):
            return f"{kind}/{found}"
    return ""


def _state(item: Any, top: Any) -> str:
    state = field("component_update.new_status", "component.status")(item, top)
    return texts.words(state).replace("_", " ")


statuspage = Vendor(
    kind="statuspage",
    label="Statuspage, Instatus",
    action=first(
        _left_out,
        choose("incident.status", _INCIDENT),
        choose("component_update.new_status", _COMPONENT),
        choose("component.status", _COMPONENT),
    ),
    dedup_key=_key,
    title=first(field("incident.name"), phrase("component.name", _state, by=" has ")),
    description=field("incident.incident_updates.0.body"),
    severity=first(choose("incident.impact", _SEVERITIES), choose("component.status", _SEVERITIES)),
    details=table(
        "page.status_description",
        "incident.status",
        "incident.impact",
        "component_update.old_status",
        "component_update.new_status",
    ),
    tags=lambda item, top: None,
    links=(
        ("Incident", field("incident.shortlink", "incident.url")),
        ("Status page", field("page.url")),
    ),
    setup="""\
On the status page choose Subscribe to updates → Webhook and paste:

    {url}

An outage comes as an incident and as a change of each component: subscribe to the components you
need, and use a route to leave out one of the two if you want one alert only.
""",
    docs="https://support.atlassian.com/statuspage/docs/enable-webhook-notifications/",
)
