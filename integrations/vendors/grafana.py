"""Grafana: https://grafana.com/docs/grafana/latest/alerting/ (contact point "Webhook")

Unified alerting (8 and later) sends a group of alerts like Alertmanager's. Legacy alerting sends
one rule with `state` and `ruleId`; its title begins with "[Alerting]" or "[OK]", its `ruleName`
does not, so that is the title. A rule that finds nothing or cannot ask alerts under another name,
DatasourceNoData or DatasourceError, with its own in `rulename`; what its annotations say is about
the case it was made for
(https://grafana.com/docs/grafana/latest/alerting/fundamentals/alert-rule-evaluation/state-and-health/).
Sample: integrations/samples/grafana.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, digest, field, first
from integrations.vendors.alertmanager import labels_and_annotations

_LEGACY = {"alerting": "trigger", "no_data": "trigger", "ok": "resolve"}
_STRANDED = {"DatasourceNoData": "has no data", "DatasourceError": "cannot be evaluated"}


def _stranded(item: Any, top: Any) -> str:
    """The rule and what is wrong with it, where it is not what the rule watches."""
    name, rule = (
        texts.words(field(path)(item, top)) for path in ("labels.alertname", "labels.rulename")
    )
    return f"{rule} {_STRANDED[name]}" if rule and name in _STRANDED else ""


def _details(item: Any, top: Any) -> dict[str, Any]:
    shown = labels_and_annotations(item, top)
    if isinstance(item, dict):
        for name in ("values", "valueString", "evalMatches", "tags"):
            if item.get(name):
                shown.setdefault(name, item[name])
    return shown


grafana = Vendor(
    kind="grafana",
    label="Grafana",
    each="alerts",
    action=first(
        choose("status", {"firing": "trigger", "resolved": "resolve"}),
        choose("state", {**_LEGACY, "paused": "ignore", "pending": "ignore"}),
    ),
    dedup_key=first(field("fingerprint"), digest("labels"), field("ruleId", "ruleName")),
    title=first(_stranded, field("annotations.summary", "labels.alertname", "ruleName", "title")),
    description=field("annotations.description", "annotations.message", "message"),
    severity=field("labels.severity", "labels.priority", "tags.severity"),
    details=_details,
    tags=lambda item, top: None,
    links=(
        ("Runbook", field("annotations.runbook_url")),
        ("Panel", field("panelURL")),
        ("Dashboard", field("dashboardURL")),
        ("Rule", field("generatorURL", "ruleUrl")),
        ("Image", field("imageURL", "imageUrl")),
        ("Silence", field("silenceURL")),
    ),
    setup="""\
In Grafana open Alerting → Contact points → New contact point, choose Webhook and paste:

    {url}

Leave “Disable resolved message” off. Then name the contact point in your notification policy.
""",
    docs="https://grafana.com/docs/grafana/latest/alerting/",
)
