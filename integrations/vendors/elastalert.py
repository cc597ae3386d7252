"""ElastAlert 2: https://elastalert2.readthedocs.io/en/latest/alerts.html#http-post

One request for each match: the document itself, with the static fields of the rule on top. A field
in the document may be named with dots. ElastAlert never says that something is over; a second rule
with `status: resolved` and the same rule_name does. Sample: integrations/samples/elastalert.json
"""

from integrations.mapping import Vendor, field, first, joined
from integrations.phrases import others, phrase

_SHOWN = ("rule_name", "dedup_key", "severity", "status", "message", "@timestamp")

elastalert = Vendor(
    kind="elastalert",
    label="ElastAlert 2",
    action=field("status", "alert_status"),
    dedup_key=first(
        field("dedup_key"),
        joined("rule_name", "query_key"),
    ),
    title=first(phrase("rule_name", "query_key"), field("alert_subject", "message")),
    description=field("alert_text", "message"),
    severity=field("severity", "priority"),
    details=others(*_SHOWN),
    links=(("Kibana", field("kibana_discover_url", "kibana_url", "kibana_link")),),
    setup="""\
In a rule, add the alerter below. The query_key line is for rules that alert for each host, user
and so on: name the same field as the rule's query_key.

    alert:
      - post
    http_post_url: "{url}"
    http_post_all_values: true
    http_post_payload:
      query_key: host.name
    http_post_static_payload:
      rule_name: Errors in checkout
      severity: high

To close the alert, write a rule for the good state with the same rule_name and query_key, and
with status: resolved in http_post_static_payload.
""",
    docs="https://elastalert2.readthedocs.io/en/latest/alerts.html#http-post",
)
