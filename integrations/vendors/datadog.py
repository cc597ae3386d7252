"""Datadog: https://docs.datadoghq.com/integrations/webhooks/

The payload is written by the customer from `$VARIABLES`; ours is the one below. A variable that
has no value arrives as its own name, so such a text counts as absent. The default payload has no
transition, but its title begins with "[Triggered]" or "[Recovered on {host:a}]", and of a monitor
with a priority with "[P2] [Triggered]".
Sample: integrations/samples/datadog.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import filled
from integrations.vocabulary import Words

_TRANSITIONS = {
    "Triggered": "trigger",
    "Re-Triggered": "trigger",
    "No Data": "trigger",
    "Re-No Data": "trigger",
    "Warn": "trigger",
    "Re-Warn": "trigger",
    "Renotify": "trigger",
    "Recovered": "resolve",
}
_SEVERITY_OF = {"warn": "medium", "re-warn": "medium"}
_TRANSITION = field("alert_transition", "transition")
_PRIORITY = re.compile(r"\[(P[1-5])\]\s*(?=\[)", re.IGNORECASE)


def _named(item: Any, top: Any) -> tuple[str, str]:
    """The monitor's priority in front of the title, and the title without it."""
    title = texts.words(field("alert_title", "title", "event_title")(item, top)).strip()
    found = _PRIORITY.match(title)
    return (found[1], title[found.end() :]) if found else ("", title)


def _split(item: Any, top: Any) -> tuple[str, str, str]:
    """The transition in front of the title, the title without it, and what it is about."""
    _, title = _named(item, top)
    if title.startswith("[") and (end := title.find("] ")) > 0:
        mark, _, scope = title[1:end].partition(" on ")
        if mark.strip().lower() in {word.lower() for word in _TRANSITIONS}:
            return mark.strip(), title[end + 2 :].strip(), scope.strip(" {}")
    return "", title, ""


def _key(item: Any, top: Any) -> str:
    """One monitor alerts per group (host, service …): the scope or the cycle key tells them apart,
    and where a payload has neither, the scope in the title."""
    monitor, scope, cycle = (
        texts.words(filled(_unfilled, *names)(item, top)).strip()
        for names in (("alert_id",), ("alert_scope",), ("alert_cycle_key", "aggreg_key"))
    )
    _, title, told = _split(item, top)
    says_scope = isinstance(item, dict) and "alert_scope" in item
    if cycle and not (monitor and says_scope):
        return cycle
    if monitor:
        return f"{monitor}/{scope or told}"
    return f"auto:{texts.digest(title, told)[:32]}" if told else ""


def _severity(item: Any, top: Any) -> str:
    """The monitor's priority; else a warning is medium; else how Datadog colours the event."""
    priority = texts.words(field("alert_priority", "priority")(item, top))
    if priority[:1] in {"P", "p"} and priority[1:].isdigit():
        return priority
    if priority := _named(item, top)[0]:
        return priority
    transition = texts.words(_TRANSITION(item, top)) or _split(item, top)[0]
    kind = texts.words(field("alert_type")(item, top)).strip().lower()
    # A recovery is coloured "success", which says nothing about how bad it was.
    return _SEVERITY_OF.get(transition.lower()) or ("" if kind == "success" else kind)


def _unfilled(text: str) -> bool:
    return text.startswith("$") and text[1:].replace("_", "").isupper()


datadog = Vendor(
    kind="datadog",
    label="Datadog",
    action=first(
        choose(_TRANSITION, _TRANSITIONS),
        choose(lambda item, top: _split(item, top)[0], _TRANSITIONS),
    ),
    dedup_key=_key,
    title=lambda item, top: _split(item, top)[1],
    description=field("event_msg", "body", "text_only_msg"),
    severity=_severity,
    details=table(
        "hostname", "alert_metric", "alert_query", "alert_scope", "alert_status", "org_name"
    ),
    tags=field("tags"),
    links=(("Datadog", field("link", "url")), ("Snapshot", field("snapshot"))),
    absent=_unfilled,
    words=Words(severities={"error": "critical", "warning": "medium", "success": "info"}),
    setup="""\
In Datadog open Integrations → Webhooks → New, name it alertops, paste this URL:

    {url}

and this payload:

    {{
      "alert_id": "$ALERT_ID",
      "alert_cycle_key": "$ALERT_CYCLE_KEY",
      "alert_title": "$ALERT_TITLE",
      "alert_transition": "$ALERT_TRANSITION",
      "alert_type": "$ALERT_TYPE",
      "alert_priority": "$ALERT_PRIORITY",
      "alert_scope": "$ALERT_SCOPE",
      "alert_metric": "$ALERT_METRIC",
      "alert_query": "$ALERT_QUERY",
      "alert_status": "$ALERT_STATUS",
      "event_msg": "$TEXT_ONLY_MSG",
      "hostname": "$HOSTNAME",
      "tags": "$TAGS",
      "link": "$LINK",
      "snapshot": "$SNAPSHOT",
      "org_name": "$ORG_NAME"
    }}

Then write @webhook-alertops into the message of each monitor that should page.
""",
    docs="https://docs.datadoghq.com/integrations/webhooks/",
)
