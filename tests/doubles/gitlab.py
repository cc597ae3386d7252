"""A GitLab with one project: issues, their notes, and a search that knows no comments of HTML."""

import re
from typing import Any
from urllib.parse import unquote

from tests.doubles.desk import Desk, effects, wrong
from tests.doubles.wire import Answer, Request

TOKEN, PROJECT, NUMBER = "glpat-canary", "acme/payments", 5
_PATH = re.compile(r"/api/v4/projects/([^/]+)/issues(?:/(\d+)(/notes)?)?")


class GitLabDouble(Desk):
    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.issues: list[dict[str, Any]] = []
        self.notes: dict[int, list[str]] = {}

    def work(self, request: Request) -> Answer:
        found = _PATH.fullmatch(request.path)
        if request.headers.get("private-token") != TOKEN:
            return Answer.json({"message": "401 Unauthorized"}, 401)
        if not found or unquote(found[1]) not in {PROJECT, str(NUMBER)}:
            return Answer.json({"message": "404 Project Not Found"}, 404)
        if not found[2]:
            return self._search(request) if request.method == "GET" else self._open(request)
        number = int(found[2])
        if number > len(self.issues):
            return Answer.json({"message": "404 Not found"}, 404)
        return self._note(number, request) if found[3] else self._edit(number, request)

    def _search(self, request: Request) -> Answer:
        wanted = request.query["search"]
        hits = [
            issue
            for issue in self.issues
            if wanted in re.sub(r"<!--.*?-->", "", issue["description"], flags=re.DOTALL)
        ]
        return Answer.json(hits[: int(request.query.get("per_page", 20))])

    def _open(self, request: Request) -> Answer:
        sent = request.json
        if wrong(sent.get("title"), str, 255):
            return Answer.json({"message": {"title": ["is too long"]}}, 400)
        if wrong(sent.get("description"), str, 1_048_576) or not isinstance(sent["labels"], str):
            return Answer.json({"error": "description is invalid"}, 400)
        self.carried_out += effects(sent["description"])
        issue = {
            "id": 300 + len(self.issues),
            "iid": len(self.issues) + 1,
            "project_id": NUMBER,
            "title": sent["title"],
            "description": sent["description"],
            "labels": sent["labels"].split(","),
            "confidential": bool(sent.get("confidential")),
            "state": "opened",
            "references": {"full": f"acme/payments#{len(self.issues) + 1}"},
            "web_url": f"{self.base_url}/acme/payments/-/issues/{len(self.issues) + 1}",
        }
        self.issues.append(issue)
        self.notes[len(self.issues)] = []
        return Answer.json(issue, 201)

    def _edit(self, number: int, request: Request) -> Answer:
        if request.method != "PUT" or request.json != {"state_event": "close"}:
            return Answer.json({"error": "state_event does not have a valid value"}, 400)
        self.issues[number - 1]["state"] = "closed"
        return Answer.json(self.issues[number - 1])

    def _note(self, number: int, request: Request) -> Answer:
        text = request.json.get("body")
        if request.method != "POST" or wrong(text, str, 1_000_000):
            return Answer.json({"message": '400 (Bad request) "body" not given'}, 400)
        self.carried_out += effects(text)
        self.notes[number].append(text)
        return Answer.json({"id": 1, "body": text}, 201)
