"""Graylog: https://go2docs.graylog.org/current/interacting_with_your_log_data/notifications.html

An event definition may alert for each value of some fields: `key_tuple` and `group_by_fields` tell
them apart; the event's id is new each time. Priorities count upwards, 1 low to 4 critical. Graylog
never says that something is over: a definition for the good state may, with the fields `dedup_key`
and `status`. Graylog 2's alarm callback has a stream and a condition instead.
Sample: integrations/samples/graylog.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import Words


def _group(item: Any, top: Any) -> str:
    """What the event is about, such as the host, in any order of the fields."""
    fields = field("event.group_by_fields")(item, top)
    if isinstance(fields, dict) and fields:
        return ", ".join(f"{name}={texts.words(fields[name])}" for name in sorted(map(str, fields)))
    keys = field("event.key_tuple")(item, top)
    return ", ".join(map(texts.words, keys)) if isinstance(keys, list) else ""


def _key(item: Any, top: Any) -> str:
    names = (
        "event_definition_id",
        "event.event_definition_id",
        "check_result.triggered_condition.id",
    )
    definition = texts.words(field(*names)(item, top))
    group = _group(item, top)
    return f"{definition}/{group}" if definition and group else definition


def _description(item: Any, top: Any) -> str:
    """What it says, and the newest messages behind it."""
    names = ("event.message", "event_definition_description", "check_result.result_description")
    parts = [texts.words(field(name)(item, top)) for name in names]
    backlog = field("backlog", "check_result.matching_messages")(item, top)
    newest = backlog[:5] if isinstance(backlog, list) else []
    parts += [texts.words(each.get("message")) for each in newest if isinstance(each, dict)]
    return "\n".join(part for part in dict.fromkeys(parts) if part)


graylog = Vendor(
    kind="graylog",
    label="Graylog",
    action=field("event.fields.status"),
    dedup_key=first(field("event.fields.dedup_key"), _key),
    title=first(
        phrase("event_definition_title", _group),
        phrase("stream.title", "check_result.triggered_condition.title"),
    ),
    description=_description,
    severity=field("event.fields.severity", "event.priority"),
    details=table(
        "event.source",
        "event.fields",
        "event.group_by_fields",
        "event.timestamp",
        "event.timerange_start",
        "event.timerange_end",
        stream="stream.title",
    ),
    tags=lambda item, top: None,
    links=(("Graylog", field("event.replay_info.url", "graylog_url")),),
    words=Words(severities={"1": "low", "2": "medium", "3": "high", "4": "critical"}),
    setup="""\
In Graylog open Alerts → Notifications → Create notification → HTTP Notification, paste:

    {url}

Allow this address in System → Configurations → URL Allowlist, then add the notification to your
event definitions.

To close alerts, add the custom field dedup_key with the same text to the definition of the problem
and to one of the good state, and to the latter also the field status with the text resolved.
""",
    docs="https://go2docs.graylog.org/current/interacting_with_your_log_data/notifications.html",
)
