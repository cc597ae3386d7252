"""Honeycomb: https://docs.honeycomb.io/notify/webhooks/

Triggers and SLO burn alerts send the same shape; the id is the trigger's or burn alert's. The body
may be the customer's own template, so the names its examples use are understood as well. The
shared secret stands in the body of older payloads and is not shown.
Sample: integrations/samples/honeycomb.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first

_KNOWN = {
    "version", "id", "name", "status", "summary", "description", "trigger_description", "threshold",
    "trigger_url", "result_url", "url", "operator", "shared_secret", "result_groups", "severity",
    "result_groups_triggered", "is_test", "alert",
}  # fmt: skip


def _groups(item: Any, top: Any) -> dict[str, Any]:
    """Which groups are over the threshold, "endpoint=/cart": 5."""
    found = field("result_groups_triggered", "result.groups_triggered")(item, top)
    shown = {}
    for each in found[:50] if isinstance(found, list) else []:
        group, result = field("Group")(each, each), field("Result")(each, each)
        if isinstance(group, dict):
            pairs = [f"{name}={texts.words(value)}" for name, value in group.items()]
        elif isinstance(group, list):  # newer payloads list key and value
            pairs = [
                f"{texts.words(field('key')(pair, pair))}={texts.words(field('value')(pair, pair))}"
                for pair in group
            ]
        else:
            pairs = []
        shown[", ".join(pairs) or "result"] = result
    return shown


def _details(item: Any, top: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {}
    rest = {name: value for name, value in item.items() if str(name).lower() not in _KNOWN}
    limit = [texts.words(field(name)(item, top)) for name in ("operator", "threshold")]
    return ({"threshold": " ".join(filter(None, limit))} if all(limit) else {}) | {
        **_groups(item, top),
        **rest,
    }


honeycomb = Vendor(
    kind="honeycomb",
    label="Honeycomb",
    action=choose(
        field("status", "alert.status"),
        {"TRIGGERED": "trigger", "OK": "resolve", "RESOLVED": "resolve", "TEST": "trigger"},
    ),
    dedup_key=first(
        field("alert.instance_id", "instance_id", "deduplication_key"),
        field("id", "trigger_id", "name"),
    ),
    title=field("name", "alert.name", "summary", "alert.summary"),
    description=first(
        field("trigger_description", "alert.description"),
        field("description", "summary", "alert.summary"),
    ),
    severity=field("severity", "vars.severity", "alert.severity"),
    details=_details,
    links=(
        ("Result", field("result_url", "result.url")),
        ("Trigger", field("trigger_url", "url", "resource.url")),
    ),
    setup="""\
In Honeycomb open Team Settings → Integrations → Trigger and SLO Recipients → Add Integration,
choose Webhook and paste:

    {url}

Leave the payload as it is. Then add the webhook as a recipient to the triggers and burn alerts that
should page.
""",
    docs="https://docs.honeycomb.io/notify/webhooks/",
)
