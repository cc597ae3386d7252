"""GitHub issues. An alert opens one, its timeline becomes comments, its end closes it.

https://docs.github.com/en/rest/issues/issues and /comments; a title has 256 characters, a text
65,536. Labels are set only where the token may push, silently. A rate limit is 403 or 429 with
`retry-after`, or `x-ratelimit-remaining: 0`.
https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues and #issue_comment, signed as
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries says.

GitHub takes no key of ours that would make a second issue impossible, and its search lags behind.
So after a lost answer the newest issues are read, back to the alert's beginning, for our mark.
On a public repository anybody may comment: only members and collaborators are told here. A robot
(a stale bot, say) that closes an issue has not mended anything: only people resolve.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from integrations.outbound import bodies, markdown, proofs, telling
from integrations.outbound.bodies import at, word
from integrations.outbound.contract import (
    Answer,
    Call,
    News,
    Reading,
    Rejected,
    Said,
    Setting,
    Talk,
    Tool,
    TryAgain,
    seconds,
)

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_TITLE, _TEXT = 256, 65_536
_PAGE = 8  # an issue is some 5 KB with its text: a page stays well under 64 KiB
_INSIDERS = {"OWNER", "MEMBER", "COLLABORATOR"}


class GitHub(Tool):
    slug, label = "github", "GitHub Issues"
    summary = "An issue for every alert; comments and closing work both ways."
    listens = True
    settings = (
        Setting("repository", "Repository", "owner/name. On a public one everybody reads along."),
        Setting("token", "Token", "Fine-grained, with Issues: read and write.", is_secret=True),
        Setting("webhook_secret", "Webhook secret", is_secret=True, is_required=False),
        Setting("labels", "Labels", "With commas between.", is_required=False, default="alertops"),
        Setting(
            "api",
            "API address",
            "Enterprise Server: https://<your host>/api/v3",
            is_address=True,
            is_required=False,
            default="https://api.github.com",
        ),
    )
    steps = """\
In GitHub open Settings → Developer settings → Fine-grained tokens → Generate new token. Choose the
repository, and under Permissions set Issues to Read and write. Paste the token here.

To hear what happens in GitHub: make up a long secret and paste it here as the webhook secret. Then
in the repository open Settings → Webhooks → Add webhook and paste:

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
        if news.is_over or talk.has_posted or self.opened(news, talk):
            return None
        if talk.again and not _searched(news, talk):
            return self._look(settings, page=len(talk.turns) + 1)
        labels = [name.strip() for name in settings.get("labels", "").split(",")]
        issue = {
            "title": telling.title(news, _TITLE),
            "body": markdown.issue(news, _TEXT),
            "labels": [name for name in labels if name],
        }
        return self._send("POST", settings, f"{settings['repository']}/issues", issue)

    def _tell(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        repository, _, number = talk.reference.rpartition("#")
        issue = f"{repository}/issues/{number}"
        said = {"body": markdown.comment(news, _TEXT)}
        if news.kind == "resolved" and not talk.turns:
            closed = {"state": "closed", "state_reason": "completed"}
            return self._send("PATCH", settings, issue, closed)
        if news.kind == "opened" or talk.has_posted:
            return None
        return self._send("POST", settings, f"{issue}/comments", said)

    def _look(self, settings: Mapping[str, str], page: int) -> Call:
        query = f"state=all&sort=created&direction=desc&per_page={_PAGE}&page={page}"
        url = f"{_base(settings)}/repos/{settings['repository']}/issues?{query}"
        return telling.ask(url, _headers(settings))

    def _send(
        self, method: str, settings: Mapping[str, str], path: str, value: Mapping[str, object]
    ) -> Call:
        return telling.send(method, f"{_base(settings)}/repos/{path}", value, _headers(settings))

    def opened(self, news: News, talk: Talk) -> str:
        for turn in talk.turns:
            found = bodies.of(turn.answer)
            issues = found if isinstance(found, list) else [found]
            for issue in issues:
                if turn.call.method == "POST" or telling.mark(news) in word(issue, "body"):
                    return _name(issue)
        return ""

    def judge(self, answer: Answer) -> None:
        limited = "retry-after" in answer.headers or answer.headers.get(_LEFT) == "0"
        if answer.status == 403 and limited:
            wait = seconds(answer.headers.get("retry-after", ""))
            raise TryAgain("GitHub asks to slow down.", retry_after=wait)
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
        said = _said(headers.get("x-github-event", ""), bodies.arrived(raw, headers))
        delivery = headers.get("x-github-delivery", "")
        return Reading(said=(said,) if said else (), delivery=delivery)


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


def _searched(news: News, talk: Talk) -> bool:
    """Whether the pages read so far reach back to before the alert."""
    if not talk.turns:
        return False
    issues = bodies.of(talk.turns[-1].answer)
    if not isinstance(issues, list) or len(issues) < _PAGE:
        return True
    return word(issues[-1], "created_at")[:19] < news.alert.opened_at[:19]


def _name(issue: object) -> str:
    """`owner/name#17`: the number alone is also the number of other repositories' issues."""
    repository = word(issue, "repository_url").rpartition("/repos/")[2]
    number = word(issue, "number")
    return f"{repository.lower()}#{number}" if repository and number else ""


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
