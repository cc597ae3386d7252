"""Sentry: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/

What an alert rule sends opens alerts: `data.event` for an issue alert, `data.metric_alert` for a
metric alert, `data.issue` with "triggered" for an activity alert, and the flat body of the old
WebHooks plugin. An issue keeps its id in all of them. Sentry offers issues only as a whole, so
that who wants "resolved" gets "created" of every issue as well: no rule asked for those, and
they are no alerts; neither are comments, single errors and installations. An assignment may be
made by a code owner's rule, so it does not acknowledge. Sample: integrations/samples/sentry.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import IGNORE, TRIGGER

_METRIC = {"resolved": "resolve", "critical": "trigger", "warning": "trigger", "open": "trigger"}
_ISSUE = {"triggered": "trigger", "resolved": "resolve", "archived": "resolve"}
_ISSUE |= {"ignored": "resolve"}
_ID = field("data.issue.id", "data.event.issue_id", "data.event.groupID", "id")


def _has(item: Any, name: str) -> bool:
    return isinstance(field(f"data.{name}")(item, item), dict)


def _action(item: Any, top: Any) -> Any:
    if _has(item, "metric_alert"):
        return choose("action", _METRIC, TRIGGER)(item, top)
    if _has(item, "event"):
        return TRIGGER
    if _has(item, "issue"):
        return choose("action", _ISSUE, IGNORE)(item, top)
    is_platform = field("installation")(item, top) is not None and field("data")(item, top)
    return IGNORE if is_platform else TRIGGER


def _key(item: Any, top: Any) -> str:
    if _has(item, "metric_alert"):
        found = field("data.metric_alert.id", "data.metric_alert.identifier")(item, top)
        return f"metric/{texts.words(found)}" if found else ""
    return texts.words(_ID(item, top))


def _severity(item: Any, top: Any) -> Any:
    if _has(item, "metric_alert"):
        return choose("action", {"critical": "critical", "warning": "medium"})(item, top)
    return field("data.event.level", "data.issue.level", "level")(item, top)


def _tags(item: Any, top: Any) -> Any:
    """Pairs of name and value; only where it ran and what is told apart by it."""
    found = field("data.event.tags", "event.tags")(item, top)
    pairs = found if isinstance(found, list) else []
    wanted = {"environment", "release", "server_name", "transaction"}
    return [
        f"{pair[0]}:{texts.words(pair[1])}"
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and str(pair[0]) in wanted
    ]


sentry = Vendor(
    kind="sentry",
    label="Sentry",
    action=_action,
    dedup_key=_key,
    title=first(
        phrase("data.metric_alert.projects.0", "data.metric_alert.title"),
        field("data.description_title"),
        phrase("data.issue.project.slug", "data.issue.title"),
        field("data.event.title", "data.event.message"),
        phrase("project_slug", first(field("event.title"), field("message"))),
    ),
    description=field(
        "data.description_text",
        "data.event.culprit",
        "data.issue.culprit",
        "data.issue.metadata.value",
        "culprit",
    ),
    severity=_severity,
    details=table(
        "data.triggered_rule",
        "data.event.platform",
        "data.event.environment",
        "data.event.location",
        "data.issue.shortId",
        "data.issue.count",
        "data.issue.userCount",
        "triggering_rules",
        rule="data.metric_alert.alert_rule.name",
        query="data.metric_alert.alert_rule.query",
        metric="data.metric_alert.alert_rule.aggregate",
    ),
    tags=_tags,
    links=(
        ("Sentry", field("data.web_url", "data.event.web_url", "data.issue.web_url", "url")),
        ("Sentry", field("data.issue.permalink")),
    ),
    setup="""\
In Sentry open Settings → Developer Settings → Custom Integrations → Create New Integration →
Internal Integration. Paste as Webhook URL:

    {url}

Switch on “Alert Rule Action”, give it Issue & Event: Read, tick the webhook “issue” so that
resolving or archiving an issue in Sentry closes its alert, and save.

Then add “Send a notification via” this integration as an action to each alert that should page.
Only what an alert sends opens an alert here; a new issue by itself does not.
""",
    docs="https://docs.sentry.io/organization/integrations/integration-platform/webhooks/",
)
