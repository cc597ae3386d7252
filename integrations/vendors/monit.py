"""Monit: https://mmonit.com/monit/documentation/monit.html (EXEC, "Environment")

Monit has no webhook; a script it runs posts its environment as a form. The event is named after
the test and how it went ("Connection failed", "Connection succeeded"), so the key is the service
and the test without that. All tests of load, CPU, memory and space are one event, "Resource limit":
which of them it is stands in the description, "[cpu usage > 90.0%]" and then "[current cpu usage =
12.0%]". So does the port of a "Connection", "at [shop.example.com]:443" and then "to" it. A start,
a stop or an action done is an event, but no alert.
Sample: integrations/samples/monit.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field
from integrations.phrases import others, phrase
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER

_STATES = {
    "succeeded": RESOLVE, "ok": RESOLVE, "up": RESOLVE, "recovery": RESOLVE,
    "not changed": RESOLVE, "doesn't match": RESOLVE, "failed": TRIGGER, "exceeded": TRIGGER,
    "error": TRIGGER, "down": TRIGGER, "matched": TRIGGER, "match": TRIGGER, "changed": TRIGGER,
}  # fmt: skip
_END = re.compile(r"\s+(not changed|doesn't match|" + "|".join(_STATES) + r")$", re.IGNORECASE)
_RESOURCE = re.compile(
    r"matches resource limit \[(?P<bad>[^\]<>=!]{1,60}?)\s*[<>=!]"
    r"|\[current (?P<good>[^\]=]{1,60}?)\s*="
)
_PORT = re.compile(r"\b(?:at|to) (inet\[[^\]]{1,200}\]|\[[^\]]{1,200}\]:\d{1,5}|/[^\s]{1,200})")
_WHOLE = {
    "does not exist": ("existence", TRIGGER),
    "exists": ("existence", RESOLVE),
    "invalid type": ("type", TRIGGER),
    "monit instance changed": ("monit instance", IGNORE),
    "action done": ("action", IGNORE),
}


def _event(item: Any, top: Any) -> tuple[str, str]:
    """Which test it is, and what it asks for."""
    event = texts.words(field("event", "monit_event")(item, top)).strip().lower()[:200]
    which = _which(item, top)
    if which and event.startswith("resource limit "):
        event = event.replace("resource limit", which, 1)
    if event in _WHOLE:
        return _WHOLE[event]
    if end := _END.search(event):
        test = event[: end.start()]
        return f"{test} {which}" if which and test == "connection" else test, _STATES[end[1]]
    return event, TRIGGER


def _which(item: Any, top: Any) -> str:
    """Which limit it is, "cpu usage", or which port."""
    said = texts.words(field("description", "monit_description")(item, top))[:1000].lower()
    if found := _RESOURCE.search(said):
        which = (found["bad"] or found["good"]).strip()
        is_total = which == "cpu usage" and "total cpu usage" in said  # only the sentence tells
        return "total cpu usage" if is_total else which
    port = _PORT.search(said)
    return port[1] if port else ""


def _key(item: Any, top: Any) -> str:
    names = [field("host", "monit_host"), field("service", "monit_service")]
    host, service = (texts.words(name(item, top)) for name in names)
    return f"{host}/{service}/{_event(item, top)[0]}" if service else ""


monit = Vendor(
    kind="monit",
    label="Monit",
    action=lambda item, top: _event(item, top)[1],
    dedup_key=_key,
    title=phrase(
        field("host", "monit_host"),
        field("service", "monit_service"),
        field("description", "monit_description", "event", "monit_event"),
    ),
    description=field("description", "monit_description"),
    severity=field("severity"),
    details=others("description", "host", "service", "severity"),
    setup="""\
Save this as /usr/local/bin/alertops-monit and make it executable (chmod 755):

    #!/bin/sh
    exec curl -fsS --max-time 10 --retry 5 {url} \\
      --data-urlencode "host=$MONIT_HOST" \\
      --data-urlencode "service=$MONIT_SERVICE" \\
      --data-urlencode "event=$MONIT_EVENT" \\
      --data-urlencode "description=$MONIT_DESCRIPTION" \\
      --data-urlencode "date=$MONIT_DATE" \\
      --data-urlencode "severity=critical"

Name it in each test of monitrc that should page, for both ways, and run monit reload:

    check host shop with address shop.example.com
      if failed port 443 protocol https for 3 cycles
        then exec "/usr/local/bin/alertops-monit"
        else if succeeded then exec "/usr/local/bin/alertops-monit"

Without the else, alerts do not close by themselves.
""",
    docs="https://mmonit.com/monit/documentation/monit.html",
)
