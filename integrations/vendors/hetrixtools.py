"""HetrixTools: https://docs.hetrixtools.com/webhook-notifications/

A monitor is "offline" or "online". What a server uses too much of comes once and is never taken
back, and so does a listing, unless it says that no list has it any more.
Sample: integrations/samples/hetrixtools.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.vocabulary import RESOLVE, TRIGGER

_RESOURCE = field("resource_usage.resource_type")
_STATES = {"offline": TRIGGER, "online": RESOLVE, "maintenance": "ignore"}


def _action(item: Any, top: Any) -> Any:
    if texts.words(field("blacklisted_now")(item, top)) == "0":
        return RESOLVE
    return choose("monitor_status", _STATES)(item, top)


def _key(item: Any, top: Any) -> str:
    number = texts.words(field("monitor_id", "monitor_target", "monitor")(item, top))
    resource = texts.words(_RESOURCE(item, top))
    return "/".join(filter(None, (number, resource))) if number else ""


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("monitor_name", "monitor_target", "monitor")(item, top))
    if resource := texts.words(_RESOURCE(item, top)):
        usage = texts.words(field("resource_usage.current_usage")(item, top))
        return f"{name}: {resource} at {usage} %" if usage else f"{name}: {resource}"
    if field("blacklisted_now")(item, top) is not None:
        return f"{name} is on a blacklist" if name else ""
    status = texts.words(field("monitor_status")(item, top))
    return f"{name} is {status}" if name and status else name


def _errors(item: Any, top: Any) -> str:
    """Each location's word for it."""
    found = field("monitor_errors")(item, top)
    pairs = list(found.items())[:50] if isinstance(found, dict) else []
    return "\n".join(f"{place}: {texts.words(error)}" for place, error in pairs)


hetrixtools = Vendor(
    kind="hetrixtools",
    label="HetrixTools",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=_errors,
    details=table(
        "monitor_target",
        "monitor_type",
        "monitor_category",
        "resource_usage",
        "blacklisted_now",
        "blacklisted_before",
        "blacklisted_on",
    ),
    links=(("Monitor", field("monitor_target")),),
    setup="""\
In HetrixTools open Contact Lists, edit the list your monitors use, and paste as Webhook URL:

    {url}
""",
    docs="https://docs.hetrixtools.com/webhook-notifications/",
)
