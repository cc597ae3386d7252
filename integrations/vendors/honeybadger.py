"""Honeybadger: https://docs.honeybadger.io/integrations/webhook/

`event` says what happened, and an object of its name whom it concerns: an error (`fault`), a site,
a check-in or an alarm. The key is that object, so each recovers by its own event. Comments,
assignments and deploys come through the same webhook and are no alerts. In older payloads a fault
that has just "occurred" may say `resolved: true`, so only the event counts.
Sample: integrations/samples/honeybadger.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER, Words

_EVENTS = {
    "occurred": TRIGGER, "unresolved": TRIGGER, "rate_exceeded": TRIGGER, "volume_spike": TRIGGER,
    "resolved": RESOLVE, "down": TRIGGER, "up": RESOLVE, "cert_will_expire": TRIGGER,
    "check_in_missing": TRIGGER, "check_in_reporting": RESOLVE,
    "alarm_alert": TRIGGER, "alarm_ok": RESOLVE,
    "assigned": IGNORE, "commented": IGNORE, "deployed": IGNORE,
}  # fmt: skip
_ABOUT = ("fault", "site", "check_in", "alarm")


def _key(item: Any, top: Any) -> str:
    """The object it is about. A certificate is told apart from its site, which may be up."""
    event = texts.words(field("event")(item, top))
    for name in _ABOUT:
        if number := texts.words(field(f"{name}.id", f"{name}.url", f"{name}.name")(item, top)):
            kind = "certificate" if event == "cert_will_expire" else name
            return f"{kind}/{number}"
    project = texts.words(field("project.id", "project.name")(item, top))
    return f"{event}/{project}" if event and project else ""


honeybadger = Vendor(
    kind="honeybadger",
    label="Honeybadger",
    action=choose("event", _EVENTS),
    dedup_key=_key,
    title=field("message", "fault.message", "event"),
    description=field("notice.message", "fault.message", "alarm.description", "site.url"),
    severity=choose(
        "event",
        {
            "down": "critical",
            "check_in_missing": "high",
            "alarm_alert": "high",
            "rate_exceeded": "high",
            "volume_spike": "high",
            "cert_will_expire": "medium",
        },
    ),
    details=table(
        "event",
        "fault.environment",
        "fault.component",
        "fault.action",
        "fault.notices_count",
        "outage.reason",
        "outage.status",
        "site.cert_will_expire_at",
        "check_in.schedule_type",
        project="project.name",
        error="fault.klass",
    ),
    tags=field("fault.tags"),
    links=(
        ("Honeybadger", field("fault.url", "links.fault", "site.details_url", "check_in.url")),
        ("Alarm", field("alarm.url")),
        ("Site", field("site.url")),
    ),
    words=Words(),
    setup="""\
In Honeybadger open the project → Settings → Alerts & Integrations, add a Webhook and paste:

    {url}

Tick what should page: errors that occur or are reopened, exceeded error rates, sites that go down,
missing check-ins and alarms. Tick “resolved”, “up”, “reporting” and “back to normal” with them, so
that alerts close by themselves.
""",
    docs="https://docs.honeybadger.io/integrations/webhook/",
)
