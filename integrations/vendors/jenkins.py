"""Jenkins, by its Notification plugin: https://plugins.jenkins.io/notification/

Each build tells of its phases; only the end counts. A build that has just started carries the
status of the one before, and "completed" and "finalized" both come, which is one alert. The key is
the job, not the build: the next success closes it. A build somebody stopped says nothing. The
plugin sends JSON or XML. Sample: integrations/samples/jenkins.json
"""

from typing import Any
from urllib.parse import unquote

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER, Words

_STATUS = {
    "SUCCESS": RESOLVE,
    "FIXED": RESOLVE,
    "FAILURE": TRIGGER,
    "UNSTABLE": TRIGGER,
    "ABORTED": IGNORE,
    "NOT_BUILT": IGNORE,
}
_ENDS = {"", "COMPLETED", "FINALIZED", "FINISHED"}


def _action(item: Any, top: Any) -> str:
    phase = texts.words(field("build.phase")(item, top)).strip().upper()
    if phase not in _ENDS:
        return IGNORE
    return texts.words(choose("build.status", _STATUS)(item, top))


def _path(item: Any, top: Any) -> str:
    """ "shop » main" of "job/shop/job/main/": a branch's own name is no name of a job."""
    url = texts.words(field("url")(item, top))
    parts = [unquote(part) for part in url.strip("/").split("job/")]
    names = [part.strip("/") for part in parts if part.strip("/")]
    return " » ".join(names) if "job/" in url else ""


def _title(item: Any, top: Any) -> str:
    name = _path(item, top) or texts.words(field("display_name", "name")(item, top))
    status = texts.words(field("build.status")(item, top)).lower()
    return f"{name}: build {status or 'failed'}".replace("build failure", "build failed")


def _name(item: Any, top: Any) -> str:
    return texts.words(field("name")(item, top))


jenkins = Vendor(
    kind="jenkins",
    label="Jenkins",
    action=_action,
    dedup_key=first(field("url"), _name),
    title=lambda item, top: _title(item, top) if _path(item, top) or _name(item, top) else "",
    description=field("build.notes", "build.log"),
    severity=choose("build.status", {"UNSTABLE": "medium"}),
    details=table(
        "build.number",
        "build.phase",
        "build.status",
        "build.scm.branch",
        "build.scm.commit",
        "build.scm.url",
        "build.scm.culprits",
        "build.parameters",
        "build.test_summary.failed",
    ),
    links=(("Build", field("build.full_url")),),
    words=Words(actions={"unstable": TRIGGER}),
    setup="""\
Install the Notification plugin. In the job open Configure → Job Notifications → Add Endpoint,
choose format JSON, protocol HTTP and event “Job Finalized”, and paste:

    {url}

In a Jenkinsfile the same is:

    properties([[$class: 'HudsonNotificationProperty', endpoints: [[
      protocol: 'HTTP', format: 'JSON', event: 'finalized', retries: 5,
      urlInfo: [urlType: 'PUBLIC', urlOrId: '{url}']
    ]]]])
""",
    docs="https://plugins.jenkins.io/notification/",
)
