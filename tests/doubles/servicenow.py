"""A ServiceNow with its incident table."""

import base64
import re
from typing import Any
from uuid import uuid4

from tests.doubles.desk import Desk, wrong
from tests.doubles.wire import Answer, Request

USER, PASSWORD = "alertops", "canary-password"
TABLE = "/api/now/table/incident"
LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
LENGTHS = {"short_description": 160, "description": 4_000, "correlation_id": 100}
CODES = {"Solution provided", "Workaround provided", "User error"}


class ServiceNowDouble(Desk):
    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.incidents: list[dict[str, Any]] = []
        self.notes: dict[str, list[str]] = {}

    def work(self, request: Request) -> Answer:
        if request.headers.get("authorization") != LOGIN:
            return _no(401, "User Not Authenticated")
        if request.path == TABLE:
            return self._search(request) if request.method == "GET" else self._open(request)
        sys_id = request.path.removeprefix(f"{TABLE}/")
        incident = next((each for each in self.incidents if each["sys_id"] == sys_id), None)
        if incident is None:
            return _no(404, "No Record found")
        return self._change(incident, request)

    def _open(self, request: Request) -> Answer:
        sent = request.json
        for field, longest in LENGTHS.items():
            if wrong(sent.get(field), str, longest):
                return _no(400, f"{field} is too long")
        if not {sent.get("impact"), sent.get("urgency")} <= {"1", "2", "3"}:
            return _no(400, "Invalid choice")
        number = f"INC{10_042 + len(self.incidents):07d}"
        incident = {"sys_id": uuid4().hex, "number": number, "state": "1", **sent}
        self.incidents.append(incident)
        self.notes[incident["sys_id"]] = []
        return _shown(incident, request, 201)

    def _search(self, request: Request) -> Answer:
        query = request.query["sysparm_query"]
        assert re.fullmatch(r"correlation_id=\w+", query), query
        wanted = query.partition("=")[2]
        hits = [each for each in self.incidents if each["correlation_id"] == wanted]
        found = [_only(each, request) for each in hits[: int(request.query["sysparm_limit"])]]
        return Answer.json({"result": found})

    def _change(self, incident: dict[str, Any], request: Request) -> Answer:
        sent = request.json
        if request.method != "PATCH" or wrong(sent.get("work_notes", "x"), str, 4_000):
            return _no(400, "work_notes is too long")
        if sent.get("state") == "6":
            if sent.get("close_code") not in CODES or wrong(sent.get("close_notes"), str, 4_000):
                return _no(403, "Data Policy Exception: Resolution code, Resolution notes")
            incident["state"] = "6"
        if note := sent.get("work_notes"):
            self.notes[incident["sys_id"]].append(note)
        return _shown(incident, request, 200)

    def wait(self) -> Answer:
        return Answer.json(
            {"error": {"message": "Rate limit exceeded"}}, 429, **{"Retry-After": "9"}
        )


def _only(incident: dict[str, Any], request: Request) -> dict[str, Any]:
    wanted = request.query["sysparm_fields"].split(",")
    return {name: incident[name] for name in wanted}


def _shown(incident: dict[str, Any], request: Request, status: int) -> Answer:
    return Answer.json({"result": _only(incident, request)}, status)


def _no(status: int, message: str) -> Answer:
    return Answer.json({"error": {"message": message, "detail": ""}, "status": "failure"}, status)
