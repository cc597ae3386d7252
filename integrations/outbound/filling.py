"""Templates of bodies and headers: places in double braces, filled with facts. No language.

A JSON template is read as JSON before anything is filled in, so that no fact, however hostile, can
change its shape. `"{{ title }}"` in quotes is text; `{{ details }}` without them is the value
itself. Pure.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from integrations.outbound.contract import News

LONGEST = 20_000
_PLACE = re.compile(r"\{\{\s*([a-z_]+)((?:\.[^\s{}.]+)*)\s*\}\}")
_OPEN = re.compile(r"\{\{|\}\}")
_BARE = "\ue000"  # marks a place that stood without quotes
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
OURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "accept-encoding",
        "x-alertops-signature",
        "x-alertops-webhook-id",
    }
)
"""Headers a template may not set: they are what HTTP, or our word, stands on."""
_WHOLE = frozenset({"details"})
"""Places that may go deeper: {{ details.host }}."""


def facts(news: News) -> dict[str, Any]:
    """Everything a place can name."""
    alert = news.alert
    return {
        "id": news.id,
        "event": news.kind,
        "at": news.at.isoformat(),
        "who": news.who,
        "words": news.words,
        "note": news.note,
        "number": alert.number,
        "title": alert.title,
        "description": alert.description,
        "severity": alert.severity,
        "status": alert.status,
        "url": alert.url,
        "group": alert.group,
        "source": alert.source,
        "service": alert.service,
        "runbook": alert.runbook,
        "assignee": alert.assignee,
        "dedup_key": alert.dedup_key,
        "opened_at": alert.opened_at,
        "acknowledged_at": alert.acknowledged_at,
        "resolved_at": alert.resolved_at,
        "tags": list(alert.tags),
        "links": list(alert.links),
        "details": alert.details,
    }


NAMES = (
    "id", "event", "at", "who", "words", "note", "number", "title", "description", "severity",
    "status", "url", "group", "source", "service", "runbook", "assignee", "dedup_key", "opened_at",
    "acknowledged_at", "resolved_at", "tags", "links", "details",
)  # fmt: skip


def as_json(template: str, known: Mapping[str, Any]) -> bytes:
    """Fill a JSON template. Raises ValueError with one sentence where it is none."""
    return dumps(_fill(_tree(template), known))


def as_form(template: str, known: Mapping[str, Any]) -> bytes:
    """Fill a JSON object and write it as form fields."""
    tree = _tree(template)
    if not isinstance(tree, dict):
        raise ValueError("Fields of a form are written as one JSON object: name and value.")
    return urlencode({name: text(_fill(each, known)) for name, each in tree.items()}).encode()


def as_text(template: str, known: Mapping[str, Any]) -> bytes:
    """Fill plain text."""
    return words(template, known).encode("utf-8", "replace")


FORMATS: dict[str, tuple[str, Callable[[str, Mapping[str, Any]], bytes]]] = {
    "json": ("application/json", as_json),
    "form": ("application/x-www-form-urlencoded", as_form),
    "text": ("text/plain; charset=utf-8", as_text),
}


def headers(template: str, known: Mapping[str, Any]) -> dict[str, str]:
    """Fill lines of "Name: value". Raises ValueError with one sentence."""
    found: dict[str, str] = {}
    for line in filter(str.strip, template.splitlines()):
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not _NAME.fullmatch(name):
            raise ValueError(f"“{line.strip()[:40]}” is not a header: write “Name: value”.")
        if name.lower() in OURS:
            raise ValueError(f"The header {name} is set by AlertOps itself.")
        if name.lower() in {each.lower() for each in found}:
            raise ValueError(f"The header {name} is there twice.")
        filled = _CONTROL.sub(" ", words(value, known)).strip()
        found[name] = filled.encode("latin-1", "replace").decode("latin-1")
    return found


def words(template: str, known: Mapping[str, Any]) -> str:
    """Fill a line of text; every place becomes text."""
    rest = _PLACE.sub("", template)
    if _OPEN.search(rest):
        raise ValueError("Double braces belong around one name: {{ title }}.")
    return _PLACE.sub(lambda place: text(_value(place, known)), template)


def text(value: Any) -> str:
    """A value as text; what is nested stays JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return dumps(value).decode("utf-8", "replace")


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _tree(template: str) -> Any:
    """The template as JSON; a place outside quotes becomes a marked string."""
    if len(template) > LONGEST:
        raise ValueError(f"The template is longer than {LONGEST} characters.")
    parts, at, quoted = [], 0, False
    while at < len(template):
        here = template[at]
        if not quoted and (place := _PLACE.match(template, at)):
            parts.append(json.dumps(_BARE + place.group(1) + place.group(2)))
            at = place.end()
            continue
        if quoted and here == "\\":
            parts.append(template[at : at + 2])
            at += 2
            continue
        quoted ^= here == '"'
        parts.append(here)
        at += 1
    try:
        return json.loads("".join(parts), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("The template is nested too deeply.") from None
    except ValueError as error:
        why = str(error).partition(":")[0]
        raise ValueError(f"The template is not JSON: {why[:1].lower()}{why[1:]}.") from None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _fill(tree: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(tree, dict):
        return {name: _fill(each, known) for name, each in tree.items()}
    if isinstance(tree, list):
        return [_fill(each, known) for each in tree]
    if not isinstance(tree, str):
        return tree
    if tree.startswith(_BARE):
        place = _PLACE.fullmatch("{{" + tree[1:] + "}}")
        return _value(place, known) if place else ""
    return words(tree, known)


def _value(place: re.Match[str], known: Mapping[str, Any]) -> Any:
    name, path = place.group(1), place.group(2)
    if name not in known:
        raise ValueError(f"There is no {{{{ {name} }}}}; there are {', '.join(NAMES)}.")
    if path and name not in _WHOLE:
        raise ValueError(f"{{{{ {name} }}}} has no parts.")
    value = known[name]
    for step in path.split(".")[1:]:
        value = value.get(step) if isinstance(value, dict) else None
    return "" if value is None else value
