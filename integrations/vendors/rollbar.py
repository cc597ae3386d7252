"""Rollbar: https://docs.rollbar.com/docs/webhooks

One item (a group of occurrences) per message; its level is 10 to 50 or a word. The item stands in
`data.item`, or is `data` itself. Deploys and new versions are no alerts.
Sample: integrations/samples/rollbar.json
"""

from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import Words

_EVENTS = {
    "new_item": "trigger",
    "reactivated_item": "trigger",
    "reopened_item": "trigger",
    "exp_repeat_item": "trigger",
    "item_velocity": "trigger",
    "occurrence_rate": "trigger",
    "occurrence": "trigger",
    "resolved_item": "resolve",
    "deploy": "ignore",
    "new_version": "ignore",
    "test": "trigger",
}
_LEVELS = {"50": "critical", "40": "high", "30": "medium", "20": "info", "10": "info"}

rollbar = Vendor(
    kind="rollbar",
    label="Rollbar",
    action=choose("event_name", _EVENTS),
    dedup_key=field("data.item.id", "data.id", "data.occurrence.item_id", "event_name"),
    title=phrase(
        first(
            phrase("data.item.environment", "data.item.title"),
            phrase("data.environment", "data.title"),
            field("data.message"),
        )
    ),
    description=field(
        "data.item.last_occurrence.body.trace.exception.message",
        "data.item.last_occurrence.body.message.body",
        "data.occurrence.body.trace.exception.message",
    ),
    severity=first(
        field("data.item.level", "data.level", "data.occurrence.level"),
        choose("event_name", {"test": "info"}),
    ),
    details=table(
        "event_name",
        "data.item.environment",
        "data.item.counter",
        "data.item.total_occurrences",
        "data.item.unique_occurrences",
        "data.item.last_occurrence.server.host",
        "data.trigger.window_size_description",
        "data.trigger.threshold",
    ),
    tags=lambda item, top: None,
    links=(("Rollbar", field("data.url", "data.item.url", "data.occurrence.url")),),
    words=Words(severities={**_LEVELS, "error": "high", "warning": "medium"}),
    setup="""\
In Rollbar open the project, Settings → Notifications → Webhook, paste this URL and switch it on:

    {url}

Then add rules for what should page: New Item, Reactivated Item, High Occurrence Rate; and Resolved
Item, so that alerts close by themselves. Every Occurrence only counts up.
""",
    docs="https://docs.rollbar.com/docs/webhooks",
)
