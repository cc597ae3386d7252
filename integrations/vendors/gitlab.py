"""GitLab: https://docs.gitlab.com/user/project/integrations/webhook_events/

A failed pipeline opens an alert for its project and ref, the next success closes it. Incidents
(issues of that type, also those GitLab makes of its own alerts) and vulnerabilities open and close
as they do there. Plain issues, comments, pushes and deployments come in the same shape and are no
alerts; nor is a job that is allowed to fail. What tools send to GitLab's alert endpoint is
understood by the generic webhook. Sample: integrations/samples/gitlab.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.vocabulary import IGNORE, TRIGGER, Words

_STATUS = {"failed": "trigger", "success": "resolve"}
_STATUS |= dict.fromkeys(
    ("created", "waiting_for_resource", "waiting_for_callback", "preparing", "pending", "running",
     "canceling", "canceled", "skipped", "manual", "scheduled"), IGNORE
)  # fmt: skip
_ISSUE = {"open": "trigger", "reopen": "trigger", "close": "resolve"}
_FLAW = {
    "detected": "trigger",
    "confirmed": "trigger",
    "resolved": "resolve",
    "dismissed": "resolve",
}
_ATTRIBUTES = "object_attributes"
_PROJECT = field("project.path_with_namespace", "project.name", "project_name")


def _kind(item: Any, top: Any) -> str:
    kind = texts.words(field("object_kind")(item, top))
    if kind in {"issue", "work_item"}:
        names = field("event_type", f"{_ATTRIBUTES}.issue_type", f"{_ATTRIBUTES}.type")
        is_incident = "incident" in texts.words(names(item, top)).lower()
        return "incident" if is_incident else kind
    return kind


def _action(item: Any, top: Any) -> Any:
    kind = _kind(item, top)
    if kind == "pipeline":
        return choose(f"{_ATTRIBUTES}.status", _STATUS, TRIGGER)(item, top)
    if kind in {"build", "job"}:
        may_fail = field("build_allow_failure")(item, top) is True
        return IGNORE if may_fail else choose("build_status", _STATUS, TRIGGER)(item, top)
    if kind == "incident":
        return choose(f"{_ATTRIBUTES}.action", _ISSUE, IGNORE)(item, top)
    if kind == "vulnerability":
        return choose(f"{_ATTRIBUTES}.state", _FLAW, TRIGGER)(item, top)
    return IGNORE if kind else ""


def _parts(item: Any, top: Any) -> tuple[str, str, str]:
    names = {
        "pipeline": f"{_ATTRIBUTES}.name",
        "build": "build_name",
        "job": "build_name",
        "incident": f"{_ATTRIBUTES}.iid",
    }
    kind = _kind(item, top)
    ref = texts.words(field(f"{_ATTRIBUTES}.ref", "ref")(item, top))
    name = names.get(kind, f"{_ATTRIBUTES}.url")
    return texts.words(_PROJECT(item, top)), texts.words(field(name)(item, top)), ref


def _key(item: Any, top: Any) -> str:
    kind, (project, name, ref) = _kind(item, top), _parts(item, top)
    return "/".join(filter(None, (project, kind, name, ref))) if kind else ""


def _title(item: Any, top: Any) -> str:
    project, name, ref = _parts(item, top)
    kind = _kind(item, top)
    if kind in {"pipeline", "build", "job"}:
        what = "pipeline" if kind == "pipeline" else f"job {name}"
        return f"{project}: {what} failed on {ref}"
    title = texts.words(field(f"{_ATTRIBUTES}.title")(item, top))
    return f"{project}: {title}" if project and title else title


def _link(item: Any, top: Any) -> str:
    """A pipeline of an older release does not say where it is."""
    found = texts.words(field(f"{_ATTRIBUTES}.url")(item, top))
    project = texts.words(field("project.web_url")(item, top))
    number = texts.words(field("pipeline_id", f"{_ATTRIBUTES}.id")(item, top))
    if found or not project or not number or _kind(item, top) not in {"pipeline", "build", "job"}:
        return found
    return f"{project}/-/pipelines/{number}"


gitlab = Vendor(
    kind="gitlab",
    label="GitLab",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=field(
        f"{_ATTRIBUTES}.description", "commit.message", "build_failure_reason", "commit.title"
    ),
    severity=field(f"{_ATTRIBUTES}.severity"),
    details=table(
        f"{_ATTRIBUTES}.ref",
        f"{_ATTRIBUTES}.source",
        f"{_ATTRIBUTES}.sha",
        f"{_ATTRIBUTES}.stages",
        f"{_ATTRIBUTES}.report_type",
        "build_name",
        "build_stage",
        "build_failure_reason",
        project="project.path_with_namespace",
        user="user.name",
    ),
    links=(("GitLab", _link), ("Project", field("project.web_url"))),
    words=Words(severities={"unknown": "critical"}),  # GitLab's word for one nobody has set
    setup="""\
In GitLab open the project or group → Settings → Webhooks → Add new webhook, paste:

    {url}

and tick “Pipeline events”, “Issues events” (for incidents) and “Vulnerability events”. Tick “Job
events” instead of pipelines where each job is to be an alert of its own.
""",
    docs="https://docs.gitlab.com/user/project/integrations/webhooks/",
)
