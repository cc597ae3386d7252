"""Bitbucket: https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#Build-status-created

A failed build of a branch opens an alert, the next success of the same pipeline and branch closes
it. The key of a status and the "#12" in its name change with every build, so neither is part of
ours. Pushes, pull requests and comments are no alerts. Sample: integrations/samples/bitbucket.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.vocabulary import IGNORE

_STATES = {
    "FAILED": "trigger",
    "SUCCESSFUL": "resolve",
    "INPROGRESS": "ignore",
    "STOPPED": "ignore",
}
_NUMBER = re.compile(r"\s*#\d+")
_OTHERS = field(
    "push.changes", "pullrequest", "issue", "comment", "fork", "eventKey", "test"
)  # each is an event of its own
_STATUS = "commit_status"


def _other(item: Any, top: Any) -> str:
    if not isinstance(item, dict) or _STATUS in item:
        return ""
    return IGNORE if _OTHERS(item, top) is not None else ""


def _pipeline(item: Any, top: Any) -> str:
    name = texts.words(field(f"{_STATUS}.name", f"{_STATUS}.key")(item, top))
    return _NUMBER.sub("", name).strip()


def _repository(item: Any, top: Any) -> str:
    return texts.words(field("repository.full_name", "repository.name")(item, top))


def _branch(item: Any, top: Any) -> str:
    return texts.words(field(f"{_STATUS}.refname")(item, top))


def _key(item: Any, top: Any) -> str:
    parts = (_repository(item, top), _branch(item, top), _pipeline(item, top))
    return "/".join(filter(None, parts)) if parts[2] else ""


def _title(item: Any, top: Any) -> str:
    pipeline, branch = _pipeline(item, top), _branch(item, top)
    where = f" on {branch}" if branch and branch not in pipeline else ""
    return f"{_repository(item, top)}: {pipeline} failed{where}" if pipeline else ""


bitbucket = Vendor(
    kind="bitbucket",
    label="Bitbucket",
    action=first(_other, choose(f"{_STATUS}.state", _STATES)),
    dedup_key=_key,
    title=_title,
    description=field(f"{_STATUS}.description"),
    details=table(
        f"{_STATUS}.name",
        f"{_STATUS}.refname",
        repository="repository.full_name",
        commit=f"{_STATUS}.commit.hash",
        message=f"{_STATUS}.commit.message",
        author=f"{_STATUS}.commit.author.raw",
        actor="actor.display_name",
    ),
    links=(
        ("Build", field(f"{_STATUS}.url")),
        ("Repository", field("repository.links.html.href")),
    ),
    setup="""\
In Bitbucket open the repository → Repository settings → Webhooks → Add webhook, choose the
triggers “Build status created” and “Build status updated”, and paste:

    {url}
""",
    docs="https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
)
