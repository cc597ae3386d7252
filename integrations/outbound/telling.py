"""What every tool says of an alert, before it says it in its own markup. Pure.

Titles and texts come from strangers' monitoring: each tool escapes them for its own markup, so
that nobody is mentioned, no command is run and no link is disguised by what an alert says.
"""

import hashlib
import json
import re
from typing import Any

from integrations import texts
from integrations.outbound.contract import Call, News

_MARK = re.compile(r"\balertops\d+x[0-9a-f]{8}\b")
_MOST_DETAILS = 20


def mark(news: News) -> str:
    """The alert's name for whoever must find it again: unique over several installations, and over
    one that was set up anew and counts from 1 again.

    Letters and digits only: full-text searches cut words at everything else.
    """
    known = f"{news.alert.url} {news.alert.opened_at}"
    house = hashlib.sha256(known.encode()).hexdigest()[:8]
    return f"alertops{news.alert.number}x{house}"


def is_ours(text: str) -> bool:
    """Whether AlertOps (this one or another) wrote it: it is not told back."""
    return bool(_MARK.search(text))


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, and it shows where something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def title(news: News, limit: int) -> str:
    """One line."""
    return cut(texts.line(news.alert.title) or f"Alert {news.alert.number}", limit)


def sentence(news: News) -> str:
    """What happened, with what the person wrote."""
    return f"{news.words}\n{news.note}" if news.note else news.words


def facts(news: News) -> list[tuple[str, str]]:
    """Label and value of what is known of the alert, in the order people ask."""
    alert = news.alert
    known = (
        ("Severity", alert.severity.capitalize()),
        ("Status", alert.status.capitalize()),
        ("Group", alert.group),
        ("Service", alert.service),
        ("From", alert.source),
        ("Assigned to", alert.assignee),
        ("Opened", alert.opened_at[:19].replace("T", " ") + " UTC" if alert.opened_at else ""),
        ("Runbook", alert.runbook),
    )
    return [(label, texts.line(value, 300)) for label, value in known if value]


def details(news: News) -> list[tuple[str, str]]:
    """The alert's details as lines: what is nested is JSON, what is too much is left out."""
    found = list(news.alert.details.items())[:_MOST_DETAILS]
    return [
        (texts.line(str(name), 80), texts.line(texts.words(value), 500)) for name, value in found
    ]


def plain(news: News, limit: int) -> str:
    """The whole alert as plain text, for tools without markup."""
    parts = [news.alert.description] if news.alert.description else []
    parts.append("\n".join(f"{label}: {value}" for label, value in facts(news)))
    if more := details(news):
        parts.append("\n".join(f"{name}: {value}" for name, value in more))
    return cut("\n\n".join(parts), limit)


def send(method: str, url: str, value: Any, headers: dict[str, str]) -> Call:
    """A request with a JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    named = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    return Call(url, body.encode("utf-8", "replace"), named, method)


def ask(url: str, headers: dict[str, str]) -> Call:
    """A question without a body."""
    return Call(url, b"", {"Accept": "application/json", **headers}, "GET")
