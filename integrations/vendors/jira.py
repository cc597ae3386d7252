"""Jira: https://developer.atlassian.com/cloud/jira/platform/webhooks/

An issue that is created opens an alert, one that is done or deleted closes it. Of its updates only
those of status and priority count: a priority raised into the webhook's filter arrives as nothing
but an update. Being worked on is no acknowledgement, as "Escalated" and "Waiting" are in that
category too. Comments, sprints and work logs are no alerts. Jira Automation ("Send web request")
sends the issue alone. Sample: integrations/samples/jira.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER, Words

_TELLING = {"status", "resolution", "priority", "security level", "project", "key"}
_NOT_DONE = {"issue_commented", "issue_comment_edited", "issue_comment_deleted", "issue_worklogged"}
_BLOCKS = {"paragraph", "heading", "codeBlock"}


def _of(name: str) -> Any:
    """A field of the issue, which automation sends alone."""
    return field(f"issue.{name}", name)


def _is_done(item: Any, top: Any) -> bool:
    category = _of("fields.status.statusCategory.key")(item, top)
    if category:
        return bool(category == "done")
    return bool(_of("fields.resolution.name")(item, top))


def _changed(item: Any, top: Any) -> set[str] | None:
    """The names of the fields an update is about; None where it does not say."""
    items = field("changelog.items")(item, top)
    if not isinstance(items, list):
        return None
    names = (texts.words(field("field")(each, each)).lower() for each in items)
    return set(names) - {""}


def _action(item: Any, top: Any) -> str:
    event = texts.words(field("webhookEvent")(item, top)).lower()
    if event == "jira:issue_deleted":
        return RESOLVE
    if event and not event.startswith("jira:issue_"):
        return IGNORE
    if texts.words(field("issue_event_type_name")(item, top)) in _NOT_DONE:
        return IGNORE
    if _is_done(item, top):
        return RESOLVE
    changed = _changed(item, top)
    if event == "jira:issue_updated" and changed is not None and not changed & _TELLING:
        return IGNORE
    return TRIGGER


def _title(item: Any, top: Any) -> str:
    key, summary = (texts.words(_of(name)(item, top)) for name in ("key", "fields.summary"))
    return f"{key}: {summary}" if key and summary else summary or key


def _description(item: Any, top: Any) -> str:
    """Plain text; of the newer document format, its words."""
    found = _of("fields.description")(item, top)
    return "\n".join(_lines(found, 12)) if isinstance(found, dict) else texts.words(found)


def _lines(node: Any, depth: int) -> list[str]:
    if not isinstance(node, dict) or depth == 0:
        return []
    content = node.get("content")
    inner = [_lines(each, depth - 1) for each in content[:200]] if isinstance(content, list) else []
    own = texts.words(node.get("text"))
    flat = ([own] if own else []) + [line for lines in inner for line in lines]
    return ["".join(flat)] if texts.words(node.get("type")) in _BLOCKS else flat


def _link(item: Any, top: Any) -> str:
    """`self` is the API's address; people read the same issue under /browse/."""
    home, rest, _ = texts.link(_of("self")(item, top)).partition("/rest/")
    return f"{home}/browse/{texts.words(_of('key')(item, top))}" if rest else ""


jira = Vendor(
    kind="jira",
    label="Jira",
    action=_action,
    dedup_key=first(_of("id"), _of("key")),
    title=_title,
    description=_description,
    severity=_of("fields.priority.name"),
    details=table(
        project="issue.fields.project.name",
        type="issue.fields.issuetype.name",
        status="issue.fields.status.name",
        reporter="issue.fields.reporter.displayName",
        assignee="issue.fields.assignee.displayName",
        changed_by="user.displayName",
    ),
    tags=_of("fields.labels"),
    links=(("Jira", _link),),
    words=Words(severities={"highest": "critical", "high": "high", "lowest": "info"}),
    setup="""\
In Jira open Settings → System → WebHooks → Create a WebHook and paste:

    {url}

Tick Issue created, updated and deleted, and let a filter choose what should page, but not by
status, or the end would not arrive:

    project = OPS AND issuetype = Incident AND priority in (Highest, High)

Without administrator rights: in the project open Automation, create rules for “Issue created” and
“Issue transitioned”, and let them “Send web request” to the same address, method POST, with “Issue
data (Jira format)” as its body.
""",
    docs="https://developer.atlassian.com/cloud/jira/platform/webhooks/",
)
