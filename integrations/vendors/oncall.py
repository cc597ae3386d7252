"""Grafana OnCall's formatted webhook: https://grafana.com/docs/oncall/latest/integrations/webhook/

`alert_uid` may be left out. Then the title is the key, without what says how it is: Uptime Kuma's
"shop is down" and "shop is up", and the subjects of Zabbix by its script for OnCall, "Problem: …"
and "Resolved in 5m: …".
https://github.com/louislam/uptime-kuma/blob/master/server/notification-providers/grafana-oncall.js
Sample: integrations/samples/oncall.json
"""

import re
from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, first

_HOW = re.compile(r"^(?:Problem|Resolved(?: in [^:]{1,40})?):\s+|\s+is (?:down|up)$", re.IGNORECASE)


def untitled(item: Any, top: Any) -> str:
    """What the title is about, for whoever has no key."""
    title = texts.words(field("title")(item, top)).strip()[:1000]
    about = _HOW.sub("", title).strip()
    return about or title


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
    dedup_key=first(field("alert_uid"), untitled),
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
