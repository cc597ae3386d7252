"""Buildkite: https://buildkite.com/docs/apis/webhooks/pipelines

A finished build that failed opens an alert for its pipeline and branch, the next that passed closes
it; numbers and ids are new with every build. A build that is already failing pages before it has
ended. A lost agent is an alert until it connects again. Jobs are parts of builds, and the ping of
the test button is nothing. Sample: integrations/samples/buildkite.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, joined, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER

_STATES = {"passed": RESOLVE, "failed": TRIGGER, "failing": TRIGGER}
_STATES |= dict.fromkeys(
    ("creating", "scheduled", "running", "waiting", "blocked", "canceling", "canceled", "skipped",
     "not_run"), IGNORE
)  # fmt: skip
_AGENTS = {"agent.lost": TRIGGER, "agent.connected": RESOLVE}


def _event(item: Any, top: Any) -> str:
    return texts.words(field("event")(item, top))


def _action(item: Any, top: Any) -> Any:
    event = _event(item, top)
    if event in {"build.finished", "build.failing"} or (not event and field("build")(item, top)):
        return choose("build.state", _STATES, TRIGGER)(item, top)
    return _AGENTS.get(event, IGNORE if event else TRIGGER)


def _title(item: Any, top: Any) -> str:
    if name := texts.words(field("agent.name")(item, top)):
        return f"The agent {name} is lost"
    pipeline = texts.words(field("pipeline.name", "pipeline.slug")(item, top))
    branch = texts.words(field("build.branch")(item, top))
    return f"{pipeline}: build failed" + (f" on {branch}" if branch else "") if pipeline else ""


def _agent(item: Any, top: Any) -> str:
    name = texts.words(field("agent.name", "agent.id")(item, top))
    return f"agent/{name}" if name else ""


buildkite = Vendor(
    kind="buildkite",
    label="Buildkite",
    action=_action,
    dedup_key=first(joined("pipeline.slug", "build.branch"), field("pipeline.id"), _agent),
    title=_title,
    description=field("build.message"),
    details=table(
        "build.number",
        "build.state",
        "build.commit",
        "build.source",
        "build.creator.name",
        "agent.hostname",
        "agent.version",
        branch="build.branch",
    ),
    tags=lambda item, top: None,
    links=(
        ("Build", field("build.web_url")),
        ("Agent", field("agent.web_url")),
        ("Pipeline", field("pipeline.web_url")),
    ),
    setup="""\
In Buildkite open Settings → Notification Services → Add → Webhook, and paste:

    {url}

Tick “build.finished”, with a branch filter such as main, and “agent.lost” with “agent.connected”.
""",
    docs="https://buildkite.com/docs/apis/webhooks/pipelines",
)
