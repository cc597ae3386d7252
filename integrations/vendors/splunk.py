"""Splunk: https://docs.splunk.com/Documentation/Splunk/latest/Alert/Webhooks

A saved search sends the first row of what it found. `sid` is the run of the search, new each time,
so the search is the key; a row may bring a key, a severity and an end of its own in `alert_key`,
`alert_severity` and `alert_status`. Splunk itself never says that it is over, and what the rows
call "status" are the customer's data. Sample: integrations/samples/splunk.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first
from integrations.phrases import phrase
from integrations.vocabulary import TRIGGER

_URGENCY = field("result.alert_severity", "result.urgency", "result.severity")


def _key(item: Any, top: Any) -> str:
    name = texts.words(field("search_name")(item, top))
    app = texts.words(field("app")(item, top))
    own = texts.words(field("result.alert_key")(item, top))
    return "/".join(filter(None, (app, name, own))) if name or own else ""


def _action(item: Any, top: Any) -> str:
    return texts.words(field("result.alert_status")(item, top)) or TRIGGER


def _row(item: Any, top: Any) -> Any:
    """What the search found, without Splunk's own columns."""
    row = field("result")(item, top)
    if not isinstance(row, dict):
        return row
    return {name: value for name, value in row.items() if not str(name).startswith("_")}


splunk = Vendor(
    kind="splunk",
    label="Splunk",
    action=_action,
    dedup_key=_key,
    title=first(
        phrase("search_name", "result.alert_title"),
        phrase("app", lambda item, top: "search" if field("sid")(item, top) else "", by=" "),
    ),
    description=field("result._raw"),
    severity=_URGENCY,
    details=_row,
    tags=lambda item, top: None,
    links=(("Results", field("results_link")),),
    closes=False,
    setup="""\
In Splunk edit the alert → Add Actions → Webhook, and paste:

    {url}

A search never says that it is over: close its alerts here, and while one is open, what it finds
counts up on it. To tell hosts apart, trigger for each result and end the search with, say:

    | eval alert_key=host, alert_severity="high", alert_status=if(free<5, "trigger", "resolve")
""",
    docs="https://docs.splunk.com/Documentation/Splunk/latest/Alert/Webhooks",
)
