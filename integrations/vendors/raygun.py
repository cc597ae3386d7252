"""Raygun: https://raygun.com/documentation/product-guides/crash-reporting/integrations/webhooks/

One error group per message, known by its address. "error_notification" is an error that happened,
"error_activity" something a person did: a changed status closes or opens, a comment and an
assignment are no alerts. Sample: integrations/samples/raygun.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, table
from integrations.phrases import phrase
from integrations.vocabulary import IGNORE, TRIGGER

_STATUSES = {
    "active": "trigger",
    "reactivated": "trigger",
    "resolved": "resolve",
    "resolvedin": "resolve",
    "ignored": "resolve",
    "permanentlyignored": "resolve",
}


def _action(item: Any, top: Any) -> str:
    if texts.words(field("event")(item, top)) != "error_activity":
        return TRIGGER
    if texts.words(field("eventType")(item, top)) != "StatusChanged":
        return IGNORE
    status = texts.words(field("error.status")(item, top))[:50].lower().replace(" ", "")
    return _STATUSES.get(status, TRIGGER)


def _key(item: Any, top: Any) -> str:
    return texts.words(field("error.url")(item, top)).partition("?")[0]


raygun = Vendor(
    kind="raygun",
    label="Raygun",
    action=_action,
    dedup_key=_key,
    title=phrase("application.name", field("error.message", "eventType")),
    description=field("error.description"),
    severity=lambda item, top: "",
    details=table(
        "eventType",
        "error.usersAffected",
        "error.totalOccurrences",
        "error.firstOccurredOn",
        "error.lastOccurredOn",
        "error.instance.customData",
        "error.user",
    ),
    tags=field("error.instance.tags"),
    links=(("Raygun", field("error.url")), ("Application", field("application.url"))),
    setup="""\
In Raygun open the application, Integrations → Webhook, and paste this URL:

    {url}

Choose which error notifications page, and leave status changes on: resolving an error group in
Raygun resolves its alert.
""",
    docs="https://raygun.com/documentation/product-guides/crash-reporting/integrations/webhooks/",
)
