"""Papertrail: https://www.papertrail.com/help/http-webhook-triggers/

A form whose field `payload` holds the JSON: a saved search and the lines it found. An alert for
inactivity has an empty list: nothing was found, which is the alert. It never says that it is over;
the key is the search. Sample: integrations/samples/papertrail.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field
from integrations.phrases import phrase

_SHOWN = 20


def _events(item: Any, top: Any) -> list[Any]:
    found = field("events")(item, top)
    return found if isinstance(found, list) else []


def _lines(item: Any, top: Any) -> str:
    """What was found, as it would stand in a log, the last lines of it."""
    pick = phrase("display_received_at", "hostname", "program", "message", by=" ")
    return "\n".join(texts.line(pick(event, top), 500) for event in _events(item, top)[-_SHOWN:])


def _count(item: Any, top: Any) -> str:
    name = texts.words(field("saved_search.name")(item, top))
    found = len(_events(item, top))
    return f"{name}: {found} lines" if name and found else name and f"{name}: no lines"


def _details(item: Any, top: Any) -> dict[str, Any]:
    hosts = {texts.words(field("hostname")(event, top)) for event in _events(item, top)[:200]}
    query = field("saved_search.query")(item, top)
    return {"query": query, "hosts": sorted(hosts - {""})} if query else {}


papertrail = Vendor(
    kind="papertrail",
    label="Papertrail",
    action=lambda item, top: "trigger",
    dedup_key=field("saved_search.id", "saved_search.name"),
    title=_count,
    description=_lines,
    severity=lambda item, top: "",
    details=_details,
    tags=lambda item, top: None,
    links=(
        ("Papertrail", field("saved_search.html_search_url")),
        ("Edit the search", field("saved_search.html_edit_url")),
    ),
    closes=False,
    setup="""\
In Papertrail open the saved search, Alerts → Create an Alert → Webhook, and paste:

    {url}

A search never says that it is over: close its alerts here. While one is open, further matches
count up on it.
""",
    docs="https://www.papertrail.com/help/http-webhook-triggers/",
)
