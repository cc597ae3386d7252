"""Words that say where things stand in a payload. Pure, and tolerant of case and separators.

A name is found however it is written ("alertTitle", "alert_title", "Alert Title"), a path that
leads nowhere is nothing, and nothing here ever raises.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from integrations import texts

Pick = Callable[[Any, Any], Any]
"""Takes one item and the whole payload, returns what was found there, or None."""

_NAMES = 300  # an object with more names than this is searched by exact name only


def field(*paths: str, default: Any = None) -> Pick:
    """Take the first of these dotted paths that holds something.

    A path that begins with "/" starts at the top of the payload instead of at the item.
    """
    ways = [(path.startswith("/"), tuple(path.lstrip("/").split("."))) for path in paths]

    def pick(item: Any, top: Any) -> Any:
        for from_top, keys in ways:
            found = dig(top if from_top else item, keys)
            if found is not None and found != "":
                return found
        return default

    return pick


def choose(path: str | Pick, words: Mapping[str, str], default: str = "") -> Pick:
    """Translate the word at `path` by a table, whatever its case; `default` where it has none."""
    pick = field(path) if isinstance(path, str) else path
    table = {word.lower(): ours for word, ours in words.items()}

    def translate(item: Any, top: Any) -> str:
        return table.get(texts.words(pick(item, top)).strip().lower(), default)

    return translate


def joined(*paths: str, by: str = "/") -> Pick:
    """Take all of these paths together, or nothing where the first of them is missing."""
    picks = [field(path) for path in paths]

    def pick(item: Any, top: Any) -> str:
        parts = [texts.words(each(item, top)) for each in picks]
        return by.join(parts) if parts[0] else ""

    return pick


def first(*picks: Pick) -> Pick:
    """Take the first pick that finds something."""

    def pick(item: Any, top: Any) -> Any:
        for each in picks:
            if found := each(item, top):
                return found
        return None

    return pick


def table(*paths: str, **named: str) -> Pick:
    """Take details: what these paths hold, each under its last name or the one given."""
    wanted = {path.rpartition(".")[2].lstrip("/"): field(path) for path in paths}
    wanted |= {name: field(path) for name, path in named.items()}

    def pick(item: Any, top: Any) -> dict[str, Any]:
        found = {name: each(item, top) for name, each in wanted.items()}
        return {name: value for name, value in found.items() if value not in (None, "", [], {})}

    return pick


def digest(path: str) -> Pick:
    """A key made of everything at `path` (such as an alert's labels), in any order."""
    pick = field(path)

    def hashed(item: Any, top: Any) -> str:
        found = pick(item, top)
        if not isinstance(found, dict) or not found:
            return ""
        pairs = sorted((str(name), texts.words(value)) for name, value in found.items())
        return "auto:" + texts.digest(*(part for pair in pairs for part in pair))[:32]

    return hashed


def dig(value: Any, keys: Sequence[str]) -> Any:
    """Follow a path through dictionaries and lists. None where it leads nowhere."""
    for depth, name in enumerate(keys):
        if isinstance(value, dict):
            found = value.get(name)
            if found is None:
                found = _similar(value, name)
            if not isinstance(found, (dict, list)) and depth < len(keys) - 1:
                return value.get(".".join(keys[depth:]))  # a key that has dots itself
            value = found
        elif isinstance(value, list) and name.isdecimal() and len(name) < 6:
            value = value[int(name)] if int(name) < len(value) else None
        else:
            return None
        if value is None:
            return None
    return value


def _similar(value: dict[Any, Any], name: str) -> Any:
    if len(value) > _NAMES:
        return None
    wanted = _plain(name)
    for key, found in value.items():
        if isinstance(key, str) and len(key) <= 64 and _plain(key) == wanted:
            return found
    return None


@lru_cache(maxsize=8192)
def _plain(name: str) -> str:
    return name.lower().translate(_SEPARATORS)


_SEPARATORS = str.maketrans("", "", "_- ./")
