"""Azure DevOps: https://learn.microsoft.com/azure/devops/service-hooks/events

What failed opens an alert for its pipeline, branch and stage; the next success closes it. The
build event has its branch inside `sourceGetVersion` ("LG:refs/heads/main:600c…") or, in version
2.0, in `sourceBranch`. Pushes, pull requests and work items are no alerts.
Sample: integrations/samples/azure_devops.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table

_RESULTS = {
    "failed": "trigger",
    "partiallysucceeded": "trigger",
    "rejected": "trigger",
    "succeeded": "resolve",
    "stopped": "ignore",
    "canceled": "ignore",
    "abandoned": "ignore",
    "skipped": "ignore",
    "inprogress": "ignore",
    "notstarted": "ignore",
    "pending": "ignore",
}
_RESULT = field(
    "resource.stage.result",
    "resource.run.result",
    "resource.result",
    "resource.environment.status",
    "resource.status",
    "resource.run.state",
)
_NAME = field(
    "resource.pipeline.name",
    "resource.definition.name",
    "resource.environment.releaseDefinition.name",
    "resource.release.releaseDefinition.name",
)
_STAGE = field("resource.stage.displayName", "resource.stage.name", "resource.environment.name")
_PROJECT = field("resource.project.name", "resourceContainers.project.id", "resource.project.id")
_OURS = ("build.", "ms.vss-release.deployment-completed", "ms.vss-pipelines.")


def _branch(item: Any, top: Any) -> str:
    refs = field("resource.sourceBranch", "resource.run.resources.repositories.self.refName")
    ref = texts.words(refs(item, top))
    if not ref:
        version = texts.words(field("resource.sourceGetVersion")(item, top))
        ref = version.split(":")[1] if version.count(":") > 1 else ""
    return ref.removeprefix("refs/heads/")


def _other(item: Any, top: Any) -> str:
    kind = texts.words(field("eventType")(item, top))
    return "ignore" if kind and not kind.startswith(_OURS) else ""


def _key(item: Any, top: Any) -> str:
    parts = (pick(item, top) for pick in (_PROJECT, _NAME, _branch, _STAGE))
    return "/".join(filter(None, map(texts.words, parts))) if _NAME(item, top) else ""


def _title(item: Any, top: Any) -> Any:
    name, stage, branch = (texts.words(pick(item, top)) for pick in (_NAME, _STAGE, _branch))
    if not name:
        return field("message.text")(item, top)
    what = f"{name} ({stage})" if stage else name
    where = f" on {branch}" if branch else ""
    part = texts.words(_RESULT(item, top)).lower() == "partiallysucceeded"
    return f"{what} {'failed in part' if part else 'failed'}{where}"


azure_devops = Vendor(
    kind="azure_devops",
    label="Azure DevOps",
    action=first(_other, choose(_RESULT, _RESULTS)),
    dedup_key=_key,
    title=_title,
    description=field("detailedMessage.text", "message.text"),
    severity=choose(_RESULT, {"partiallySucceeded": "medium"}),
    details=table(
        "resource.buildNumber",
        "resource.reason",
        "resource.run.name",
        "resource.finishTime",
        event="eventType",
        requested_for="resource.requestedFor.displayName",
        release="resource.environment.release.name",
    ),
    links=(
        ("Azure DevOps", field("resource._links.web.href", "resource.run._links.web.href")),
        ("Log", field("resource.log.url")),
    ),
    setup="""\
In Azure DevOps open Project settings → Service hooks → Create subscription → Web Hooks, choose
“Build completed” (or “Run state changed”, “Release deployment completed”) with any status, so
that a success closes what a failure opened, and paste as URL:

    {url}

Choose Resource details to send: All, and Resource version: latest.
""",
    docs="https://learn.microsoft.com/azure/devops/service-hooks/services/webhooks",
)
