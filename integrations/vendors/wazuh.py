"""Wazuh: https://documentation.wazuh.com/current/user-manual/manager/integration-with-external-apis.html

The integration named "shuffle" posts any alert to any address as it is, with the alert itself in
`all_fields`; a script of one's own posts the alert alone. Its `id` is new each time, so the rule
and the agent are the key. Levels go from 0 to 15. Wazuh never says that it is over.
Sample: integrations/samples/wazuh.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, first, table
from integrations.phrases import phrase
from integrations.vocabulary import TRIGGER


def _alert(*names: str) -> Any:
    """These fields of the alert, wherever it stands."""
    return field(*(f"all_fields.{name}" for name in names), *names)


_LEVEL, _RULE = _alert("rule.level"), first(_alert("rule.id"), field("rule_id"))
_AGENT = _alert("agent.name", "agent.id")


def _severity(item: Any, top: Any) -> str:
    """As Wazuh's own dashboard ranks them: 15 critical, from 12 high, from 7 medium."""
    level = texts.words(_LEVEL(item, top)).strip()
    if not level.isdecimal() or len(level) > 3:
        return ""
    ranks = ((15, "critical"), (12, "high"), (7, "medium"), (4, "low"))
    return next((name for least, name in ranks if int(level) >= least), "info")


def _key(item: Any, top: Any) -> str:
    rule, agent = texts.words(_RULE(item, top)), texts.words(_AGENT(item, top))
    return f"{rule}/{agent}" if rule else ""


wazuh = Vendor(
    kind="wazuh",
    label="Wazuh",
    action=lambda item, top: TRIGGER,
    dedup_key=_key,
    title=phrase(_AGENT, first(_alert("rule.description"), field("title"))),
    description=first(_alert("full_log"), field("text")),
    severity=_severity,
    details=first(
        table(
            "all_fields.location",
            "all_fields.data",
            "all_fields.agent.ip",
            "all_fields.rule.level",
            "all_fields.rule.mitre",
            "all_fields.rule.firedtimes",
            "all_fields.syscheck.path",
            rule="all_fields.rule.id",
        ),
        table("location", "data", "agent.ip", "rule.level", "rule.mitre", rule="rule.id"),
    ),
    tags=_alert("rule.groups"),
    closes=False,
    setup="""\
Add this to /var/ossec/etc/ossec.conf of the manager and restart it:

    <integration>
      <name>shuffle</name>
      <hook_url>{url}</hook_url>
      <level>12</level>
      <alert_format>json</alert_format>
    </integration>

“shuffle” is the name of Wazuh's plain webhook. Wazuh never says that it is over: close its alerts
here. While one is open, the same rule on the same agent counts up on it.
""",
    docs="https://documentation.wazuh.com/current/user-manual/manager/integration-with-external-apis.html",
)
