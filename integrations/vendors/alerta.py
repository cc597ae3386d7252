"""Alerta: https://docs.alerta.io/api/reference.html

An alert is told apart by environment, resource and event. Events that correlate (NodeDown, NodeUp)
are one alert, so all of them are its key. Sample: integrations/samples/alerta.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field, table
from integrations.vocabulary import Words

_OVER = ("normal", "ok", "cleared")


def _key(item: Any, top: Any) -> str:
    environment, resource, event, correlate = (
        field(name)(item, top) for name in ("environment", "resource", "event", "correlate")
    )
    if not resource and not event:
        return ""
    if isinstance(correlate, list) and correlate:
        names = {texts.words(each) for each in correlate[:50]} | {texts.words(event)}
        event = "|".join(sorted(names))
    return "/".join(texts.words(part) for part in (environment, resource, event))


def _severity(item: Any, top: Any) -> Any:
    """How bad it is, where it is not over."""
    said = field("severity")(item, top)
    return "" if texts.words(said).lower() in _OVER else said


def _title(item: Any, top: Any) -> str:
    event, resource = (texts.words(field(name)(item, top)) for name in ("event", "resource"))
    return f"{event} on {resource}" if event and resource else event or resource


_facts = table(
    "resource", "event", "environment", "service", "group", "value", "origin", "type", "correlate"
)


def _details(item: Any, top: Any) -> dict[str, Any]:
    attributes = field("attributes")(item, top)
    shown: dict[str, Any] = _facts(item, top)
    return {**attributes, **shown} if isinstance(attributes, dict) else shown


alerta = Vendor(
    kind="alerta",
    label="Alerta API",
    action=choose("severity", dict.fromkeys(_OVER, "resolve"), default="trigger"),
    dedup_key=_key,
    title=_title,
    description=field("text"),
    severity=_severity,
    details=_details,
    tags=field("tags"),
    note=field("text"),
    links=(("More", field("attributes.moreInfo", "attributes.url")),),
    words=Words(severities={"security": "critical", "minor": "medium", "indeterminate": "medium"}),
    setup="""\
Tell clients of Alerta this endpoint and this API key:

    ALERTA_ENDPOINT={base}/api
    ALERTA_API_KEY={key}

A severity of normal, ok or cleared closes the alert.
""",
    docs="https://docs.alerta.io/api/reference.html",
)
