"""Prometheus Alertmanager: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

One request carries a group of alerts; each becomes one signal of ours. `fingerprint` is stable
for the life of an alert, so it is the dedup key; releases before 0.19 have none, there the labels
are hashed. Sample: integrations/samples/alertmanager.json
"""

from typing import Any

from integrations.mapping import Vendor, choose, digest, field, first

_ABOVE = ("annotations.summary", "annotations.title", "annotations.message")
_TOLD = {"summary", "title", "message", "description", "runbook_url", "runbook", "dashboard_url"}


def labels_and_annotations(item: Any, top: Any) -> dict[str, Any]:
    """Labels first, then what the annotations add and the alert page does not show already."""
    if not isinstance(item, dict):
        return {}
    labels, notes = item.get("labels"), item.get("annotations")
    shown = dict(labels) if isinstance(labels, dict) else {}
    if isinstance(notes, dict):
        shown |= {name: text for name, text in notes.items() if name not in _TOLD | shown.keys()}
    return shown


alertmanager = Vendor(
    kind="alertmanager",
    label="Prometheus Alertmanager",
    each="alerts",
    action=choose("status", {"firing": "trigger", "resolved": "resolve"}),
    dedup_key=first(field("fingerprint"), digest("labels")),
    title=field(*_ABOVE, "labels.alertname"),
    description=field("annotations.description"),
    severity=field("labels.severity", "labels.priority"),
    details=labels_and_annotations,
    tags=field("labels.tags"),
    links=(
        ("Runbook", field("annotations.runbook_url", "annotations.runbook")),
        ("Dashboard", field("annotations.dashboard_url")),
        ("Expression", field("generatorURL")),
        ("Alertmanager", field("/externalURL")),
    ),
    setup="""\
In alertmanager.yml, add a receiver and route to it:

    receivers:
      - name: alertops
        webhook_configs:
          - url: {url}
            send_resolved: true

Keep send_resolved on, so that alerts close by themselves.
""",
    docs="https://prometheus.io/docs/alerting/latest/configuration/#webhook_config",
)
