"""GlitchTip: https://glitchtip.com/documentation/error-tracking#alerts

Its general webhook speaks Slack's format: an attachment for each issue, whose address is the key.
An issue never says that it is over; a monitored site says by a sentence whether it is down or back.
Sample: integrations/samples/glitchtip.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field
from integrations.vocabulary import RESOLVE, TRIGGER

_BACK = ("is back up", "come back up", "back online")


def _text(item: Any, top: Any) -> str:
    return texts.words(field("text")(item, top))


def _is_uptime(item: Any, top: Any) -> bool:
    return "uptime" in texts.words(field("/text")(item, top)).lower() and item is not top


def _action(item: Any, top: Any) -> str:
    is_back = _is_uptime(item, top) and any(word in _text(item, top).lower() for word in _BACK)
    return RESOLVE if is_back else TRIGGER


def _title(item: Any, top: Any) -> str:
    title = texts.words(field("title", "text")(item, top))
    return f"{title} is down" if title and _is_uptime(item, top) else title


def _fields(item: Any, top: Any) -> dict[str, Any]:
    found = field("fields")(item, top)
    shown = {}
    for each in found[:50] if isinstance(found, list) else []:
        if name := texts.words(field("title")(each, each)):
            shown[name] = field("value")(each, each)
    return shown


glitchtip = Vendor(
    kind="glitchtip",
    label="GlitchTip",
    each="attachments",
    action=_action,
    dedup_key=field("title_link", "title"),
    title=_title,
    description=_text,
    severity=lambda item, top: "critical" if _is_uptime(item, top) else "",
    details=_fields,
    tags=lambda item, top: None,
    links=(("GlitchTip", field("title_link")),),
    setup="""\
In GlitchTip open the project → Settings → Alerts → Create New Alert, add a recipient of the type
General webhook (Slack-compatible), and paste:

    {url}

Switch “Uptime monitors” on in the same alert to be told when a site goes down and comes back. An
issue never says that it is over: close its alert here.
""",
    docs="https://glitchtip.com/documentation/error-tracking#alerts",
)
