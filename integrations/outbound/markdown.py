"""Markdown in which nothing an alert says does anything: no mention, command, image or HTML.

GitHub and GitLab notify whoever is @named, link what looks like #17, and GitLab carries out lines
that begin with a slash. In a code block none of this happens; elsewhere it is escaped.
"""

import re

from integrations.outbound import telling
from integrations.outbound.contract import News

_WEB = re.compile(r"(https?://[^\s<>|`\\\[\]()*@\"']+)")
_MEANS = re.compile(r"([\\`*_\[\]<>|~/])")
_CALLS = re.compile(r"([@#!%$&])(?=\w)")
_TICKS = re.compile(r"`+")


def inert(text: str) -> str:
    """Words as they are; bare addresses stay links."""
    parts = _WEB.split(text)
    return "".join(part if at % 2 else _still(part) for at, part in enumerate(parts))


def _still(text: str) -> str:
    return _CALLS.sub("\\1\u200b", _MEANS.sub(r"\\\1", text))


def block(text: str) -> str:
    """Text as it is, with its line breaks, in a fence it cannot close."""
    ticks = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}text\n{text}\n{fence}"


def issue(news: News, limit: int) -> str:
    """The alert as the text of an issue; ends with our mark, in sight: GitLab's search does not
    look into comments of HTML."""
    parts = [f"**[Alert {news.alert.number} in AlertOps]({news.alert.url})**"]
    if news.kind != "opened" and news.words:
        parts.append(inert(telling.sentence(news)))
    if news.alert.description:
        parts.append(block(news.alert.description))
    rows = [f"| {label} | {inert(value)} |" for label, value in telling.facts(news)]
    parts.append("\n".join(["| | |", "|---|---|", *rows]))
    if more := telling.details(news):
        parts.append(block("\n".join(f"{name}: {value}" for name, value in more)))
    return _marked("\n\n".join(parts), f"\n\n`{telling.mark(news)}`", limit)


def comment(news: News, limit: int) -> str:
    """One event as a comment; ends with our mark, unseen."""
    quoted = "".join(f"\n> {inert(line)}" for line in news.note.splitlines())
    said = inert(news.words) + (f"\n{quoted}" if quoted else "")
    return _marked(said, f"\n\n<!-- {telling.mark(news)} -->", limit)


def _marked(text: str, mark: str, limit: int) -> str:
    return telling.cut(text, limit - len(mark)) + mark
