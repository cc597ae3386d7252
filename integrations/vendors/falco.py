"""Falco and Falcosidekick: https://falco.org/docs/concepts/outputs/channels/

Each event has an id of its own and a text with times, so the rule and where it happened are the
key. In Falco's order "Alert" is worse than "Critical". It never says that it is over.
Sample: integrations/samples/falco.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field
from integrations.vocabulary import Words

_WHERE = (
    field("output_fields.k8s.ns.name"),
    field("output_fields.k8s.pod.name", "output_fields.container.name"),
)


def _place(item: Any, top: Any) -> str:
    found = [texts.words(pick(item, top)) for pick in _WHERE]
    place = "/".join(name for name in found if name and name != "<NA>")
    return place or texts.words(field("hostname")(item, top))


def _key(item: Any, top: Any) -> str:
    rule = texts.words(field("rule")(item, top))
    host = texts.words(field("hostname")(item, top))
    return "/".join(filter(None, (rule, host, _place(item, top)))) if rule else ""


def _title(item: Any, top: Any) -> str:
    rule, place = texts.words(field("rule")(item, top)), _place(item, top)
    return f"{rule} on {place}" if rule and place else rule


falco = Vendor(
    kind="falco",
    label="Falco",
    action=lambda item, top: "trigger",
    dedup_key=_key,
    title=_title,
    description=field("output"),
    severity=field("priority"),
    details=field("output_fields"),
    tags=field("tags"),
    words=Words(severities={"alert": "critical", "error": "high", "debug": "info"}),
    closes=False,
    setup="""\
With Falcosidekick, in its configuration:

    webhook:
      address: {url}
      minimumpriority: error

Without it, in falco.yaml:

    json_output: true
    http_output:
      enabled: true
      url: {url}
    priority: error

A minimum priority keeps what is only noted from paging people. Falco never says that it is over:
close its alerts here.
""",
    docs="https://falco.org/docs/concepts/outputs/channels/",
)
