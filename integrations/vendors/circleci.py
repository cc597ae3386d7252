"""CircleCI: https://circleci.com/docs/webhooks-reference/

A workflow that failed opens an alert for its project and branch, its next success closes it. Ids
are new with every run, so names are the key. "canceled" is neither. The test button sends "ping".
Sample: integrations/samples/circleci.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table

_STATUS = {
    "success": "resolve",
    "failed": "trigger",
    "error": "trigger",
    "unauthorized": "trigger",
    "canceled": "ignore",
    "not_run": "ignore",
}
_BRANCH = field("pipeline.vcs.branch", "pipeline.trigger_parameters.git.branch", "pipeline.vcs.tag")


def _job(item: Any, top: Any) -> str:
    is_job = field("type")(item, top) == "job-completed"
    return texts.words(field("job.name")(item, top)) if is_job else ""


def _parts(item: Any, top: Any) -> list[str]:
    names = (field("project.slug", "project.name"), field("workflow.name"), _job, _BRANCH)
    return [texts.words(name(item, top)) for name in names]


def _key(item: Any, top: Any) -> str:
    parts = _parts(item, top)
    return "/".join(filter(None, parts)) if parts[0] and any(parts[1:3]) else ""


def _title(item: Any, top: Any) -> str:
    _, workflow, job, branch = _parts(item, top)
    what = f"{workflow} ({job})" if job else workflow
    project = texts.words(field("project.name", "project.slug")(item, top))
    return f"{project}: {what} failed" + (f" on {branch}" if branch else "") if what else ""


circleci = Vendor(
    kind="circleci",
    label="CircleCI",
    action=first(
        choose("type", {"ping": "ignore"}),
        lambda item, top: choose("job.status", _STATUS)(item, top) if _job(item, top) else "",
        choose("workflow.status", _STATUS),
    ),
    dedup_key=_key,
    title=_title,
    description=field("pipeline.vcs.commit.subject", "pipeline.vcs.commit.body"),
    details=table(
        "workflow.status",
        "pipeline.number",
        project="project.slug",
        branch="pipeline.vcs.branch",
        revision="pipeline.vcs.revision",
        author="pipeline.vcs.commit.author.name",
        organization="organization.name",
    ),
    links=(("CircleCI", field("workflow.url")),),
    setup="""\
In CircleCI open Project Settings → Webhooks → Add Webhook, tick “Workflow Completed” and paste:

    {url}
""",
    docs="https://circleci.com/docs/webhooks/",
)
