"""Pingdom: https://www.pingdom.com/resources/webhooks/

One check per message. Uptime checks go UP and DOWN, transaction checks SUCCESS and FAILING. Its
importance is HIGH or LOW and says who is told, so LOW is no critical alert.
Sample: integrations/samples/pingdom.json
"""

from integrations.mapping import Vendor, choose, field, table
from integrations.phrases import phrase

_STATES = {
    "down": "trigger",
    "failing": "trigger",
    "failure": "trigger",
    "unconfirmed_down": "trigger",
    "up": "resolve",
    "success": "resolve",
}

pingdom = Vendor(
    kind="pingdom",
    label="Pingdom",
    action=choose("current_state", _STATES),
    dedup_key=field("check_id"),
    title=phrase(phrase("check_name", "current_state", by=" is "), "description"),
    description=phrase("long_description", "custom_message", by="\n\n"),
    severity=choose("importance_level", {"high": "critical", "low": "low"}),
    details=table(
        "check_type",
        "check_params.full_url",
        "check_params.hostname",
        "previous_state",
        "first_probe.location",
        "state_changed_utc_time",
    ),
    tags=field("tags"),
    links=(("Checked", field("check_params.full_url")),),
    setup="""\
In Pingdom open Integrations → Add integration → Webhook, paste this URL:

    {url}

and switch the integration on in each check that should page.
""",
    docs="https://www.pingdom.com/resources/webhooks/",
)
