"""Uptime Kuma: https://github.com/louislam/uptime-kuma/wiki/Notification-Methods

`heartbeat.status` is 0 down, 1 up, 2 pending, 3 under maintenance. Its test and its warnings about
certificates come with no heartbeat and no monitor, only a sentence; the days in such a warning
change, so they are no part of the key. As form data the JSON is in the field `data`. A custom body
has neither, but may hold the same sentence: "[shop] [🔴 Down] timeout", "[shop] [✅ Up] 200 - OK".
Sample: integrations/samples/uptime_kuma.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase

_STATES = {"0": "trigger", "1": "resolve", "2": "ignore", "3": "ignore"}
_DAYS = re.compile(r"\d{1,5} days?")
_MARK = re.compile(r"\[(?P<name>[^\[\]]{1,200})\] \[\W{0,4}(?P<how>Up|Down)\]")
_MARKS = {"Down": "0", "Up": "1"}
_SENTENCE = field("msg", "body", "message", "text", "content")


def _said(item: Any) -> str:
    return texts.line(texts.words(_SENTENCE(item, item)), 500)


def _status(item: Any, top: Any) -> str:
    """The heartbeat's, or the one in the sentence."""
    found = _MARK.search(_said(item))
    told = texts.words(field("heartbeat.status")(item, top))
    return told or (_MARKS[found["how"]] if found else "")


def _marked(item: Any, top: Any) -> str:
    found = _MARK.search(_said(item))
    return found["name"] if found else ""


def _key(item: Any, top: Any) -> str:
    monitor = texts.words(field("monitor.id", "heartbeat.monitorID", "monitor.name")(item, top))
    said = _marked(item, top) or _DAYS.sub("", _said(item))
    return monitor or (said and f"message/{texts.digest(said)[:32]}")


def _tags(item: Any, top: Any) -> list[str]:
    found = field("monitor.tags")(item, top)
    name = phrase("name", "value", by=":")
    tags = found if isinstance(found, list) else []
    return [tag if isinstance(tag, str) else name(tag, top) for tag in tags[:40]]


uptime_kuma = Vendor(
    kind="uptime_kuma",
    label="Uptime Kuma",
    action=choose(_status, _STATES),
    dedup_key=_key,
    title=first(
        phrase(
            first(field("monitor.name"), _marked),
            choose(_status, {"0": "down", "1": "up"}),
            by=" is ",
        ),
        lambda item, top: _said(item),
    ),
    description=first(
        field("heartbeat.msg"), lambda item, top: _said(item) if _marked(item, top) else ""
    ),
    severity=choose(_status, {"0": "critical"}),
    details=table(
        "monitor.type",
        "monitor.hostname",
        "monitor.port",
        "monitor.description",
        "heartbeat.ping",
        "heartbeat.localDateTime",
        url="monitor.url",
    ),
    tags=_tags,
    links=(("Checked", field("monitor.url")),),
    setup="""\
In Uptime Kuma open Settings → Notifications → Setup Notification, type Webhook, method POST, this
URL and the request body “Preset - application/json”:

    {url}

Switch on “Apply on all existing monitors”, or choose the notification in the monitors that should
page.
""",
    docs="https://github.com/louislam/uptime-kuma/wiki/Notification-Methods",
)
