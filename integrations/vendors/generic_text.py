"""Anything that can post a line of text.

The first line is the title, with the next one where it holds nothing but a state. A word before it
("RESOLVED: …", "[CRITICAL] …") or at its end ("… is DOWN") says what happened and how bad it is;
without that word the line is the key, so a recovery finds its alert. Numbers stay in the key: web-1
is not web-2. JSON and forms are read like the generic webhook's.
Sample: integrations/samples/generic_text.json
"""

import re
from typing import Any

from integrations.mapping import Pick, Vendor
from integrations.vendors.generic import generic
from integrations.vocabulary import COMMON, MEASURED, RESOLVE, TRIGGER

_OVER = "resolved|recovered|recovery|ok|okay|up|closed|cleared|clear|fixed|healthy|back up|online"
_BAD = (
    "problem|firing|alerting|alert|triggered|down|offline|failed|failure|error|critical|crit|fatal"
    "|emergency|high|warning|warn|medium|low|info|notice|unhealthy|unreachable|degraded|p[1-5]"
)
_ALONE = re.compile(rf"[\W_]*({_OVER}|{_BAD})[\W_]*", re.IGNORECASE)
_FIRST = re.compile(
    rf"^[\s\W]*?[\[(]?\s*(?:(?P<over>{_OVER})|(?P<bad>{_BAD}))\b"
    r"\s*(?:[\])]\s*[:\-\u2013\u2014]?|[:\u2013\u2014]|(?<=\s)-|-(?=\s))\s*",
    re.IGNORECASE,
)
_LAST = re.compile(
    rf"\s+(?:(?:is|has|are|was)\s+(?:now\s+)?)?(?:(?P<over>{_OVER})|(?P<bad>{_BAD}))[\s.!]*$",
    re.IGNORECASE,
)
# "The lamp is not ok", "the queue piles up": the last word alone does not say that it is over.
_DENIED = re.compile(r"(?:\b(?:not|never|no|no longer|cannot(?: be)?|isn.?t|aren.?t|wasn.?t)|n't)$")
_GREW = re.compile(rf"{MEASURED}$", re.IGNORECASE)
_IS = re.compile(r"\s+(?:is|has|are|was)\s", re.IGNORECASE)
_LONGEST = 500


def _line(item: Any) -> str:
    """The first line; what is a state and nothing else goes with the one after it."""
    if not isinstance(item, str):
        return ""
    lines = [line.strip() for line in item[:8000].splitlines() if line.strip()]
    if len(lines) > 1 and (state := _ALONE.fullmatch(lines[0][:80])):
        return f"[{state[1]}] {lines[1]}"[:_LONGEST]
    return lines[0][:_LONGEST] if lines else ""


def _taken(item: Any) -> tuple[str, str, str]:
    """What happened, the word that says so, and the line without it."""
    line = _line(item)
    for pattern in (_FIRST, _LAST):
        if found := pattern.search(line):
            rest = (line[: found.start()] + line[found.end() :]).strip()
            word = found["over"] or found["bad"]
            if found["over"] and pattern is _LAST and not _is_over(line, found):
                return TRIGGER, "", line
            if rest:
                return RESOLVE if found["over"] else TRIGGER, word.lower(), rest
    return TRIGGER, "", line


def _is_over(line: str, found: re.Match[str]) -> bool:
    """Whether the word that a line ends with says so of all of it."""
    before, word = line[: found.start()].lower(), found["over"]
    if _DENIED.search(before) or (word == "up" and _GREW.search(before)):
        return False
    says = _IS.match(found[0]) or word.isupper() or word.lower() not in {"up", "clear", "fixed"}
    return bool(says) or len(before.split()) == 1


def _else(pick: Pick, own: Pick) -> Pick:
    """As text by its words; anything else like the generic webhook."""
    return lambda item, top: own(item, top) if isinstance(item, str) else pick(item, top)


def _severity(item: Any, top: Any) -> str:
    action, word, _ = _taken(item)
    return COMMON.severity(word) if action == TRIGGER else ""


generic_text = Vendor(
    kind="generic_text",
    label="Plain text",
    action=_else(generic.action, lambda item, top: _taken(item)[0]),
    dedup_key=_else(generic.dedup_key, lambda item, top: _taken(item)[2].lower()),
    title=_else(generic.title, lambda item, top: _line(item)),
    description=_else(generic.description, lambda item, top: item),
    severity=_else(generic.severity, _severity),
    details=_else(generic.details, lambda item, top: None),
    tags=_else(generic.tags, lambda item, top: None),
    links=generic.links,
    setup="""\
Send a POST with a line of text, more lines if there is more to say:

    curl -fsS {url} -H 'Content-Type: text/plain' -d '[CRITICAL] The disk of db-1 is full'

and the same line with another word to close the alert:

    curl -fsS {url} -H 'Content-Type: text/plain' -d '[RESOLVED] The disk of db-1 is full'

“web-1 is DOWN” and “web-1 is UP” work as well.
""",
)
