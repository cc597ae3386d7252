"""CrowdSec: https://docs.crowdsec.net/docs/notification_plugins/http/

Its http plugin posts a list of alerts in the customer's format; ours is all there is of each, which
is also what its other webhooks carry. Scenario and attacker are the key; it never says that an
attack is over. Sample: integrations/samples/crowdsec.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first, joined, table


def _title(item: Any, top: Any) -> str:
    scenario, value = (
        texts.words(field(*names)(item, top))
        for names in (("scenario",), ("source.value", "source.ip", "source.range"))
    )
    return f"{scenario} from {value}" if scenario and value else scenario


def _decisions(item: Any, top: Any) -> dict[str, Any]:
    found = field("decisions")(item, top)
    told = []
    for each in found[:20] if isinstance(found, list) else []:
        words = (texts.words(field(n)(each, each)) for n in ("type", "value", "duration"))
        told.append(" ".join(filter(None, words)))
    rest: dict[str, Any] = table(
        "events_count",
        "source.scope",
        "source.cn",
        "source.as_name",
        "start_at",
        "stop_at",
        "machine_id",
    )(item, top)
    return rest | ({"decisions": told} if told else {})


crowdsec = Vendor(
    kind="crowdsec",
    label="CrowdSec",
    action=lambda item, top: "trigger",
    dedup_key=first(joined("scenario", "source.value"), joined("scenario", "source.ip")),
    title=_title,
    description=field("message"),
    severity=lambda item, top: "",
    details=_decisions,
    tags=lambda item, top: None,
    links=(),
    closes=False,
    setup="""\
Put this into /etc/crowdsec/notifications/http.yaml, name http_default under notifications in
profiles.yaml, and restart CrowdSec:

    type: http
    name: http_default
    log_level: info
    format: |
      {{{{.|toJson}}}}
    url: {url}
    method: POST
    headers:
      Content-Type: application/json

Try it with:

    cscli notifications test http_default
""",
    docs="https://docs.crowdsec.net/docs/notification_plugins/http/",
)
