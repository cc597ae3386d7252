"""A Jira, of the cloud or a Data Center: issues, comments, a workflow, and a search by labels."""

import base64
import re
from typing import Any

from tests.doubles.desk import Desk, wrong
from tests.doubles.wire import Answer, Request

EMAIL, TOKEN, PROJECT = "ops@acme.example", "ATATT-canary", "OPS"
_PATH = re.compile(r"/rest/api/2/issue/(\w+)(/comment|/transitions)")
_JQL = re.compile(r'project = "(\w+)" AND labels = "(\w+)"')
CLOUD = "Basic " + base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
WORKFLOW = [
    ("11", "Start progress", "In Progress", "indeterminate"),
    ("31", "Won't do", "Rejected", "done"),
    ("41", "Finish", "Done", "done"),
]


class JiraDouble(Desk):
    def __init__(self, *, is_cloud: bool, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.is_cloud = is_cloud
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[str, list[str]] = {}
        self.workflow = WORKFLOW

    def work(self, request: Request) -> Answer:
        wanted = CLOUD if self.is_cloud else f"Bearer {TOKEN}"
        if request.headers.get("authorization") != wanted:
            return _no(401, "You are not authenticated.")
        if request.path == "/rest/api/2/issue" and request.method == "POST":
            return self._open(request)
        if request.path.startswith("/rest/api/2/search"):
            return self._search(request)
        found = _PATH.fullmatch(request.path)
        issue = next((each for each in self.issues if found and found[1] == each["id"]), None)
        if not found or not issue:
            return _no(404, "Issue does not exist or you do not have permission to see it.")
        if found[2] == "/comment":
            return self._comment(issue, request)
        return self._move(issue, request) if request.method == "POST" else self._moves()

    def _open(self, request: Request) -> Answer:
        fields = request.json["fields"]
        errors = {}
        if fields.get("project") != {"key": PROJECT}:
            errors["project"] = "valid project is required"
        if fields.get("issuetype", {}).get("name") not in {"Task", "Bug"}:
            errors["issuetype"] = "Specify a valid issue type"
        summary = fields.get("summary")
        if wrong(summary, str, 255) or "\n" in summary:
            errors["summary"] = "Summary must be less than 255 characters, on one line."
        if wrong(fields.get("description"), str, 32_767):
            errors["description"] = "The entered text is too long."
        if any(" " in label for label in fields.get("labels", [])):
            errors["labels"] = "The label can't contain spaces."
        if errors:
            return Answer.json({"errorMessages": [], "errors": errors}, 400)
        number = len(self.issues) + 1
        made = {"id": str(10_041 + number), "key": f"{PROJECT}-{number}"}
        self.issues.append({**made, **fields, "status": "To Do"})
        self.comments[made["id"]] = []
        return Answer.json({**made, "self": f"https://x/rest/api/2/issue/{made['id']}"}, 201)

    def _search(self, request: Request) -> Answer:
        """The cloud has taken the old one away."""
        is_new = request.path == "/rest/api/2/search/jql"
        if is_new != self.is_cloud:
            return _no(410 if self.is_cloud else 404, "The requested API has been removed.")
        asked = _JQL.fullmatch(request.query["jql"])
        assert asked, request.query["jql"]
        hits = [
            {"id": issue["id"], "key": issue["key"]}
            for issue in self.issues
            if asked[1] == PROJECT and asked[2] in issue["labels"]
        ]
        return Answer.json({"issues": hits[: int(request.query["maxResults"])], "isLast": True})

    def _comment(self, issue: dict[str, Any], request: Request) -> Answer:
        text = request.json.get("body")
        if wrong(text, str, 32_767):
            return _no(400, "Comment body is not valid!")
        self.comments[issue["id"]].append(text)
        return Answer.json({"id": "10070", "body": text}, 201)

    def _moves(self) -> Answer:
        told = [
            {"id": number, "name": name, "to": {"name": to, "statusCategory": {"key": category}}}
            for number, name, to, category in self.workflow
        ]
        return Answer.json({"expand": "transitions", "transitions": told})

    def _move(self, issue: dict[str, Any], request: Request) -> Answer:
        chosen = request.json["transition"]["id"]
        to = next((step[2] for step in self.workflow if step[0] == chosen), "")
        if not to:
            return _no(400, "It seems that you have tried to perform an illegal workflow operation")
        issue["status"] = to
        return Answer(204)


def _no(status: int, message: str) -> Answer:
    return Answer.json({"errorMessages": [message], "errors": {}}, status)
