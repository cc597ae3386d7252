"""Cronitor: https://cronitor.io/docs/using-webhooks

`id` is the key of the monitor and stays the same from ALERT to RECOVERY; the same monitor runs in
several environments. Older payloads have no type: a recovery shows in their text only.
Sample: integrations/samples/cronitor.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import RESOLVE


def _recovered(item: Any, top: Any) -> str:
    text = texts.words(field("description")(item, top)).lower()
    return RESOLVE if "assertions are passing" in text or "has recovered" in text else ""


def _key(item: Any, top: Any) -> str:
    parts = (texts.words(field(name)(item, top)) for name in ("id", "environment"))
    return "/".join(filter(None, parts))


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("monitor", "name")(item, top))
    line = texts.words(field("description")(item, top)).strip().partition("\n")[0].strip()
    return f"{name}: {line}" if name and line else name or line


cronitor = Vendor(
    kind="cronitor",
    label="Cronitor",
    action=first(choose("type", {"ALERT": "trigger", "RECOVERY": "resolve"}), _recovered),
    dedup_key=_key,
    title=_title,
    description=field("description"),
    details=table("monitor", "rule", "environment", "group"),
    links=(("Issue", field("issue_url")), ("Monitor", field("monitor_url"))),
    setup="""\
In Cronitor open Settings → Integrations → Webhooks → Add, paste:

    {url}

and add the integration to the notification list of your monitors.
""",
    docs="https://cronitor.io/docs/using-webhooks",
)
