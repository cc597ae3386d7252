"""Grafana OnCall's formatted webhook: https://grafana.com/docs/oncall/latest/integrations/webhook/

Sample: integrations/samples/oncall.json
"""

from integrations.mapping import Vendor, choose, field

oncall = Vendor(
    kind="oncall",
    label="Grafana OnCall formatted webhook",
    action=choose(
        "state",
        {
            "alerting": "trigger",
            "ok": "resolve",
            "resolved": "resolve",
            "acknowledged": "acknowledge",
        },
    ),
    dedup_key=field("alert_uid"),
    title=field("title"),
    description=field("message"),
    links=(
        ("Details", field("link_to_upstream_details")),
        ("Image", field("image_url")),
    ),
    setup="""\
Every webhook URL of Grafana OnCall has the form

    https://…/integrations/v1/<type>/<token>/

Replace the host and the token:

    {base}/integrations/v1/formatted_webhook/{key}/

The type stays: alertmanager, grafana_alerting, webhook and the others are read as they are there.
""",
    docs="https://grafana.com/docs/oncall/latest/integrations/webhook/",
)
