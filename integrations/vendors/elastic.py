"""Elastic: Kibana rules (https://www.elastic.co/guide/en/kibana/current/rule-action-variables.html)
and Watcher (https://www.elastic.co/guide/en/elasticsearch/reference/current/actions-webhook.html)

A Kibana rule sends the template below through a Webhook connector; a recovery comes only if the
rule has a second action that runs when recovered, and shows in the action group. One rule alerts
for many things: `alert.id` tells them apart, `alert.uuid` is new each time it starts. Watcher sends
its context as JSON and has no recovery: a watch may say one in its metadata.
Sample: integrations/samples/elastic.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, joined, table
from integrations.phrases import phrase, unfilled


def _thing(item: Any, top: Any) -> str:
    """What the rule alerts about, unless it is the query as a whole."""
    name = texts.words(field("alert.id")(item, top))
    return "" if name in {"*", "query matched"} else name


def _tags(item: Any, top: Any) -> Any:
    """Kibana joins its tags by commas, unless the template keeps them as a list."""
    return field("rule.tags", "metadata.tags")(item, top)


elastic = Vendor(
    kind="elastic",
    label="Elastic (Kibana, Watcher)",
    action=first(
        choose("alert.actionGroup", {"recovered": "resolve"}),
        field("status", "metadata.status"),
    ),
    dedup_key=first(joined("rule.id", "alert.id"), field("metadata.dedup_key"), field("watch_id")),
    title=first(phrase("rule.name", _thing), field("metadata.name", "watch_id")),
    description=field("reason", "message", "context.reason", "context.message"),
    severity=field("severity", "metadata.severity", "metadata.xpack.severity"),
    details=first(
        table(
            "rule.type",
            "rule.spaceId",
            "alert.actionGroupName",
            "alert.flapping",
            "context.value",
            "context.conditions",
            rule="rule.name",
            alert="alert.id",
        ),
        table("execution_time", "payload.hits.total", "payload.aggregations", "vars"),
    ),
    tags=_tags,
    links=(("Alert", field("link", "alertDetailsUrl")), ("Rule", field("rule.url"))),
    absent=unfilled(r"\{\{[\w.]+\}\}"),
    setup="""\
In Kibana open Stack Management → Connectors → Create connector → Webhook, method POST, paste:

    {url}

In each rule add an action with this connector, “On status changes”, once for the rule's own group
(such as “Query matched”) and once more for “Recovered”, both with this body:

    {{
      "rule": {{
        "id": "{{{{rule.id}}}}", "name": "{{{{rule.name}}}}", "type": "{{{{rule.type}}}}",
        "tags": "{{{{rule.tags}}}}", "url": "{{{{rule.url}}}}"
      }},
      "alert": {{
        "id": "{{{{alert.id}}}}", "actionGroup": "{{{{alert.actionGroup}}}}",
        "actionGroupName": "{{{{alert.actionGroupName}}}}"
      }},
      "reason": "{{{{context.reason}}}}",
      "link": "{{{{context.alertDetailsUrl}}}}",
      "severity": "high"
    }}

In Watcher add a webhook action with the same URL and this body:

    {{{{#toJson}}}}ctx{{{{/toJson}}}}
""",
    docs="https://www.elastic.co/guide/en/kibana/current/webhook-action-type.html",
)
