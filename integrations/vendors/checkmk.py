"""Checkmk: https://docs.checkmk.com/latest/en/notifications.html#scripts

A notification script sends every NOTIFY_ variable as JSON, without the prefix. Host and service
are the key; the type says what happened. While something flaps Checkmk tells neither problems nor
recoveries, so the start of it is a problem and its end whatever the state is by then. Downtimes are
no alerts. The Event Console notifies as if of a service, "Event Console" or a syslog's application,
whatever the event: there its number is the key. Icinga speaks the same words.
Sample: integrations/samples/checkmk.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Pick, Vendor, field, first, joined, table
from integrations.vocabulary import ACKNOWLEDGE, IGNORE, RESOLVE, TRIGGER, Words

_GOOD = {"ok", "up"}
STATES = Words(
    severities={
        "down": "critical",
        "unreachable": "high",
        "unreach": "high",
        "unknown": "medium",
    }
)


def badness(state: Pick) -> Pick:
    """The state as a severity; a good one says nothing about how bad it was."""

    def severity(item: Any, top: Any) -> str:
        text = texts.words(state(item, top))
        return "" if text.lower() in _GOOD else text

    return severity


def notification(kind: Pick, state: Pick) -> Pick:
    """What a notification of this kind asks for: the words of Nagios and its children."""

    def action(item: Any, top: Any) -> str:
        word = texts.words(kind(item, top)).upper().split(" ")[0]
        is_good = texts.words(state(item, top)).lower() in _GOOD
        if word == "RECOVERY":
            return RESOLVE
        if word == "ACKNOWLEDGEMENT":
            return ACKNOWLEDGE
        if word.startswith(("DOWNTIME", "ALERTHANDLER")):
            return IGNORE
        if word in {"FLAPPINGSTOP", "FLAPPINGEND", "FLAPPINGDISABLED"}:
            return RESOLVE if is_good else TRIGGER
        return RESOLVE if is_good and not word else TRIGGER

    return action


_STATE = field("SERVICESTATE", "HOSTSTATE")


def _title(item: Any, top: Any) -> str:
    host, service, state = (
        texts.words(field(name)(item, top)) for name in ("HOSTNAME", "SERVICEDESC", "HOSTSTATE")
    )
    if service:
        return f"{service} on {host} is {texts.words(_STATE(item, top))}"
    return f"{host} is {state}" if host else ""


checkmk = Vendor(
    kind="checkmk",
    label="Checkmk",
    action=notification(field("NOTIFICATIONTYPE"), _STATE),
    dedup_key=first(
        joined("EC_ID", "OMD_SITE", "HOSTNAME"),
        joined("OMD_SITE", "HOSTNAME", "SERVICEDESC"),
        joined("HOSTNAME", "SERVICEDESC"),
    ),
    title=_title,
    description=first(
        field("LONGSERVICEOUTPUT"), field("SERVICEOUTPUT"), field("LONGHOSTOUTPUT", "HOSTOUTPUT")
    ),
    severity=badness(_STATE),
    details=table(
        "HOSTNAME",
        "HOSTALIAS",
        "HOSTADDRESS",
        "SERVICEDESC",
        "SERVICEOUTPUT",
        "HOSTOUTPUT",
        "NOTIFICATIONCOMMENT",
        "NOTIFICATIONAUTHOR",
        "OMD_SITE",
    ),
    links=(("Checkmk", field("LINK")),),
    words=STATES,
    setup="""\
As the site's user, save this as ~/local/share/check_mk/notifications/alertops and make it
executable (chmod +x):

    #!/usr/bin/env python3
    # AlertOps
    import json, os, urllib.request
    body = {{k[7:]: v for k, v in os.environ.items() if k.startswith("NOTIFY_")}}
    path = body.get("SERVICEURL") or body.get("HOSTURL", "")
    body["LINK"] = f"https://{{body.get('MONITORING_HOST')}}/{{body.get('OMD_SITE')}}{{path}}"
    urllib.request.urlopen(urllib.request.Request(
        "{url}", json.dumps(body).encode(), {{"Content-Type": "application/json"}}
    ), timeout=10)

Then open Setup → Events → Notifications → Add rule, choose AlertOps as the method, and let it match
host and service problems, recoveries and acknowledgements.
""",
    docs="https://docs.checkmk.com/latest/en/notifications.html",
)
