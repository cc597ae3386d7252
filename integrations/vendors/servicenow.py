"""ServiceNow: https://www.servicenow.com/docs/ (business rules, sn_ws.RESTMessageV2)

ServiceNow has no webhook; a business rule sends what its script puts together, ours the record as
it is. A field is a number (state "2", priority "1") or what people see ("In Progress",
"1 - Critical"). Two tables: incidents have states, alerts of Event Management have 0 (clear) to
5 and words. A comment changes no state, so it neither opens nor closes anything; on hold means
that somebody has it. Sample: integrations/samples/servicenow.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import Words

_STATES = {
    "1": "trigger",
    "new": "trigger",
    "2": "acknowledge",
    "in progress": "acknowledge",
    "active": "acknowledge",
    "3": "acknowledge",
    "on hold": "acknowledge",
    "awaiting problem": "acknowledge",
    "awaiting user info": "acknowledge",
    "6": "resolve",
    "resolved": "resolve",
    "7": "resolve",
    "closed": "resolve",
    "8": "resolve",
    "canceled": "resolve",
    "cancelled": "resolve",
    "open": "trigger",
    "reopen": "trigger",
    "flapping": "trigger",
}
_NUMBERED = re.compile(r"\s*(\d)\s*-.*")
_FIVE = {"1": "critical", "2": "high", "3": "medium", "4": "low", "5": "info", "0": "info"}


def _ended(item: Any, top: Any) -> str:
    """An alert whose severity is 0 is over; an acknowledged one is in somebody's hands."""
    if not _is_alert(item):
        return ""
    if texts.words(field("severity")(item, top)).strip().lower() in {"0", "clear", "0 - clear"}:
        return "resolve"
    if choose("state", {"closed": "resolve"})(item, top):
        return "resolve"
    return "acknowledge" if choose("acknowledged", {"true": "y", "1": "y"})(item, top) else ""


def _is_alert(item: Any) -> bool:
    """Whether it comes from Event Management (em_alert) instead of the incidents."""
    return texts.words(field("number")(item, item)).lower().startswith("alert")


def _severity(item: Any, top: Any) -> str:
    names = ("severity", "priority") if _is_alert(item) else ("priority", "urgency", "severity")
    word = texts.words(field(*names)(item, top)).strip()
    found = _NUMBERED.fullmatch(word[:100])
    return _FIVE.get(found[1] if found else word, word)


servicenow = Vendor(
    kind="servicenow",
    label="ServiceNow",
    action=first(_ended, choose("state", _STATES), choose("incident_state", _STATES)),
    dedup_key=field("number", "sys_id"),
    title=phrase(
        "number", first(phrase("node", "metric_name"), field("short_description", "description"))
    ),
    description=field("description", "message", "additional_info"),
    severity=_severity,
    details=table(
        "category",
        "subcategory",
        "assignment_group",
        "assigned_to",
        "cmdb_ci",
        "business_service",
        "caller_id",
        "impact",
        "urgency",
        "source",
        "resource",
        "close_notes",
    ),
    links=(("ServiceNow", field("link", "url")),),
    words=Words(severities={"planning": "info", "moderate": "medium"}),
    setup="""\
In ServiceNow open System Definition → Business Rules → New: table Incident, when async, on insert
and update, Advanced. As filter choose what should page, and as script:

    (function executeRule(current, previous) {{
      var fields = ['number', 'sys_id', 'state', 'short_description', 'description', 'priority',
        'impact', 'urgency', 'category', 'assignment_group', 'assigned_to', 'cmdb_ci',
        'business_service', 'caller_id', 'close_notes'];
      var body = {{}};
      fields.forEach(function (name) {{ body[name] = current.getDisplayValue(name); }});
      body.state = current.getValue('state');
      body.link = gs.getProperty('glide.servlet.uri') + current.getLink(true);
      var request = new sn_ws.RESTMessageV2();
      request.setEndpoint('{url}');
      request.setHttpMethod('POST');
      request.setRequestHeader('Content-Type', 'application/json');
      request.setRequestBody(JSON.stringify(body));
      request.execute();
    }})(current, previous);

Do not put the state into the filter: an alert closes when the incident is resolved, and is taken
when it is put in progress. For Event Management, make the same rule on em_alert with number,
severity, state, acknowledged, node, metric_name, description, source and resource.
""",
    docs="https://www.servicenow.com/docs/csh?topicname=c_BusinessRules.html",
)
