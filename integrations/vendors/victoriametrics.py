"""VictoriaMetrics: https://docs.victoriametrics.com/victoriametrics/vmalert/

vmalert only speaks to an Alertmanager (or VMAlertmanager of the operator), which sends us the same
webhook as for Prometheus; what differs is that a rule's group and an alert's id stand in labels
and links of their own. Sample: integrations/samples/victoriametrics.json
"""

from dataclasses import replace

from integrations.picks import field
from integrations.vendors.alertmanager import alertmanager

victoriametrics = replace(
    alertmanager,
    kind="victoriametrics",
    label="VictoriaMetrics (vmalert)",
    links=(
        ("Runbook", field("annotations.runbook_url", "annotations.runbook")),
        ("Dashboard", field("annotations.dashboard_url", "annotations.dashboard")),
        ("vmalert", field("generatorURL")),
        ("Alertmanager", field("/externalURL")),
    ),
    setup="""\
Start vmalert with -notifier.url of an Alertmanager, and in alertmanager.yml add a receiver and
route to it:

    receivers:
      - name: alertops
        webhook_configs:
          - url: {url}
            send_resolved: true

With the operator, add the same receiver to a VMAlertmanagerConfig. Set -external.url of vmalert,
so that the link in the alert leads somewhere.
""",
    docs="https://docs.victoriametrics.com/victoriametrics/vmalert/",
)
