"""Grafana OnCall's formatted webhook:
https://grafana.com/docs/oncall/latest/integrations/webhook/

For what used to send to OnCall in its own format, and Zabbix by its script for OnCall: `alert_uid`
is the key, `state` "ok" the end. Its integrations for Grafana and Alertmanager are the kinds
Grafana and Prometheus Alertmanager here. Sample: integrations/samples/grafana_oncall.json
"""

from integrations.mapping import Vendor, choose, field, first
from integrations.phrases import others
from integrations.vendors.oncall import untitled

grafana_oncall = Vendor(
    kind="grafana_oncall",
    label="Grafana OnCall (formatted webhook)",
    action=choose("state", {"alerting": "trigger", "ok": "resolve", "acknowledged": "acknowledge"}),
    dedup_key=first(field("alert_uid"), untitled),
    title=field("title"),
    description=field("message"),
    severity=field("severity", "labels.severity"),
    details=others(
        "alert_uid",
        "title",
        "message",
        "state",
        "link_to_upstream_details",
        "image_url",
        "severity",
    ),
    tags=lambda item, top: None,
    links=(
        ("Details", field("link_to_upstream_details")),
        ("Image", field("image_url")),
    ),
    setup="""\
Put this address in the place of OnCall's:

    {url}

The format stays as it is:

    curl -fsS {url} -H 'Content-Type: application/json' -d '{{
      "alert_uid": "08d6891a-835c-e661-39fa-96b6a9e26552",
      "title": "The whole system is down",
      "state": "alerting",
      "link_to_upstream_details": "https://monitoring.example.com/1",
      "message": "It does not answer"
    }}'
""",
    docs="https://grafana.com/docs/oncall/latest/integrations/webhook/",
)
