"""ServiceNow incidents through the Table API. An alert opens one, its timeline becomes work notes,
its end resolves it.

https://www.servicenow.com/docs/bundle/zurich-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html
A short description has 160 characters, a description and a work note 4,000. States: 6 resolved,
7 closed; resolving wants a close code that exists in the instance, and close notes. Impact and
urgency are 1 to 3.

`correlation_id` (100 characters) is made for our mark: after a lost answer the incident that has it
is asked for. What comes back is sent by a business rule that the steps hold, with a header of ours,
since the platform signs nothing. Its getJournalEntry(1) begins with a line that names time and
author.
"""

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from integrations.outbound import bodies, proofs, telling
from integrations.outbound.bodies import word
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

_TITLE, _TEXT = 160, 4_000
_FIELDS = "sysparm_fields=sys_id,number"
_WEIGHT = {"critical": "1", "high": "2", "medium": "2"}
_OVER = {"6", "7"}
_HEAD = re.compile(r"\A[^\n]* - [^\n]*\([^\n]*\)\n")


class ServiceNow(Tool):
    slug, label = "servicenow", "ServiceNow"
    summary = "An incident for every alert; work notes and Resolved work both ways."
    listens = True
    settings = (
        Setting("site", "Instance", "https://acme.service-now.com", is_address=True),
        Setting("user", "User", "With the roles itil and rest_service, and no more."),
        Setting("password", "Password", is_secret=True),
        Setting("assignment_group", "Assignment group", "Its sys_id.", is_required=False),
        Setting("caller", "Caller", "Its sys_id.", is_required=False),
        Setting(
            "close_code",
            "Resolution code",
            "One of your instance's: Solution provided, Solved (Permanently) …",
            is_required=False,
            default="Solution provided",
        ),
        Setting(
            "webhook_secret",
            "Secret for the business rule",
            "Make up one of 16 characters or more. Without it nothing that comes in is believed.",
            is_secret=True,
            is_proof=True,
            is_required=False,
        ),
    )
    steps = """\
In ServiceNow make a user for AlertOps with the roles itil and rest_service, tick Web service access
only, and enter its name and password here.

To hear what happens in ServiceNow: make up a secret of 16 characters or more, enter it here, and
create a system property alertops.secret of type password2 with the same. Then open System
Definition → Business Rules → New: table Incident, Advanced, when after, update, and paste as
script:

    (function executeRule(current, previous) {{
      if (current.correlation_display != 'AlertOps' || gs.getUserName() == 'alertops') return;
      var isNote = current.work_notes.changes() || current.comments.changes();
      if (!isNote && !current.state.changes()) return;
      var field = current.work_notes.changes() ? 'work_notes' : 'comments';
      var told = new sn_ws.RESTMessageV2();
      told.setHttpMethod('POST');
      told.setEndpoint('{hook}');
      told.setRequestHeader('Content-Type', 'application/json');
      told.setRequestHeader('X-AlertOps-Secret', gs.getProperty('alertops.secret'));
      told.setRequestBody(JSON.stringify({{
        sys_id: current.getUniqueValue(),
        number: current.getValue('number'),
        state: current.state.changes() ? current.getValue('state') : '',
        note: isNote ? current[field].getJournalEntry(1) : '',
        user: gs.getUserDisplayName()
      }}));
      told.executeAsync();
    }})(current, previous);

Write your user's name where it says 'alertops'. Resolving or closing the incident resolves the
alert; work notes and comments become notes.
"""

    def next(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        table, auth = f"{settings['site'].rstrip('/')}/api/now/table/incident", _auth(settings)
        if talk.reference:
            if talk.turns or news.kind == "opened":
                return None
            told = _resolved(news, settings) if news.kind == "resolved" else _note(news)
            return telling.send("PATCH", f"{table}/{talk.reference}?{_FIELDS}", told, auth)
        if news.is_over or talk.has_posted or self.opened(news, talk):
            return None
        if talk.again and not talk.turns:
            known = {"sysparm_query": f"correlation_id={telling.mark(news)}", "sysparm_limit": 1}
            return telling.ask(f"{table}?{urlencode(known)}&{_FIELDS}", auth)
        return telling.send("POST", f"{table}?{_FIELDS}", _incident(news, settings), auth)

    def opened(self, news: News, talk: Talk) -> str:
        for turn in talk.turns:
            found = bodies.of(turn.answer)
            if name := word(found, "result", "sys_id") or word(found, "result", 0, "sys_id"):
                return name
        return ""

    def place(self, settings: Mapping[str, str], reference: str, talk: Talk) -> Place:
        answers = [bodies.of(turn.answer) for turn in talk.turns]
        numbers = (
            word(each, "result", "number") or word(each, "result", 0, "number") for each in answers
        )
        page = urlencode({"uri": f"incident.do?sys_id={reference}"})
        name = next(filter(None, numbers), "Incident")
        return Place(name, f"{settings['site'].rstrip('/')}/nav_to.do?{page}")

    def judge(self, answer: Answer) -> None:
        if answer.status in {400, 401, 403, 404}:
            why = word(bodies.of(answer), "error", "message") or "no reason given"
            raise Rejected(f"ServiceNow answered {answer.status}: {telling.cut(why, 200)}")
        if answer.status == 200 and bodies.of(answer) is None:
            raise Rejected("A page came back instead of data: the instance may be asleep.")
        super().judge(answer)

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        secrets = settings.get("webhook_secret", "")
        proofs.check_secret(secrets, headers.get("x-alertops-secret", ""))
        body = bodies.arrived(raw, headers)
        incident, who = word(body, "sys_id"), word(body, "user")
        said = []
        note = _HEAD.sub("", word(body, "note")).strip()
        if incident and note and not telling.is_ours(note):
            said.append(Said(incident, "note", who, note))
        if incident and word(body, "state") in _OVER:
            said.append(Said(incident, "resolve", who))
        return Reading(said=tuple(said))


def _auth(settings: Mapping[str, str]) -> dict[str, str]:
    pair = base64.b64encode(f"{settings['user']}:{settings['password']}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _incident(news: News, settings: Mapping[str, str]) -> dict[str, str]:
    weight = _WEIGHT.get(news.alert.severity, "3")
    said = f"{telling.sentence(news)}\n\n" if news.kind != "opened" and news.words else ""
    incident = {
        "short_description": telling.title(news, _TITLE),
        "description": f"{news.alert.url}\n\n{said}{telling.plain(news, _TEXT)}"[:_TEXT],
        "impact": weight,
        "urgency": weight,
        "correlation_id": telling.mark(news),
        "correlation_display": "AlertOps",
    }
    chosen = {
        "assignment_group": settings.get("assignment_group", ""),
        "caller_id": settings.get("caller", ""),
    }
    return incident | {name: value for name, value in chosen.items() if value}


def _note(news: News) -> dict[str, str]:
    tail = f"\n\nAlertOps, {telling.mark(news)}"
    # [code] would let a journal field show HTML.
    said = telling.sentence(news).replace("[code]", "[ code ]")
    return {"work_notes": telling.cut(said, _TEXT - len(tail)) + tail}


def _resolved(news: News, settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "state": "6",
        "close_code": settings.get("close_code") or "Solution provided",
        "close_notes": telling.cut(telling.sentence(news) or "Resolved in AlertOps.", _TEXT),
        **_note(news),
    }
