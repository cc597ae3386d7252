"""Healthchecks: https://healthchecks.io/docs/configuring_webhooks/

The body is the customer's template for "down" and for "up"; ours is the one below, $JSON works as
well. The code of a check never changes. Tags stand apart by blanks.
Sample: integrations/samples/healthchecks.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.phrases import unfilled
from integrations.vocabulary import IGNORE


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("name", "slug", "code")(item, top))
    status = texts.words(field("status")(item, top))
    return f"{name} is {status}" if name and status else name


def _tags(item: Any, top: Any) -> list[str]:
    return texts.words(field("tags")(item, top)).split()


healthchecks = Vendor(
    kind="healthchecks",
    label="Healthchecks",
    action=choose(
        "status",
        {"down": "trigger", "up": "resolve"} | dict.fromkeys(("new", "started", "paused"), IGNORE),
    ),
    dedup_key=field("code", "uuid", "unique_key", "ping_url"),
    title=_title,
    description=field("desc", "body"),
    details=table("name", "last_ping", "n_pings", "grace", "timeout", "schedule", "exit_status"),
    tags=_tags,
    absent=unfilled(r"\$[A-Z_]+"),
    links=(("Check", field("details_url")),),
    setup="""\
In Healthchecks open Integrations → Webhook → Add integration. Both for “when a check goes down” and
for “when a check goes up”, choose POST, paste:

    {url}

add the header Content-Type: application/json and this body:

    {{"code": "$CODE", "name": $NAME_JSON, "status": "$STATUS", "tags": "$TAGS",
      "body": $BODY_JSON}}
""",
    docs="https://healthchecks.io/docs/configuring_webhooks/",
)
