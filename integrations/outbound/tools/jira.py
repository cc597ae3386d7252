"""Jira issues, in the cloud and in a Data Center. An alert opens one, its timeline becomes
comments, its end moves it to done.

https://developer.atlassian.com/cloud/jira/platform/rest/v2/intro/ and
https://developer.atlassian.com/server/jira/platform/rest-apis/: version 2 of the API, whose texts
are wiki markup, is the same in both, but for the search (the cloud has only /search/jql left). A
summary is one line of 255 characters, a text has 32,767. Cloud: basic, e-mail and API token;
Data Center: bearer, a personal access token. Transitions have numbers that differ from workflow to
workflow, so they are read each time.
https://developer.atlassian.com/cloud/jira/platform/webhooks/: signed `X-Hub-Signature: sha256=…`
where the webhook has a secret. A Data Center before 10 cannot sign: it is told, and not listened
to. What is signed says when it was sent (`timestamp`), but its identifier is not signed.

Jira takes no key of ours that would make a second issue impossible; after a lost answer it is asked
for our mark among the labels. A Data Center's comment_created may come without its issue.
"""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from integrations.outbound import bodies, proofs, telling
from integrations.outbound.bodies import at, word
from integrations.outbound.contract import (
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
)

_TITLE, _TEXT = 255, 32_767
_KEY = re.compile(r"[A-Z][A-Z0-9_]+")
_ISSUE = re.compile(r"[A-Z][A-Z0-9_]+-[0-9]+")
_MEANS = re.compile(r"([\\{}\[\]!*_|^~+?#-])")
_FAR = 10**14  # milliseconds: the year 5138
_OF_COMMENT = re.compile(r"/issue/(\d+)/comment/")


class Jira(Tool):
    slug, label = "jira", "Jira"
    summary = "An issue for every alert; comments and Done work both ways."
    listens = True
    settings = (
        Setting("site", "Jira's address", "https://acme.atlassian.net", is_address=True),
        Setting("email", "E-mail", "In the cloud. Empty for a Data Center.", is_required=False),
        Setting("token", "Token", "An API token, or a personal access token.", is_secret=True),
        Setting("project", "Project key", "OPS, for example."),
        Setting("type", "Issue type", is_required=False, default="Task"),
        Setting(
            "done",
            "Transition at the end",
            "Its name, or the status it leads to. Empty: the first that leads to done.",
            is_required=False,
        ),
        Setting(
            "webhook_secret",
            "Webhook secret",
            "Without it nothing that comes from Jira is believed.",
            is_secret=True,
            is_proof=True,
            is_required=False,
        ),
    )
    steps = """\
Cloud: at https://id.atlassian.com/manage-profile/security/api-tokens create an API token of a user
who may create, comment and move issues in the project; paste its e-mail and token here. Data
Center: in that user's profile open Personal Access Tokens, and leave the e-mail empty.

The field Labels must be on the project's create screen (it is, unless somebody took it off).

To hear what happens in Jira: open Settings → System → WebHooks → Create a WebHook and paste:

    {hook}

Make up a secret of 16 characters or more, paste it there and here, tick Issue updated and Comment
created, and let this filter choose:

    labels = alertops

An issue that is done resolves the alert; a comment becomes a note.
"""

    def check(self, settings: Mapping[str, str]) -> None:
        if not _KEY.fullmatch(settings["project"]):
            raise ValueError("A project key is capital letters and digits, such as OPS.")
        if settings["site"].rstrip("/").endswith(".atlassian.net") and not settings.get("email"):
            raise ValueError(
                "In the cloud Jira wants the e-mail address that belongs to the token."
            )

    def next(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        if talk.reference:
            return self._tell(news, settings, talk)
        if news.is_over or talk.has_posted or self.opened(news, talk):
            return None
        if talk.again and not talk.turns:
            return _look(news, settings)
        issue = {
            "project": {"key": settings["project"]},
            "issuetype": {"name": settings.get("type") or "Task"},
            "summary": telling.title(news, _TITLE),
            "description": _text(news),
            "labels": ["alertops", telling.mark(news)],
        }
        return telling.send("POST", f"{_base(settings)}/issue", {"fields": issue}, _auth(settings))

    def _tell(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        issue, auth = f"{_base(settings)}/issue/{talk.reference}", _auth(settings)
        comment = telling.send("POST", f"{issue}/comment", {"body": _comment(news)}, auth)
        if news.kind == "opened" or any(turn.call.url == comment.url for turn in talk.turns):
            return None
        if news.kind != "resolved":
            return comment
        if not talk.turns:
            return telling.ask(f"{issue}/transitions", auth)
        chosen = _chosen(bodies.of(talk.turns[0].answer), settings.get("done", ""))
        if chosen and len(talk.turns) == 1:
            move = {"transition": {"id": chosen}}
            return telling.send("POST", f"{issue}/transitions", move, auth)
        return comment

    def opened(self, news: News, talk: Talk) -> str:
        for turn in talk.turns:
            found = bodies.of(turn.answer)
            if name := word(found, "id") or word(found, "issues", 0, "id"):
                return name
        return ""

    def place(self, settings: Mapping[str, str], reference: str, talk: Talk) -> Place:
        site = settings["site"].rstrip("/")
        for turn in talk.turns:
            found = bodies.of(turn.answer)
            key = word(found, "key") or word(found, "issues", 0, "key")
            if _ISSUE.fullmatch(key):
                return Place(key, f"{site}/browse/{key}")
        return Place("Issue", f"{site}/issues/?{urlencode({'jql': f'id = {reference}'})}")

    def judge(self, answer: Answer) -> None:
        if 400 <= answer.status < 500 and answer.status not in {408, 425, 429}:
            body = bodies.of(answer)
            fields = at(body, "errors")
            told = [word(body, "errorMessages", 0), word(body, "message")]
            told += [str(why) for why in fields.values()] if isinstance(fields, dict) else []
            why = telling.cut(next(filter(None, told), "no reason given"), 200)
            raise Rejected(f"Jira answered {answer.status}: {why}")
        super().judge(answer)

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        given = headers.get("x-hub-signature", "")
        proofs.check_hmac(settings.get("webhook_secret", ""), raw, given, prefix="sha256=")
        body = bodies.arrived(raw, headers)
        said = _said(body)
        if said:
            proofs.check_age(_sent(body), now)
        return Reading(said=(said,) if said else (), delivery=proofs.name_of(raw) if said else "")


def _base(settings: Mapping[str, str]) -> str:
    return f"{settings['site'].rstrip('/')}/rest/api/2"


def _auth(settings: Mapping[str, str]) -> dict[str, str]:
    if email := settings.get("email"):
        pair = base64.b64encode(f"{email}:{settings['token']}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {"Authorization": f"Bearer {settings['token']}"}


def _look(news: News, settings: Mapping[str, str]) -> Call:
    jql = f'project = "{settings["project"]}" AND labels = "{telling.mark(news)}"'
    where = "search/jql" if settings.get("email") else "search"
    query = urlencode({"jql": jql, "fields": "id", "maxResults": 1})
    return telling.ask(f"{_base(settings)}/{where}?{query}", _auth(settings))


def _still(text: str) -> str:
    """Text in which wiki markup means nothing: no mention, image, macro or link."""
    return _MEANS.sub(r"\\\1", text)


def _block(text: str) -> str:
    return "{noformat}\n" + text.replace("{noformat}", "{ noformat }") + "\n{noformat}"


def _text(news: News) -> str:
    parts = [f"[Alert {news.alert.number} in AlertOps|{news.alert.url}]"]
    if news.kind != "opened" and news.words:
        parts.append(_still(telling.sentence(news)))
    if news.alert.description:
        parts.append(_block(news.alert.description))
    parts.append("\n".join(f"||{label}|{_still(value)}|" for label, value in telling.facts(news)))
    if more := telling.details(news):
        parts.append(_block("\n".join(f"{name}: {value}" for name, value in more)))
    return telling.cut("\n\n".join(parts), _TEXT)


def _comment(news: News) -> str:
    tail = f"\n\nAlertOps, {telling.mark(news)}"
    return telling.cut(_still(telling.sentence(news)), _TEXT - len(tail)) + tail


def _chosen(answer: object, wanted: str) -> str:
    """The number of the transition that ends the issue, "" where none does."""
    found = at(answer, "transitions")
    all_of_them = found if isinstance(found, list) else []
    for each in all_of_them:
        names = {word(each, "name").casefold(), word(each, "to", "name").casefold()}
        if wanted and wanted.strip().casefold() in names:
            return word(each, "id")
    for each in all_of_them:
        if word(each, "to", "statusCategory", "key") == "done":
            return word(each, "id")
    return ""


def _said(body: dict[str, object]) -> Said | None:
    event = word(body, "webhookEvent")
    who = word(body, "user", "displayName") or word(body, "comment", "author", "displayName")
    issue = word(body, "issue", "id")
    if event == "comment_created":
        here = _OF_COMMENT.search(word(body, "comment", "self"))
        issue = issue or (here.group(1) if here else "")
        text = word(body, "comment", "body")
        told = bool(issue and text and not telling.is_ours(text))
        return Said(issue, "note", who, text) if told else None
    if event == "jira:issue_updated" and _is_done(body):
        return Said(issue, "resolve", who)
    return None


def _sent(body: dict[str, object]) -> datetime | None:
    """Its own time, in milliseconds."""
    sent = at(body, "timestamp")
    if not isinstance(sent, int) or not 0 < sent < _FAR:
        return None
    return datetime.fromtimestamp(sent / 1000, UTC)


def _is_done(body: dict[str, object]) -> bool:
    """Whether this very update is what moved it to done."""
    items = at(body, "changelog", "items")
    changed = [word(item, "field") for item in items] if isinstance(items, list) else []
    category = word(body, "issue", "fields", "status", "statusCategory", "key")
    return "status" in changed and category == "done"
