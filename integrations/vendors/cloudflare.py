"""Cloudflare: https://developers.cloudflare.com/notifications/reference/webhook-payload-schema/

What has a state carries `alert_event`, and one `alert_correlation_id` from start to end. Health
checks, tunnels, load balancing and incidents tell the state in `data` - also when `alert_event` is
START, which then begins the new state, healthy as well - so what they watch is the key. Much of the
rest (certificates, maintenance, usage) happens once and never says that it is over.
Sample: integrations/samples/cloudflare.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first
from integrations.vocabulary import RESOLVE, TRIGGER, Words

_HEALTH = field(
    "data.status",
    "data.new_health",
    "data.new_status",
    "data.health_status",
    "data.new_health_status",
    "data.incident_status",
)
_STATES = {
    "healthy": RESOLVE,
    "unhealthy": TRIGGER,
    "degraded": TRIGGER,
    "down": TRIGGER,
    "critical": TRIGGER,
    "tunnel_status_type_healthy": RESOLVE,
    "magic_tunnel_status_up": RESOLVE,
    "incident_status_resolved": RESOLVE,
    "resolved": RESOLVE,
}
_EVENTS = {"ALERT_STATE_EVENT_START": TRIGGER, "ALERT_STATE_EVENT_END": RESOLVE}
_WATCHED = field(
    "data.health_check_id",
    "data.origin_id",
    "data.pool_id",
    "data.tunnel_id",
    "data.incident_id",
    "data.monitor_id",
)
_WHERE = field(
    "data.zone_name", "data.zone_tag", "data.hosts", "data.target_hostname", "data.target_ip"
)
_ABOUT = field(
    "data.name",
    "data.pool_name",
    "data.health_check_name",
    "data.tunnel_name",
    "data.incident_name",
    "data.config.name",
    "data.zone_name",
    "data.target_hostname",
    "data.target_ip",
)


def _key(item: Any, top: Any) -> str:
    kind = texts.words(field("alert_type")(item, top))
    if watched := texts.words(_WATCHED(item, top)):
        return f"{kind}/{watched}" if kind else watched
    if together := texts.words(field("alert_correlation_id")(item, top)):
        return together
    policy = texts.words(field("policy_id", "policy_name")(item, top))
    where = texts.words(_WHERE(item, top))
    return "/".join(filter(None, (policy, kind, where))) if policy or where else ""


def _title(item: Any, top: Any) -> str:
    """The policy's name and what it is about; the text says that in a sentence."""
    name = texts.words(field("policy_name", "name")(item, top))
    about = texts.words(_ABOUT(item, top))
    if name and about and about not in name:
        return f"{name}: {about}"
    return name or texts.words(field("text")(item, top))


cloudflare = Vendor(
    kind="cloudflare",
    label="Cloudflare",
    action=first(choose(_HEALTH, _STATES), choose("alert_event", _EVENTS)),
    dedup_key=_key,
    title=_title,
    description=field("text", "data.reason"),
    severity=first(
        field("data.severity", "data.incident_impact"),
        choose("alert_type", {"incident_alert": "high"}),
    ),
    details=field("data"),
    tags=lambda item, top: None,
    links=(("Dashboard", field("data.dashboard_link", "data.link")),),
    words=Words(
        severities={
            "major": "high",
            "minor": "low",
            "incident_impact_critical": "critical",
            "incident_impact_major": "high",
            "incident_impact_minor": "low",
        }
    ),
    setup="""\
In the Cloudflare dashboard open Notifications → Destinations → Webhooks → Create, choose Generic,
and paste:

    {url}

Then open Notifications → Add and let each notification that should page send to this webhook. For
health checks choose “Becomes healthy or unhealthy”, so that alerts close by themselves.
""",
    docs="https://developers.cloudflare.com/notifications/get-started/configure-webhooks/",
)
