"""GitHub: https://docs.github.com/en/webhooks/webhook-events-and-payloads

A failed run of a workflow or check opens an alert for its name and branch, the next success closes
it; a fork may have a branch of the same name, so its repository is told apart. Dependabot, code
scanning and secret scanning alerts have numbers. The webhook also sends a "ping" and whatever else
is ticked: none of it is an alert. Forms carry the JSON in `payload`.
Sample: integrations/samples/github.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import IGNORE, TRIGGER, Words

_CONCLUSIONS = {
    "success": "resolve",
    "failure": "trigger",
    "timed_out": "trigger",
    "startup_failure": "trigger",
    "error": "trigger",
    "pending": IGNORE, "neutral": IGNORE, "cancelled": IGNORE, "skipped": IGNORE, "stale": IGNORE,
    "action_required": IGNORE,
}  # fmt: skip
_ALERTS = {
    "created": "trigger",
    "reopened": "trigger",
    "reopened_by_user": "trigger",
    "auto_reopened": "trigger",
    "reintroduced": "trigger",
    "appeared_in_branch": "trigger",
    "publicly_leaked": "trigger",
    "fixed": "resolve",
    "dismissed": "resolve",
    "auto_dismissed": "resolve",
    "closed_by_user": "resolve",
    "resolved": "resolve",
}
_RUNS = ("workflow_run", "check_run")
_REPOSITORY = field("repository.full_name", "repository.name", "organization.login")


def _run(item: Any) -> dict[str, Any] | None:
    """The run of a workflow or a check, or the status of a commit, in one shape."""
    for kind in _RUNS:
        run = item.get(kind)
        if isinstance(run, dict):
            branch = field("head_branch", "check_suite.head_branch")(run, run)
            return {**run, "branch": branch, "done": item.get("action") == "completed"}
    if "context" in item and "state" in item:
        branch = field("branches.0.name")(item, item)
        named = {"name": item["context"], "conclusion": item["state"], "branch": branch}
        return {**item, **named, "html_url": item.get("target_url"), "done": True}
    return None


def _found(item: Any) -> str:
    """Which kind of alert it is, if it is one of GitHub's own."""
    if not isinstance(item, dict) or not isinstance(item.get("alert"), dict):
        return ""
    alert = item["alert"]
    if "security_advisory" in alert or "security_vulnerability" in alert:
        return "dependabot"
    if "secret_type" in alert:
        return "secret-scanning"
    return "code-scanning" if "rule" in alert else ""


def _action(item: Any, top: Any) -> Any:
    if not isinstance(item, dict):
        return TRIGGER
    if _found(item):
        return choose("action", _ALERTS, IGNORE)(item, top)
    if run := _run(item):
        return choose("conclusion", _CONCLUSIONS, TRIGGER)(run, run) if run["done"] else IGNORE
    return IGNORE if {"zen", "repository", "organization", "sender"} & item.keys() else ""


def _where(item: Any, run: dict[str, Any]) -> str:
    """The branch; with its repository in front when that is a fork."""
    branch = texts.words(run["branch"])
    head = texts.words(field("head_repository.full_name")(run, run))
    return f"{head}:{branch}" if head and head != _REPOSITORY(item, item) else branch


def _key(item: Any, top: Any) -> str:
    if not isinstance(item, dict):
        return ""
    repository = texts.words(_REPOSITORY(item, top))
    if kind := _found(item):
        number = texts.words(field("alert.number")(item, top))
        return f"{repository}/{kind}/{number}" if number else ""
    run = _run(item)
    name = texts.words(run.get("name")) if run else ""
    return f"{repository}/{name}/{_where(item, run)}" if run and name else ""


def _title(item: Any, top: Any) -> str:
    if not isinstance(item, dict):
        return ""
    repository = texts.words(_REPOSITORY(item, top))
    if _found(item):
        what = texts.words(_WHAT(item, top))
        return f"{repository}: {what}" if what else ""
    run = _run(item)
    name = texts.words(run.get("name")) if run else ""
    if not run or not name:
        return ""
    where = _where(item, run)
    return f"{repository}: {name} failed" + (f" on {where}" if where else "")


_WHAT = first(
    field("alert.security_advisory.summary"),
    field("alert.secret_type_display_name", "alert.secret_type"),
    field("alert.rule.description", "alert.rule.name", "alert.rule.id"),
)

github = Vendor(
    kind="github",
    label="GitHub",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=field(
        "workflow_run.display_title",
        "check_run.output.summary",
        "check_run.output.title",
        "alert.security_advisory.description",
        "alert.most_recent_instance.message.text",
        "alert.rule.help",
        "description",
    ),
    severity=field(
        "alert.security_vulnerability.severity",
        "alert.security_advisory.severity",
        "alert.rule.security_severity_level",
        "alert.rule.severity",
    ),
    details=table(
        "action",
        "workflow_run.event",
        "workflow_run.head_sha",
        "workflow_run.run_number",
        "check_run.head_sha",
        "alert.dependency.package.name",
        "alert.most_recent_instance.ref",
        repository="repository.full_name",
        conclusion="workflow_run.conclusion",
        actor="sender.login",
        file="alert.most_recent_instance.location.path",
    ),
    links=(
        ("GitHub", field("workflow_run.html_url", "check_run.html_url", "alert.html_url")),
        ("Status", field("target_url")),
        ("Repository", field("repository.html_url")),
    ),
    words=Words(severities={"moderate": "medium", "note": "low"}),
    setup="""\
In GitHub open the repository or organization → Settings → Webhooks → Add webhook, paste:

    {url}

Choose content type application/json, then “Let me select individual events” and tick Workflow runs,
Dependabot alerts, Code scanning alerts and Secret scanning alerts. Tick Check runs only for checks
that are no workflows: a failed job would come twice.
""",
    docs="https://docs.github.com/en/webhooks/using-webhooks/creating-webhooks",
)
