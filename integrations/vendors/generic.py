"""Anything that can POST JSON, a form or a line of text.

Fields are found by their common names, in GitLab's generic alert format among others; whatever
else a payload has can be pointed at by JMESPath on the integration's page. The key is never the
whole payload: a value that changes must not open a second alert.
Sample: integrations/samples/generic.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first
from integrations.vocabulary import RESOLVE

_KNOWN = {
    "title", "summary", "subject", "name", "description", "message", "body", "text", "severity",
    "priority", "status", "state", "action", "event_action", "dedup_key", "fingerprint", "link",
    "url", "tags", "links",
}  # fmt: skip

_ENDS = tuple(field(name) for name in ("end_time", "ended_at"))
_RESOLVED = tuple(field(name) for name in ("resolved_at", "resolved"))
_BAD = frozenset(
    ("fail", "failed", "failure", "error", "fatal", "critical", "down", "firing", "alerting",
     "alarm", "problem", "trigger", "triggered", "open", "opened", "aborted", "timeout")
)  # fmt: skip
_NOT_YET = frozenset(
    ("", "false", "no", "0", "f", "n", "off", "none", "null", "nil", "undefined", "nan", "n/a",
     "never", "-", "--", "{}", "[]", "not resolved", "unresolved", "open", "pending")
)  # fmt: skip
_ZERO_TIMES = ("0001-01-01", "0000-00-00", "1970-01-01t00:00:00", "1970-01-01 00:00:00")


def _ended(item: Any, top: Any) -> str:
    """GitLab: an `end_time` means that it is over. Many a tool writes "not yet" as a value, and a
    job that has ended may have failed."""
    is_bad = texts.words(_state(item, top)).strip().lower() in _BAD
    for pick in _RESOLVED if is_bad else (*_ENDS, *_RESOLVED):
        found = pick(item, top)
        if isinstance(found, dict) and not any(found.values()):
            continue  # nobody, at no time
        ended = texts.words(found).strip().lower()
        if ended not in _NOT_YET and not ended.startswith(_ZERO_TIMES):
            return RESOLVE
    return ""


def _state(item: Any, top: Any) -> Any:
    named = field("event_action", "action", "status", "state", "alert_status", "event_type")
    return named(item, top)


def _details(item: Any, top: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        return {}
    inner = item.get("details")
    rest = {k: v for k, v in item.items() if str(k).lower() not in _KNOWN and k != "details"}
    if isinstance(inner, dict):
        return {**rest, **inner}
    return {**rest, "details": inner} if inner else rest


generic = Vendor(
    kind="generic",
    label="Generic webhook",
    action=first(_ended, _state),
    dedup_key=field(
        "dedup_key",
        "dedupe_key",
        "dedupkey",
        "fingerprint",
        "alias",
        "incident_key",
        "alert_id",
        "alarm_id",
        "problem_id",
        "incident_id",
        "correlation_id",
    ),
    title=field(
        "title",
        "summary",
        "subject",
        "alert_name",
        "alertname",
        "rule_name",
        "check_name",
        "name",
        "event.title",
        "alert.title",
        "alert.name",
        "event.summary",
        "message",
        "text",
    ),
    description=field("description", "message", "body", "text", "output", "reason"),
    severity=field("severity", "priority", "level", "urgency", "alert.severity"),
    details=_details,
    tags=field("tags"),
    links=(
        ("Link", field("link", "url", "href", "alert_url", "event_url", "html_url")),
        ("Runbook", field("runbook_url", "runbook")),
        ("Dashboard", field("dashboard_url", "dashboard")),
        ("Link", field("links")),
    ),
    setup="""\
Send a POST with JSON, a form or plain text:

    curl -X POST {url} \\
      -H 'Content-Type: application/json' \\
      -d '{{"title": "Disk full on db-1", "severity": "critical", "dedup_key": "db-1/disk"}}'

Send the same dedup_key with "status": "resolved" to close the alert, with
"status": "acknowledged" to acknowledge it. Without a key, alerts with the same title and source
are one alert.
""",
)
