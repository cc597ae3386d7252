"""Oh Dear: https://ohdear.app/docs/integrations/webhooks

The type of a message names the check and what happened to it: "uptimeCheckFailedNotification" and
"uptimeCheckRecoveredNotification", nowadays with "http" in front. The site stands at the top or in
the run, in a failure often only there; site and check together are the key. What is found (broken
links, mixed content) is told once and never closed. Sample: integrations/samples/ohdear.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, table
from integrations.phrases import phrase
from integrations.vocabulary import RESOLVE, TRIGGER

_OUTCOME = re.compile(r"(failed|recovered|warning|notification)", re.IGNORECASE)
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SITE = field("site.id", "monitor.id", "run.check.monitor.id", "site.url", "monitor.url")
_LABEL = field("site.label", "monitor.label", "run.check.monitor.label", "site.url", "monitor.url")
_URL = field("site.url", "monitor.url", "run.check.monitor.url")


def _type(item: Any) -> str:
    return texts.words(field("type")(item, item))[:200]


def _what(item: Any) -> str:
    """The check, without what happened to it: "uptimeCheck"."""
    return _OUTCOME.sub("", _type(item).removeprefix("http"))


def _action(item: Any, top: Any) -> str:
    return RESOLVE if "recovered" in _type(item).lower() else TRIGGER


def _key(item: Any, top: Any) -> str:
    site = texts.words(_SITE(item, top))
    return f"{site}/{_what(item).lower()}" if site else ""


def _how(item: Any, top: Any) -> str:
    """The type as words: "uptime check failed"."""
    told = _type(item).removeprefix("http").removesuffix("Notification")
    return _WORDS.sub(" ", told).capitalize()


def _severity(item: Any, top: Any) -> str:
    if "uptime" in _what(item).lower():
        return "critical"
    return "medium" if "warning" in _type(item).lower() or "Soon" in _type(item) else ""


ohdear = Vendor(
    kind="ohdear",
    label="Oh Dear",
    action=_action,
    dedup_key=_key,
    title=phrase(_LABEL, _how),
    description=field("run.check.latest_completed_run_summary", "run.result_payload.error"),
    severity=_severity,
    details=table("dateTime", url="run.check.monitor.url", check="run.check.label"),
    tags=lambda item, top: None,
    links=(("Checked", _URL),),
    setup="""\
In Oh Dear open Team settings → Notifications (or a monitor's own) → Webhook, and paste:

    {url}

Tick failures together with their recoveries. Leave out what only reports, such as summaries.
""",
    docs="https://ohdear.app/docs/integrations/webhooks",
)
