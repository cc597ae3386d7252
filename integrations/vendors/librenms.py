"""LibreNMS: https://docs.librenms.org/Alerting/Transports/

Its own AlertOps transport sends a fixed set of fields, wrapped in "json" by an oversight; its API
transport sends what the customer writes. `uid` and `id` are entries of LibreNMS' alert log and new
with every message, so device and rule are the key. States are numbers: 0 over, 1 alert, 2
acknowledged, 3 worse, 4 better, 5 changed. Sample: integrations/samples/librenms.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field
from integrations.phrases import filled, others, unfilled
from integrations.vocabulary import ACKNOWLEDGE, RESOLVE, TRIGGER

_STATES = {
    "0": RESOLVE,
    "1": TRIGGER,
    "2": ACKNOWLEDGE,
    "3": TRIGGER,
    "4": TRIGGER,
    "5": TRIGGER,
}
_absent = unfilled(r"\{\{\s*\$?\w+\s*\}\}")


def _of(*names: str) -> Any:
    return filled(_absent, *(f"{prefix}{name}" for prefix in ("json.", "") for name in names))


def _key(item: Any, top: Any) -> str:
    if number := texts.words(_of("alert_id")(item, top)):
        return number
    parts = (_of("device_id", "hostname")(item, top), _of("name", "rule")(item, top))
    device, rule = map(texts.words, parts)
    return f"{device}/{rule}" if device and rule else ""


def _title(item: Any, top: Any) -> str:
    """Device and rule: LibreNMS' own title says "recovered" at the end."""
    name, device = (
        texts.words(_of(*names)(item, top)) for names in (("name", "rule"), ("sysName", "hostname"))
    )
    if name and device:
        return f"{device}: {name}"
    return texts.words(_of("title", "name", "hostname")(item, top))


def _details(item: Any, top: Any) -> dict[str, Any]:
    inner = field("json")(item, top)
    shown: dict[str, Any] = others(
        "title", "name", "state", "severity", "alert_notes", "builder", "uid", "id", absent=_absent
    )(inner if isinstance(inner, dict) else item, top)
    return shown


librenms = Vendor(
    kind="librenms",
    label="LibreNMS",
    action=choose(_of("state"), _STATES),
    dedup_key=_key,
    title=_title,
    description=_of("alert_notes", "msg", "notes", "title"),
    severity=_of("severity"),
    details=_details,
    links=(("Runbook", _of("proc")), ("LibreNMS", _of("url"))),
    absent=_absent,
    setup="""\
In LibreNMS open Alerts → Alert Transports → Create alert transport, choose the type AlertOps and
paste as webhook URL:

    {url}

Switch “Default alert” on, or name the transport in the alert rules that should page. Leave
“Recovery alerts” on in the rules, so that alerts close by themselves.

A LibreNMS without that type has the type API: method POST, the same address, header
Content-Type=application/json and this body:

    {{
      "alert_id": "{{{{ $alert_id }}}}", "state": "{{{{ $state }}}}", "name": "{{{{ $name }}}}",
      "severity": "{{{{ $severity }}}}", "hostname": "{{{{ $hostname }}}}",
      "sysName": "{{{{ $sysName }}}}",
      "timestamp": "{{{{ $timestamp }}}}"
    }}
""",
    docs="https://docs.librenms.org/Alerting/Transports/",
)
