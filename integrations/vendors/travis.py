"""Travis CI: https://docs.travis-ci.com/user/notifications/#configuring-webhook-notifications

A form with the JSON in `payload`, for each build of a branch. "Pending" is a build that began,
"Still Failing" one more failure of the same branch. The branch of a pull request's build is the
one it wants to be merged into, so that a stranger's failure would look like ours: pull requests
are no alerts. Sample: integrations/samples/travis.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import IGNORE

_MESSAGES = {
    "passed": "resolve",
    "fixed": "resolve",
    "broken": "trigger",
    "failed": "trigger",
    "still failing": "trigger",
    "errored": "trigger",
    "pending": "ignore",
    "canceled": "ignore",
}
_STATES = {
    "passed": "resolve",
    "failed": "trigger",
    "errored": "trigger",
    "created": "ignore",
    "received": "ignore",
    "started": "ignore",
    "canceled": "ignore",
}


def _other(item: Any, top: Any) -> str:
    kind = texts.words(field("type")(item, top)).lower()
    return IGNORE if kind == "pull_request" or field("pull_request_number")(item, top) else ""


def _repository(item: Any, top: Any) -> str:
    owner, name = (
        texts.words(field(f"repository.{part}")(item, top)) for part in ("owner_name", "name")
    )
    return f"{owner}/{name}" if owner and name else name


def _key(item: Any, top: Any) -> str:
    repository, branch = _repository(item, top), texts.words(field("branch")(item, top))
    return f"{repository}/{branch}" if repository else ""


def _title(item: Any, top: Any) -> str:
    repository, branch = _repository(item, top), texts.words(field("branch")(item, top))
    how = choose("state", {"errored": "could not be built"}, "failed")(item, top)
    return f"{repository}: build {how} on {branch}" if repository and branch else ""


travis = Vendor(
    kind="travis",
    label="Travis CI",
    action=first(
        _other,
        choose("status_message", _MESSAGES),
        choose("result_message", _MESSAGES),
        choose("state", _STATES),
    ),
    dedup_key=_key,
    title=_title,
    description=phrase("author_name", "message"),
    severity=lambda item, top: "",
    details=table("number", "status_message", "state", "type", "commit", "duration", "author_name"),
    tags=lambda item, top: None,
    links=(("Build", field("build_url")), ("Changes", field("compare_url"))),
    setup="""\
Add this to .travis.yml:

    notifications:
      webhooks:
        urls:
          - {url}
        on_success: always
        on_failure: always

Keep on_success, so that the next build that passes closes what a failure opened.
""",
    docs="https://docs.travis-ci.com/user/notifications/#configuring-webhook-notifications",
)
