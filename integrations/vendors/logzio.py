"""Logz.io: https://docs.logz.io/docs/user-guide/integrations/notification-endpoints/custom-endpoints/

The body is the customer's template; ours is the one below. Samples and times are new with every
message, so the alert's definition or title and what it is grouped by are the key. It never says
that it is over. Sample: integrations/samples/logzio.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor
from integrations.phrases import filled, others, unfilled
from integrations.vocabulary import Words

_absent = unfilled(r"\{\{\s*\w+\s*\}\}")


def _key(item: Any, top: Any) -> str:
    """The alert, and the group of it, where it says one."""
    paths = (("alert_definition_id", "alert_title", "title"), ("alert_group_by",))
    alert, group = (texts.words(filled(_absent, *names)(item, top)).strip() for names in paths)
    return f"{alert}/{group}" if alert and group else alert


logzio = Vendor(
    kind="logzio",
    label="Logz.io",
    action=lambda item, top: "trigger",
    dedup_key=_key,
    title=filled(_absent, "alert_title", "title"),
    description=filled(_absent, "alert_description", "alert_event_samples"),
    severity=filled(_absent, "alert_severity", "severity"),
    details=others(
        "alert_title",
        "alert_description",
        "alert_severity",
        "alert_tags",
        "alert_app_url",
        "token",
        absent=_absent,
    ),
    tags=filled(_absent, "alert_tags", "alert_tags_json"),
    links=(("Logz.io", filled(_absent, "alert_app_url", "alert_url", "link")),),
    absent=_absent,
    words=Words(severities={"severe": "critical"}),
    closes=False,
    setup="""\
In Logz.io open Settings → Notification endpoints → Add endpoint, type Custom, method POST, and
paste as URL:

    {url}

and as payload:

    {{
      "alert_definition_id": "{{{{alert_definition_id}}}}",
      "alert_title": "{{{{alert_title}}}}",
      "alert_description": "{{{{alert_description}}}}",
      "alert_severity": "{{{{alert_severity}}}}",
      "alert_event_samples": "{{{{alert_samples}}}}",
      "alert_app_url": "{{{{alert_app_url}}}}"
    }}

Then choose the endpoint in the alerts that should page. An alert never says that it is over: close
it here. While one is open, further messages count up on it.
""",
    docs="https://docs.logz.io/docs/user-guide/integrations/notification-endpoints/custom-endpoints/",
)
