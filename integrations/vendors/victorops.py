"""VictorOps (Splunk On-Call): https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/

`entity_id` is the key; a message without one is an alert of its own. INFO belongs to the timeline
there and opens nothing. The routing key stands in the address, so routes can ask for it by name.
Sample: integrations/samples/victorops.json
"""

from typing import Any

from integrations.mapping import Vendor, choose, field

_SHOWN = {"entity_id", "entity_display_name", "message_type", "state_message", "routing_key"}


def _details(item: Any, top: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {}
    rest = {name: value for name, value in item.items() if name not in _SHOWN}
    if route := item.get("routing_key"):
        rest["route"] = route
    return rest


victorops = Vendor(
    kind="victorops",
    label="VictorOps / Splunk On-Call REST",
    action=choose(
        "message_type",
        {
            "CRITICAL": "trigger",
            "WARNING": "trigger",
            "ACKNOWLEDGEMENT": "acknowledge",
            "ACKNOWLEDGMENT": "acknowledge",
            "ACK": "acknowledge",
            "RECOVERY": "resolve",
            "RESOLVE": "resolve",
            "OK": "resolve",
            "INFO": "ignore",
        },
        default="trigger",
    ),
    dedup_key=field("entity_id"),
    needs_key=True,
    title=field("entity_display_name", "entity_id"),
    description=field("state_message"),
    severity=choose("message_type", {"CRITICAL": "critical", "WARNING": "medium", "INFO": "info"}),
    details=_details,
    tags=lambda item, top: None,
    note=field("ack_msg", "state_message"),
    links=(("Link", field("alert_url", "vo_annotate.u.link", "vo_annotate.u.Runbook")),),
    setup="""\
In the tool that sends to VictorOps or Splunk On-Call, replace everything before the routing key:

    {base}/integrations/generic/20131114/alert/{key}/<routing key>

The routing key is the field routing_key of this integration's routes.
""",
    docs="https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/",
)
