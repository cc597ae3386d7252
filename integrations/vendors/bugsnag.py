"""Bugsnag: https://docs.bugsnag.com/product/integrations/data-forwarding/webhook/

`error.errorId` is the error, `error.id` only this event of it, so the first is the key. A change
of state ("fixed", "ignored", "snoozed") closes, a re-opened error opens. Comments and releases
come through the same webhook and are no alerts. Sample: integrations/samples/bugsnag.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER

_NO_ALERTS = {"comment", "release", "collaboratorFixed", "assigned", "linkedIssueCreated"}
_CLOSED = {"fixed", "ignored", "snoozed", "discarded"}


def _kind(item: Any, top: Any) -> str:
    return texts.words(field("trigger.type")(item, top))


def _action(item: Any, top: Any) -> str:
    kind = _kind(item, top)
    if kind in _NO_ALERTS:
        return IGNORE
    if kind == "errorStateManualChange":
        state = texts.words(field("trigger.stateChange", "error.status")(item, top)).lower()
        return RESOLVE if state in _CLOSED else TRIGGER
    return TRIGGER


def _spike(item: Any, top: Any) -> str:
    """What concerns the whole project has no error."""
    kind, project = _kind(item, top), texts.words(field("project.id", "project.name")(item, top))
    return f"{kind}/{project}" if kind and project else ""


def _title(item: Any, top: Any) -> str:
    name = texts.words(field("error.exceptionClass")(item, top))
    message = texts.words(field("error.message")(item, top))
    if name or message:
        return f"{name}: {message}" if name and message else name or message
    project = texts.words(field("project.name")(item, top))
    told = texts.words(field("trigger.message")(item, top))
    return f"{project}: {told}" if project and told else told


bugsnag = Vendor(
    kind="bugsnag",
    label="Bugsnag",
    action=_action,
    dedup_key=first(field("error.errorId"), _spike),
    title=_title,
    description=field("error.context", "trigger.message"),
    severity=field("error.severity"),
    details=table(
        "error.context",
        "error.status",
        "error.unhandled",
        "error.app.releaseStage",
        "error.app.version",
        "error.requestUrl",
        project="project.name",
        trigger="trigger.message",
        stack_trace="error.exceptions.0.stacktrace.0",
    ),
    links=(("Bugsnag", field("error.url", "project.url")),),
    setup="""\
In Bugsnag open Project settings → Data forwarding → Webhook, paste:

    {url}

and tick “A new error occurs”, “An error occurs frequently”, “This project has a spike in errors”
and “The state of an error is manually changed”, so that a fix closes the alert.
""",
    docs="https://docs.bugsnag.com/product/integrations/data-forwarding/webhook/",
)
