"""Instana: https://www.ibm.com/docs/en/instana-observability/current?topic=alerting-webhooks

Issues and incidents are open or closed; older releases close with nothing but the id. Severity is
5 (warning) or 10 (critical). What comes and goes ("presence") has a new id for each, so what it is
about is the key. A change is no alert. Sample: integrations/samples/instana.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER, Words

_PRESENCE = {"offline": TRIGGER, "online": RESOLVE}


def _of(name: str) -> Any:
    return field(f"issue.{name}")


def _is_presence(item: Any, top: Any) -> bool:
    kind = texts.words(_of("type")(item, top)).lower()
    return kind in {"presence", "change"}


def _action(item: Any, top: Any) -> Any:
    if _is_presence(item, top):
        is_change = texts.words(_of("type")(item, top)).lower() == "change"
        return choose("issue.text", _PRESENCE, IGNORE if is_change else TRIGGER)(item, top)
    return choose("issue.state", {"OPEN": TRIGGER, "CLOSED": RESOLVE})(item, top)


def _key(item: Any, top: Any) -> str:
    if _is_presence(item, top):
        names = ("zone", "fqdn", "entity", "entityLabel", "container")
        parts = (texts.words(_of(name)(item, top)) for name in names)
        return "presence/" + "/".join(filter(None, parts))
    return texts.words(_of("id")(item, top))


def _title(item: Any, top: Any) -> str:
    text = texts.words(_of("text")(item, top))
    where = texts.words(field("issue.entityLabel", "issue.fqdn", "issue.entity")(item, top))
    if _is_presence(item, top):
        return f"{where} is {text}" if where else text
    return f"{text} on {where}" if text and where else text


instana = Vendor(
    kind="instana",
    label="Instana",
    action=_action,
    dedup_key=_key,
    title=_title,
    description=field("issue.suggestion", "issue.description"),
    severity=_of("severity"),
    details=table(
        "issue.type",
        "issue.zone",
        "issue.fqdn",
        "issue.entity",
        "issue.entityLabel",
        "issue.container",
        "issue.customZone",
        "issue.availabilityZone",
    ),
    tags=_of("tags"),
    links=(("Instana", _of("link")),),
    words=Words(severities={"10": "critical", "5": "medium", "-1": "info"}),
    setup="""\
In Instana open Settings → Global Settings → Events & Alerts → Alert Channels → Add Alert Channel,
choose Generic Webhook and paste:

    {url}

Then name the channel in the alerts that should page, for issues and incidents.
""",
    docs="https://www.ibm.com/docs/en/instana-observability/current?topic=alerting-webhooks",
)
