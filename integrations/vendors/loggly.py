"""Loggly: https://documentation.solarwinds.com/en/success_center/loggly/content/admin/http-s-alert-endpoints.htm

A saved search that found something. Times have no year and the number of hits changes, so the
alert's own address or name is the key. It never says that it is over.
Sample: integrations/samples/loggly.json
"""

from typing import Any

from integrations import texts
from integrations.mapping import Vendor, field, table

_SHOWN = 20


def _title(item: Any, top: Any) -> str:
    name, hits = (texts.words(field(path)(item, top)) for path in ("alert_name", "num_hits"))
    return f"{name}: {hits} hits" if name and hits else name


def _lines(item: Any, top: Any) -> str:
    """The last lines that were found, else what was searched for."""
    hits = field("recent_hits")(item, top)
    lines = [texts.line(texts.words(hit), 500) for hit in hits] if isinstance(hits, list) else []
    found = "\n".join(line for line in lines[-_SHOWN:] if line)
    return found or texts.words(field("alert_description", "query")(item, top))


loggly = Vendor(
    kind="loggly",
    label="Loggly",
    action=lambda item, top: "trigger",
    dedup_key=field("edit_alert_link", "alert_name"),
    title=_title,
    description=_lines,
    severity=lambda item, top: "",
    details=table("query", "source_group", "start_time", "end_time", "owner_username"),
    tags=lambda item, top: None,
    links=(("Search", field("search_link")), ("Alert", field("edit_alert_link"))),
    closes=False,
    setup="""\
In Loggly open Alerts → Alert Endpoints → Add New, choose HTTP/S with method POST, and paste:

    {url}

Then open the alert, and under “Then” let it send to this endpoint. A search never says that it is
over: close its alerts here. While one is open, further hits count up on it.
""",
    docs="https://documentation.solarwinds.com/en/success_center/loggly/content/admin/http-s-alert-endpoints.htm",
)
