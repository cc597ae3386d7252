"""Hostile text made fit to store and show: pure, never raises.

PostgreSQL refuses NUL and lone surrogates; terminals, phones and mail subjects are fooled by
control and bidirectional characters. What is left here is safe everywhere.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import orjson

# C0 and C1 controls (tab and newline apart), bidirectional marks and overrides, invisible fillers.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile("\r\n?|\u2028|\u2029|\x85")
_SPACES = re.compile(r"\s+")
_WEB = re.compile(r"https?://[^\s<>\"'\\]+", re.IGNORECASE)

_SECRET = frozenset(
    [
        "routing_key",
        "service_key",
        "integration_key",
        "api_key",
        "apikey",
        "app_key",
        "access_key",
        "secret_key",
        "token",
        "access_token",
        "auth_token",
        "secret",
        "client_secret",
        "password",
        "passwd",
        "authorization",
    ]
)

# The same names in a text that is JSON, a form or XML: what follows them is starred.
_NAMES_OF_SECRETS = "|".join(name.replace("_", "[_-]?") for name in sorted(_SECRET, reverse=True))
_SECRETS = re.compile(
    rf"""(?P<before>["'<&?\s]?\b(?:{_NAMES_OF_SECRETS})(?:["']?\s{{0,5}}[:=]\s{{0,5}}|>))"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|[^\s,&<>{}\[\]"']+(?:(?<=[Bb]earer) [^\s,&<>"']+)?)""",
    re.IGNORECASE,
)

TITLE, TEXT, WORD, LINK = 1024, 8000, 64, 2000
_STRING, _NAME, _DEPTH, _NODES = 4000, 200, 6, 400


def clean(value: str, limit: int = TEXT) -> str:
    """Return `value` without unseen characters, at most `limit` long. Line breaks stay."""
    value = value[: limit * 2]
    if not value.isprintable():
        value = _SURROGATE.sub("\ufffd", _UNSEEN.sub("", _BREAKS.sub("\n", value)))
    value = value.strip()
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def line(value: str, limit: int = TITLE) -> str:
    """Return `value` cleaned, as one line."""
    text = clean(value, limit)
    return text if text.isprintable() else _SPACES.sub(" ", text)


def words(value: Any) -> str:
    """Return any JSON value as text: a string as it is, nothing as "", the rest as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return pretty(value, indent=False)


def pretty(value: Any, *, indent: bool = True) -> str:
    """Return a value as JSON text, whatever is in it; what is too deep is cut off."""
    value = tame(value)
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()


def whole(value: Any) -> str:
    """Return a value as indented JSON text to look at, secrets starred, far more than an alert's
    details show."""
    tamed = _tame(value, _DEPTH * 4, [_NODES * 25])
    return orjson.dumps(tamed, option=orjson.OPT_INDENT_2).decode()


def starred(text: str) -> str:
    """Return a raw text with the values of what is named like a secret starred."""
    return _SECRETS.sub(lambda found: f"{found['before']}•••", text)


def tame(value: Any) -> Any:
    """Return a value that jsonb accepts: bounded in depth, size and characters."""
    return _tame(value, _DEPTH, [_NODES])


def _tame(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if isinstance(value, str):
        return clean(value, _STRING)
    if isinstance(value, (dict, list, tuple)):
        if depth == 0 or left[0] <= 0:
            return "…"
        if isinstance(value, dict):
            return _tame_dict(value, depth - 1, left)
        return _tame_list(value, depth - 1, left)
    if isinstance(value, int):  # bool is one
        return value if -(2**53) <= value <= 2**53 else str(value)[:_NAME]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None else clean(str(value), _STRING)


def _tame_dict(value: dict[Any, Any], depth: int, left: list[int]) -> dict[str, Any]:
    tamed: dict[str, Any] = {}
    for key, item in value.items():
        if left[0] <= 0:
            tamed["…"] = f"{len(value) - len(tamed)} more"
            break
        name = line(str(key), _NAME)
        is_secret = isinstance(item, str) and name.lower().replace("-", "_") in _SECRET
        tamed[name] = "•••" if is_secret else _tame(item, depth, left)
    return tamed


def _tame_list(value: Sequence[Any], depth: int, left: list[int]) -> list[Any]:
    tamed: list[Any] = []
    for item in value:
        if left[0] <= 0:
            tamed.append("…")
            break
        tamed.append(_tame(item, depth, left))
    return tamed


def link(value: Any) -> str:
    """Return an http(s) address, or "" for anything else: no other scheme is ever a link, nor is
    what cannot be taken apart."""
    text = line(value, LINK + 1) if isinstance(value, str) else ""
    if len(text) > LINK or not _WEB.fullmatch(text):
        return ""
    with suppress(ValueError):
        urlsplit(text)
        return text
    return ""


def key(value: str) -> str:
    """Return a dedup key of at most 255 characters; one that does not fit becomes its hash."""
    stripped = value.strip()
    if len(stripped) <= 255 and stripped.isprintable():
        return stripped
    return f"sha256:{digest(stripped)}"


def digest(*parts: str) -> str:
    """Return the same hexadecimal hash for the same parts, whatever characters they have."""
    joined = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()
