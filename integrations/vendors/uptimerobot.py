"""UptimeRobot: https://help.uptimerobot.com/en/articles/11360878-webhook-integration

The body is the customer's, written with *variables*; ours is the one below. The type is 1 down,
2 up, 3 a certificate that is soon over. What else there is to tell of a monitor (its domain) is
not its outage either: nothing ends it, least of all the monitor that is up.
A variable without a value stays as it is. Where the body brings no id, as in the one that Grafana
OnCall asks for, name and address are the key: several monitors may watch one address.
Sample: integrations/samples/uptimerobot.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first, table
from integrations.phrases import filled, phrase, unfilled

_absent = unfilled(r"\*[A-Za-z]+\*")
_TYPES = {"1": "trigger", "2": "resolve", "3": "trigger"}
_NAMES = {"down": "trigger", "up": "resolve"}
_NAME = filled(_absent, "monitorFriendlyName", "monitorURL")


def _key(item: Any, top: Any) -> str:
    named = phrase(filled(_absent, "monitorFriendlyName"), filled(_absent, "monitorURL"), by="/")
    found = texts.words(first(filled(_absent, "monitorID"), named)(item, top))
    kind = texts.words(filled(_absent, "alertType")(item, top)).strip()
    if not found or not kind or kind.lower() in {"1", "2", *_NAMES}:
        return found
    return f"{found}/certificate" if kind == "3" else f"{found}/{kind}"


def _how(item: Any, top: Any) -> str:
    if texts.words(field("alertType")(item, top)).strip() == "3":
        return "has a certificate that is soon over"
    how = texts.words(filled(_absent, "alertTypeFriendlyName")(item, top))
    return f"is {how}" if how else ""


uptimerobot = Vendor(
    kind="uptimerobot",
    label="UptimeRobot",
    action=first(choose("alertType", _TYPES | _NAMES), choose("alertTypeFriendlyName", _NAMES)),
    dedup_key=_key,
    title=phrase(_NAME, _how, by=" "),
    description=filled(_absent, "alertDetails"),
    severity=choose("alertType", {"1": "critical", "3": "medium"}),
    details=table("monitorURL", "alertDuration", "sslExpiryDaysLeft", "sslExpiryDate"),
    tags=lambda item, top: None,
    absent=_absent,
    links=(("Checked", field("monitorURL")),),
    setup="""\
In UptimeRobot open Integrations → Webhook, paste this URL to notify:

    {url}

choose “Send as JSON (application/json)”, paste this as POST value:

    {{
      "monitorID": "*monitorID*", "monitorFriendlyName": "*monitorFriendlyName*",
      "monitorURL": "*monitorURL*", "alertType": "*alertType*",
      "alertTypeFriendlyName": "*alertTypeFriendlyName*", "alertDetails": "*alertDetails*",
      "alertDuration": "*alertDuration*", "sslExpiryDaysLeft": "*sslExpiryDaysLeft*"
    }}

and tick up as well as down events. Then add the integration to the monitors that should page.
""",
    docs="https://help.uptimerobot.com/en/articles/11360878-webhook-integration",
)
