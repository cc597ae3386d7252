"""Kapacitor: https://docs.influxdata.com/kapacitor/v1/reference/event_handlers/post/

The id is stable for as long as the TICKscript makes it so; by default it is the measurement and
its group. `details` is the whole event again as HTML, so the series' tags and values are shown
instead. An INFO event is an alert of that severity. Sample: integrations/samples/kapacitor.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, choose, field


def _series(item: Any, top: Any) -> dict[str, Any]:
    """The tags of the first series and its last values, by name."""
    found = field("data.series.0")(item, top)
    if not isinstance(found, dict):
        return {}
    columns, rows = found.get("columns"), found.get("values")
    shown = {"measurement": found.get("name")}
    if isinstance(columns, list) and isinstance(rows, list) and rows and isinstance(rows[-1], list):
        named = zip(map(texts.words, columns), rows[-1], strict=False)
        shown |= {name: value for name, value in named if name != "time"}
    return shown


def _details(item: Any, top: Any) -> dict[str, Any]:
    tags = field("data.series.0.tags")(item, top)
    before = field("previousLevel")(item, top)
    return {
        **(tags if isinstance(tags, dict) else {}),
        **_series(item, top),
        **({"previousLevel": before} if before else {}),
    }


def _plain(item: Any, top: Any) -> str:
    """What a TICKscript says in details; not Kapacitor's default, the event as JSON in HTML."""
    text = texts.words(field("details")(item, top)).strip()
    return "" if text.startswith(("{", "&#123;", "{&#34;")) else text


kapacitor = Vendor(
    kind="kapacitor",
    label="Kapacitor",
    action=choose("level", {"OK": "resolve"}, "trigger"),
    dedup_key=field("id"),
    title=field("message", "id"),
    description=_plain,
    severity=choose("level", {"CRITICAL": "critical", "WARNING": "medium", "INFO": "info"}),
    details=_details,
    tags=lambda item, top: None,
    setup="""\
Send from a TICKscript, with an id that does not change while the alert lasts:

    |alert()
      .id('{{{{ .TaskName }}}}/{{{{ .Group }}}}')
      .message('{{{{ .ID }}}} is {{{{ .Level }}}}')
      .crit(lambda: "usage_idle" < 10)
      .stateChangesOnly()
      .post('{url}')

or from a topic, for all alerts that are published there:

    topic: cpu
    id: alertops
    kind: post
    options:
      url: {url}
""",
    docs="https://docs.influxdata.com/kapacitor/v1/reference/event_handlers/post/",
)
