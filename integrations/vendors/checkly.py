"""Checkly: https://www.checklyhq.com/docs/integrations/alerts/webhooks/

The payload is the customer's template; ours is Checkly's own default one. The alert type says what
changed and from what ("ALERT_DEGRADED_RECOVERY"); a certificate that is about to expire has no
recovery and its own key. Sample: integrations/samples/checkly.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, table
from integrations.vocabulary import IGNORE, RESOLVE, TRIGGER


def _kind(item: Any, top: Any) -> str:
    return texts.words(field("alert_type")(item, top)).upper()


def _action(item: Any, top: Any) -> str:
    kind = _kind(item, top)
    if kind.endswith("RECOVERY"):
        return RESOLVE
    return IGNORE if kind == "NO_ALERT" else TRIGGER


def _severity(item: Any, top: Any) -> str:
    kind = _kind(item, top).removesuffix("_REMAIN")
    if kind.endswith("FAILURE"):
        return "critical"
    return "medium" if kind.endswith(("DEGRADED", "SSL")) else ""


def _key(item: Any, top: Any) -> str:
    check = texts.words(field("check_id")(item, top))
    return f"{check}/ssl" if check and _kind(item, top) == "ALERT_SSL" else check


def _text(item: Any, top: Any) -> str:
    text = texts.words(field("check_error_message")(item, top))
    status = texts.words(field("api_check_response_status_code")(item, top))
    return text or (f"The response had status {status}." if status else "")


checkly = Vendor(
    kind="checkly",
    label="Checkly",
    action=_action,
    dedup_key=_key,
    title=field("event", "alert_title", "check_name"),
    description=_text,
    severity=_severity,
    details=table(
        "check_name",
        "check_type",
        "group_name",
        "run_location",
        "response_time",
        "api_check_response_status_code",
        "ssl_check_domain",
        "ssl_days_remaining",
    ),
    tags=field("tags"),
    links=(("Result", field("result_link")),),
    absent=lambda text: text.startswith("{{") and text.endswith("}}"),
    setup="""\
In Checkly open Alerts → Alert channels → Add more channels → Webhook, method POST, paste:

    {url}

and this body:

    {{
      "event": "{{{{ALERT_TITLE}}}}",
      "alert_type": "{{{{ALERT_TYPE}}}}",
      "check_id": "{{{{CHECK_ID}}}}",
      "check_name": "{{{{CHECK_NAME}}}}",
      "check_type": "{{{{CHECK_TYPE}}}}",
      "group_name": "{{{{GROUP_NAME}}}}",
      "check_error_message": "{{{{CHECK_ERROR_MESSAGE}}}}",
      "api_check_response_status_code": "{{{{API_CHECK_RESPONSE_STATUS_CODE}}}}",
      "run_location": "{{{{RUN_LOCATION}}}}",
      "response_time": "{{{{RESPONSE_TIME}}}}",
      "ssl_days_remaining": "{{{{SSL_DAYS_REMAINING}}}}",
      "ssl_check_domain": "{{{{SSL_CHECK_DOMAIN}}}}",
      "tags": "{{{{TAGS}}}}",
      "result_link": "{{{{RESULT_LINK}}}}"
    }}

Leave failures and recoveries on, and subscribe your checks to the channel.
""",
    docs="https://www.checklyhq.com/docs/integrations/alerts/webhooks/",
)
