"""GitLab issues. An alert opens one, its timeline becomes comments, its end closes it.

https://docs.gitlab.com/api/issues/ and https://docs.gitlab.com/api/notes/; a title has 255
characters, a text 1,048,576. The project is its path, with %2F for the slash, or its number.
https://docs.gitlab.com/user/project/integrations/webhook_events/ (issue events, comments on
issues); the secret token comes as it is in `X-Gitlab-Token`.

GitLab takes no key of ours that would make a second issue impossible, but finds our mark in a
description at once: after a lost answer it is asked first. It sends system notes ("closed") and
edits as comments too; neither is a note here. `action` is missing before 16.11.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

from integrations.outbound import bodies, markdown, proofs, telling
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

_TITLE, _TEXT = 255, 12_000  # answers bring it back, and no more than 64 KiB are read


class GitLab(Tool):
    slug, label = "gitlab", "GitLab issues"
    summary = "An issue for every alert; comments and closing work both ways."
    listens = True
    settings = (
        Setting("project", "Project", "group/project, or its number."),
        Setting(
            "token",
            "Access token",
            "Of a project, a group or a person, with the scope api and at least the role Reporter.",
            is_secret=True,
        ),
        Setting(
            "webhook_secret",
            "Webhook's secret token",
            "Without it nothing that comes from GitLab is believed.",
            is_secret=True,
            is_proof=True,
            is_required=False,
        ),
        Setting("labels", "Labels", "With commas between.", is_required=False, default="alertops"),
        Setting(
            "confidential",
            "Issues are",
            choices=(("no", "as visible as the project"), ("yes", "confidential")),
            is_required=False,
            default="no",
        ),
        Setting(
            "site",
            "GitLab's address",
            is_address=True,
            is_required=False,
            default="https://gitlab.com",
        ),
    )
    steps = """\
In GitLab open the project → Settings → Access tokens → Add new token. Choose the role Reporter and
the scope api, and paste the token here.

To hear what happens in GitLab: make up a secret of 16 characters or more and paste it here as the
webhook's secret token. Then in the project open Settings → Webhooks → Add new webhook and paste:

    {hook}

Paste the same secret token, tick Issues events and Comments (and their confidential kinds, if the
issues are confidential), and leave Push events out.

Closing the issue resolves the alert; a comment becomes a note.
"""

    def check(self, settings: Mapping[str, str]) -> None:
        project = settings["project"].strip("/")
        if "/" not in project and not project.isdigit():
            raise ValueError("Write the project as group/project, or its number.")

    def next(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        if talk.reference:
            return self._tell(news, settings, talk)
        if news.is_over or talk.has_posted or self.opened(news, talk):
            return None
        issues = f"{_project(settings['project'].strip('/'), settings)}/issues"
        if talk.again and not talk.turns:
            looked_for = {"search": telling.mark(news), "in": "description", "per_page": 1}
            return telling.ask(f"{issues}?{urlencode(looked_for)}", _headers(settings))
        issue = {
            "title": telling.title(news, _TITLE),
            "description": markdown.issue(news, _TEXT),
            "labels": settings.get("labels", ""),
            "confidential": settings.get("confidential") == "yes",
        }
        return telling.send("POST", issues, issue, _headers(settings))

    def _tell(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        project, _, number = talk.reference.partition("#")
        issue = f"{_project(project, settings)}/issues/{number}"
        if news.kind == "resolved" and not talk.turns:
            return telling.send("PUT", issue, {"state_event": "close"}, _headers(settings))
        if news.kind == "opened" or talk.has_posted:
            return None
        said = {"body": markdown.comment(news, _TEXT)}
        return telling.send("POST", f"{issue}/notes", said, _headers(settings))

    def opened(self, news: News, talk: Talk) -> str:
        for turn in talk.turns:
            found = bodies.of(turn.answer)
            issue = at(found, 0) if isinstance(found, list) else found
            project, number = word(issue, "project_id"), word(issue, "iid")
            if project and number:
                return f"{project}#{number}"
        return ""

    def place(self, settings: Mapping[str, str], reference: str, talk: Talk) -> Place:
        for turn in talk.turns:
            found = bodies.of(turn.answer)
            issue = at(found, 0) if isinstance(found, list) else found
            if url := word(issue, "web_url"):
                is_there = url.startswith(f"{_site(settings)}/")
                name = word(issue, "references", "full") or f"#{word(issue, 'iid')}"
                return Place(name, url if is_there else "")
        return Place(f"#{reference.rpartition('#')[2]}")

    def judge(self, answer: Answer) -> None:
        if answer.status in {400, 401, 403, 404, 422}:
            body = bodies.of(answer)
            why = word(body, "message") or word(body, "error") or str(at(body, "message") or "")
            raise Rejected(f"GitLab answered {answer.status}: {telling.cut(why, 200)}")
        super().judge(answer)

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        secrets = settings.get("webhook_secret", "")
        proofs.check_secret(secrets, headers.get("x-gitlab-token", ""))
        said = _said(bodies.arrived(raw, headers))
        return Reading(
            said=(said,) if said else (),
            delivery=headers.get("idempotency-key", ""),  # since 17.4
        )


def _site(settings: Mapping[str, str]) -> str:
    return (settings.get("site") or "https://gitlab.com").rstrip("/")


def _project(project: str, settings: Mapping[str, str]) -> str:
    return f"{_site(settings)}/api/v4/projects/{quote(project, safe='')}"


def _headers(settings: Mapping[str, str]) -> dict[str, str]:
    return {"PRIVATE-TOKEN": settings["token"]}


def _said(body: dict[str, object]) -> Said | None:
    kind, project = word(body, "object_kind"), word(body, "project", "id")
    who = word(body, "user", "name") or word(body, "user", "username")
    told = at(body, "object_attributes")
    if kind in {"issue", "work_item"} and word(told, "action") == "close":
        return Said(f"{project}#{word(told, 'iid')}", "resolve", who)
    if kind == "note" and word(told, "noteable_type") == "Issue" and not at(told, "system"):
        text = word(told, "note")
        is_new = word(told, "action") in {"", "create"}
        if is_new and text and not telling.is_ours(text):
            return Said(f"{project}#{word(body, 'issue', 'iid')}", "note", who, text)
    return None
