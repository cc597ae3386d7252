"""A GitHub with one repository: issues and their comments, with its rules of who may do what."""

import re
from typing import Any

from tests.doubles.desk import Desk, effects, wrong
from tests.doubles.wire import Answer, Request

TOKEN, REPOSITORY = "github_pat_canary", "Acme/payments"
_PATH = re.compile(r"/repos/([\w.-]+/[\w.-]+)/issues(?:/(\d+)(/comments)?)?")


class GitHubDouble(Desk):
    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[str]] = {}
        self.deleted: set[int] = set()
        self.by_others: set[int] = set()
        self.now = "2026-03-02T03:00:05Z"

    def work(self, request: Request) -> Answer:
        found = _PATH.fullmatch(request.path)
        if not request.headers.get("user-agent"):
            return _no(403, "Request forbidden by administrative rules.")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _no(401, "Bad credentials")
        if request.path == "/graphql":
            return self._list(request)
        if not found or found[1].lower() != REPOSITORY.lower():
            return _no(404, "Not Found")
        if request.headers.get("x-github-api-version") != "2022-11-28":
            return _no(400, "Unknown version")
        if not found[2]:
            return self._open(request)
        number = int(found[2])
        if number in self.deleted:
            return _no(410, "This issue was deleted")
        if number > len(self.issues):
            return _no(404, "Not Found")
        return self._comment(number, request) if found[3] else self._edit(number, request)

    def _list(self, request: Request) -> Answer:
        """GraphQL, for the one query that is asked: newest first, a page at a time."""
        query, known = request.json["query"], request.json["variables"]
        assert "orderBy:{field:CREATED_AT,direction:DESC}" in query.replace("\n", "")
        assert "states" not in query, "closed ones would be missed"
        if f"{known['owner']}/{known['name']}".lower() != REPOSITORY.lower():
            return Answer.json({"data": {"repository": None}, "errors": [{"message": "no such"}]})
        begin, newest = int(known["after"] or 0), self.issues[::-1]
        end = begin + known["first"]
        nodes = [
            {
                "number": issue["number"],
                "title": issue["title"],
                "createdAt": issue["created_at"],
                "viewerDidAuthor": issue["number"] not in self.by_others,
            }
            for issue in newest[begin:end]
        ]
        page = {"hasNextPage": end < len(newest), "endCursor": str(end)}
        return Answer.json({"data": {"repository": {"issues": {"nodes": nodes, "pageInfo": page}}}})

    def _open(self, request: Request) -> Answer:
        sent = request.json
        labels = sent.get("labels", [])
        if wrong(sent.get("title"), str, 256) or wrong(sent.get("body"), str, 65_536):
            return _no(422, "Validation Failed")
        if not all(isinstance(label, str) and label for label in labels):
            return _no(422, "Validation Failed")
        self.carried_out += effects(sent["body"])
        number = len(self.issues) + 1
        api = f"https://api.github.com/repos/{REPOSITORY}"
        issue = {
            "number": number,
            "repository_url": api,
            "title": sent["title"],
            "body": sent["body"],
            "state": "open",
            "labels": [{"name": label} for label in labels],
            "created_at": self.now,
        }
        self.issues.append(issue)
        self.comments[number] = []
        return Answer.json(issue, 201)

    def _edit(self, number: int, request: Request) -> Answer:
        sent = request.json
        if request.method != "PATCH" or sent.get("state") not in {"open", "closed"}:
            return _no(422, "Validation Failed")
        if sent.get("state_reason") not in {None, "completed", "not_planned", "reopened"}:
            return _no(422, "Validation Failed")
        self.issues[number - 1]["state"] = sent["state"]
        return Answer.json(self.issues[number - 1])

    def _comment(self, number: int, request: Request) -> Answer:
        text = request.json.get("body")
        if request.method != "POST" or wrong(text, str, 65_536):
            return _no(422, "Validation Failed")
        self.carried_out += effects(text)
        self.comments[number].append(text)
        return Answer.json({"id": 1, "body": text}, 201)

    def wait(self) -> Answer:
        """A rate limit, as it is told for writing too fast."""
        told = {"message": "You have exceeded a secondary rate limit."}
        return Answer.json(told, 403, **{"Retry-After": "60"})


def _no(status: int, message: str) -> Answer:
    return Answer.json({"message": message, "documentation_url": "https://docs.github.com"}, status)
