"""GitHub issues. An alert opens one, its timeline becomes comments, its end closes it.

https://docs.github.com/en/rest/issues/issues and /comments; a title has 256 characters, a text
65,536. Labels are set only where the token may push, silently. A rate limit is 403 or 429 with
`retry-after`, or `x-ratelimit-remaining: 0`.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues and #issue_comment, signed as
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries says. The header
with the delivery's own name is not signed; the body with the time of what happened is.

GitHub takes no key of ours that would make a second issue impossible, and its search lags behind.
So after a lost answer the issues since the alert's beginning are listed
(https://docs.github.com/en/graphql/reference/objects#issue: the REST list would bring every text
along) for one that our token wrote, with our title, which names the alert's number.
On a public repository anybody may comment: only members and collaborators are told here. A robot
(a stale bot, say) that closes an issue has not mended anything: only people resolve.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from integrations.outbound import bodies, markdown, proofs, telling
from integrations.outbound.bodies import at, word
from integrations.outbound.contract import (
    MOST_TURNS,
    Answer,
    Call,
    News,
    Place,
    Reading,
    Rejected,
    Said,
    Setting,
    Talk,
    Tool,
    TryAgain,
)

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_TITLE, _TEXT = 256, 12_000  # the answer brings the text back, and no more than 64 KiB are read
_PAGE = 50  # of titles: stays under 64 KiB, too
_SKEW = timedelta(minutes=10)
_QUERY = """query($owner:String!,$name:String!,$first:Int!,$after:String){
repository(owner:$owner,name:$name){issues(first:$first,after:$after,
orderBy:{field:CREATED_AT,direction:DESC}){nodes{number title createdAt viewerDidAuthor}
pageInfo{hasNextPage endCursor}}}}"""
_INSIDERS = {"OWNER", "MEMBER", "COLLABORATOR"}


class GitHub(Tool):
    slug, label = "github", "GitHub Issues"
    summary = "An issue for every alert; comments and closing work both ways."
    listens = True
    settings = (
        Setting("repository", "Repository", "owner/name. On a public one everybody reads along."),
        Setting("token", "Token", "Fine-grained, with Issues: read and write.", is_secret=True),
        Setting(
            "webhook_secret",
            "Webhook secret",
            "Without it nothing that comes from GitHub is believed.",
            is_secret=True,
            is_proof=True,
            is_required=False,
        ),
        Setting("labels", "Labels", "With commas between.", is_required=False, default="alertops"),
        Setting(
            "api",
            "API address",
            "Enterprise Server: https://github.example.com/api/v3",
            is_address=True,
            is_required=False,
            default="https://api.github.com",
        ),
    )
    steps = """\
In GitHub open Settings → Developer settings → Fine-grained tokens → Generate new token. Choose the
repository, and under Permissions set Issues to Read and write. Paste the token here.

To hear what happens in GitHub: make up a secret of 16 characters or more and paste it here as the
webhook secret. Then in the repository open Settings → Webhooks → Add webhook and paste:

    {hook}

Choose content type application/json, paste the same secret, and under “Let me select individual
events” tick Issues and Issue comments, nothing else.

Closing the issue resolves the alert; a comment of a member or collaborator becomes a note. What
robots do is not counted.
"""

    def check(self, settings: Mapping[str, str]) -> None:
        if not _REPOSITORY.fullmatch(settings["repository"]):
            raise ValueError("Write the repository as owner/name.")

    def next(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        if talk.reference:
            return self._tell(news, settings, talk)
        issues = f"{_base(settings)}/repos/{settings['repository']}/issues"
        has_opened = any(turn.call.url == issues for turn in talk.turns)
        if news.is_over or has_opened or self.opened(news, talk):
            return None
        if talk.again and (page := _page(news, talk)) is not None:
            return _look(settings, page)
        labels = [name.strip() for name in settings.get("labels", "").split(",")]
        issue = {
            "title": _title(news),
            "body": markdown.issue(news, _TEXT),
            "labels": [name for name in labels if name],
        }
        return telling.send("POST", issues, issue, _headers(settings))

    def _tell(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        repository, _, number = talk.reference.rpartition("#")
        issue = f"{_base(settings)}/repos/{repository}/issues/{number}"
        if news.kind == "resolved" and not talk.turns:
            closed = {"state": "closed", "state_reason": "completed"}
            return telling.send("PATCH", issue, closed, _headers(settings))
        if news.kind == "opened" or talk.has_posted:
            return None
        said = {"body": markdown.comment(news, _TEXT)}
        return telling.send("POST", f"{issue}/comments", said, _headers(settings))

    def opened(self, news: News, talk: Talk) -> str:
        for turn in talk.turns:
            body = bodies.of(turn.answer)
            for issue in _listed(body):
                is_new = word(issue, "createdAt")[:19] >= _since(news)
                same = at(issue, "viewerDidAuthor") and word(issue, "title") == _title(news)
                if is_new and same:
                    return f"{_asked(turn.call)}#{word(issue, 'number')}"
            repository = word(body, "repository_url").rpartition("/repos/")[2]
            if repository and turn.call.method == "POST":
                return f"{repository.lower()}#{word(body, 'number')}"
        return ""

    def place(self, settings: Mapping[str, str], reference: str, talk: Talk) -> Place:
        repository, _, number = reference.rpartition("#")
        site = _base(settings).removesuffix("/api/v3").replace("//api.github.com", "//github.com")
        return Place(reference, f"{site}/{repository}/issues/{number}")

    def judge(self, answer: Answer) -> None:
        limited = "retry-after" in answer.headers or answer.headers.get(_LEFT) == "0"
        if answer.status == 403 and limited:
            raise TryAgain("GitHub asks to slow down.", retry_after=answer.retry_after)
        if answer.status == 200 and at(bodies.of(answer), "errors"):
            why = word(bodies.of(answer), "errors", 0, "message")
            raise TryAgain(f"GitHub could not list the issues: {telling.cut(why, 200)}")
        if answer.status == 410:
            return  # the issue was deleted: there is nobody left to tell
        if answer.status in {401, 403, 404, 422}:
            why = word(bodies.of(answer), "message") or "no reason given"
            raise Rejected(f"GitHub answered {answer.status}: {telling.cut(why, 200)}")
        super().judge(answer)

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        given = headers.get("x-hub-signature-256", "")
        proofs.check_hmac(settings.get("webhook_secret", ""), raw, given, prefix="sha256=")
        body = bodies.arrived(raw, headers)
        said = _said(headers.get("x-github-event", ""), body)
        if said:
            of = ("comment", "created_at") if said.verb == "note" else ("issue", "closed_at")
            proofs.check_age(proofs.instant(word(body, *of)), now)
        return Reading(said=(said,) if said else (), delivery=proofs.name_of(raw) if said else "")


_LEFT = "x-ratelimit-remaining"


def _base(settings: Mapping[str, str]) -> str:
    return (settings.get("api") or "https://api.github.com").rstrip("/")


def _headers(settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {settings['token']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "AlertOps",  # without one GitHub answers 403
    }


def _title(news: News) -> str:
    tail = f" [alert {news.alert.number}]" if news.alert.number else ""
    return telling.title(news, _TITLE - len(tail)) + tail


def _since(news: News) -> str:
    """The alert's beginning, and a little before: clocks differ."""
    began = news.alert.opened_at
    return ((datetime.fromisoformat(began) if began else news.at) - _SKEW).isoformat()[:19]


def _look(settings: Mapping[str, str], after: str) -> Call:
    owner, _, name = settings["repository"].partition("/")
    known = {"owner": owner, "name": name, "first": _PAGE, "after": after or None}
    url = f"{_base(settings).removesuffix('/v3')}/graphql"  # /api/graphql on one's own server
    return telling.send("POST", url, {"query": _QUERY, "variables": known}, _headers(settings))


def _listed(body: object) -> list[object]:
    found = at(body, "data", "repository", "issues", "nodes")
    return found if isinstance(found, list) else []


def _asked(call: Call) -> str:
    """`owner/name`, of a list that was asked for."""
    known = at(json.loads(call.body), "variables")
    return f"{word(known, 'owner')}/{word(known, 'name')}".lower()


def _page(news: News, talk: Talk) -> str | None:
    """Where the next page begins; None where the pages so far reach back before the alert."""
    if not talk.turns:
        return ""
    body = bodies.of(talk.turns[-1].answer)
    info, issues = at(body, "data", "repository", "issues", "pageInfo"), _listed(body)
    oldest = word(issues[-1], "createdAt")[:19] if issues else ""
    is_last = not at(info, "hasNextPage") or oldest < _since(news)
    return None if is_last or len(talk.turns) > MOST_TURNS - 3 else word(info, "endCursor")


def _said(event: str, body: dict[str, object]) -> Said | None:
    reference = f"{word(body, 'repository', 'full_name').lower()}#{word(body, 'issue', 'number')}"
    who, action = word(body, "sender", "login"), word(body, "action")
    if word(body, "sender", "type") == "Bot" or at(body, "issue", "pull_request"):
        return None
    if event == "issues" and action == "closed":
        return Said(reference, "resolve", who)
    if event == "issue_comment" and action == "created":
        text = word(body, "comment", "body")
        insider = word(body, "comment", "author_association") in _INSIDERS
        if insider and text and not telling.is_ours(text):
            return Said(reference, "note", who, text)
    return None
