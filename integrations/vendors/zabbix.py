"""Zabbix: https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook

The media type below posts its parameters as they are. A problem has one event id, which its
updates and its recovery repeat. An update is a comment, an acknowledgement, a change of severity
or several at once, said in words: only an acknowledgement and a close mean something to us. A
macro that has no value stays as it is or is "*UNKNOWN*", in Zabbix's own test all of them are.
Zabbix's own media types give the same macros other names (event_update_status, event_nseverity,
alert_subject), which are understood as well. Warning is less than Average.
Sample: integrations/samples/zabbix.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first
from integrations.phrases import filled, others, phrase, unfilled
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, RESOLVE, Words

_absent = unfilled(r"\{[$#A-Z][^{}]*\}|\*UNKNOWN\*|<put your [^<>]*>")
_SHOWN = (
    "event_id", "event_name", "event_value", "update_status", "update_action", "severity", "host",
    "message", "subject", "tags", "zabbix_url", "event_update_status", "event_update_action",
    "event_severity", "alert_message", "alert_subject", "event_tags", "host_name",
)  # fmt: skip
_NUMBERS = {"5": "critical", "4": "high", "3": "medium", "2": "low", "1": "info", "0": "info"}


def _updated(item: Any, top: Any) -> str:
    """What an update asks for, if it is one."""
    if texts.words(field("update_status", "event_update_status")(item, top)).strip() != "1":
        return ""
    said = texts.words(filled(_absent, "update_action", "event_update_action")(item, top)).lower()
    acts = {part.strip().split(" ")[0] for part in said[:500].split(",")}
    if "closed" in acts:
        return RESOLVE
    return ACKNOWLEDGE if "acknowledged" in acts else IGNORE


def _link(item: Any, top: Any) -> str:
    base, trigger, event = (
        texts.words(filled(_absent, name)(item, top))
        for name in ("zabbix_url", "trigger_id", "event_id")
    )
    if not (base and trigger and event):
        return base
    return f"{base.rstrip('/')}/tr_events.php?triggerid={trigger}&eventid={event}"


def _test(item: Any, top: Any) -> str:
    is_ours = field("event_id")(item, top) is not None
    return "A test from Zabbix" if is_ours else ""


zabbix = Vendor(
    kind="zabbix",
    label="Zabbix",
    action=first(_updated, choose("event_value", {"1": "trigger", "0": "resolve"})),
    dedup_key=filled(_absent, "event_id"),
    title=first(
        phrase(
            filled(_absent, "host", "host_name"),
            filled(_absent, "event_name", "subject", "alert_subject"),
        ),
        _test,
    ),
    description=filled(_absent, "message", "alert_message"),
    severity=first(
        choose(field("nseverity", "event_nseverity"), _NUMBERS),
        filled(_absent, "severity", "event_severity"),
    ),
    details=others(*_SHOWN, absent=_absent),
    tags=filled(_absent, "tags", "event_tags"),
    absent=_absent,
    links=(("Zabbix", _link),),
    words=Words(severities={"disaster": "critical", "average": "medium", "warning": "low"}),
    setup="""\
In Zabbix open Alerts → Media types → Create media type, type Webhook, with these parameters:

    url            {url}
    event_id       {{EVENT.ID}}
    event_value    {{EVENT.VALUE}}
    event_name     {{EVENT.NAME}}
    update_status  {{EVENT.UPDATE.STATUS}}
    update_action  {{EVENT.UPDATE.ACTION}}
    severity       {{EVENT.SEVERITY}}
    nseverity      {{EVENT.NSEVERITY}}
    host           {{HOST.NAME}}
    ip             {{HOST.IP}}
    trigger_id     {{TRIGGER.ID}}
    opdata         {{EVENT.OPDATA}}
    tags           {{EVENT.TAGS}}
    subject        {{ALERT.SUBJECT}}
    message        {{ALERT.MESSAGE}}
    zabbix_url     {{$ZABBIX.URL}}

and this script:

    var params = JSON.parse(value), request = new HttpRequest(), url = params.url;
    delete params.url;
    request.addHeader('Content-Type: application/json');
    var answer = request.post(url, JSON.stringify(params));
    if (request.getStatus() !== 202) {{
        throw 'AlertOps answered ' + request.getStatus() + ': ' + answer;
    }}
    return answer;

Add a message template for each of Problem, Problem recovery and Problem update, give the media to
a user, and let a trigger action send to that user, with recovery and update operations.
""",
    docs="https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook",
)
