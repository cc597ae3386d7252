"""Bytes from anywhere, turned into a value: pure, bounded, never raises.

Tools lie about content types, compress, double-encode and break off in the middle. Whatever they
send, an answer comes back: a JSON value, the fields of a form, or the text as it could be read.
"""

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from integrations import letters, markup, multipart, sns
from integrations.characters import characters

EXPANDED = 4 * 1024 * 1024
"""Bytes a compressed body may become."""
MAIL = "message/rfc822"
_FIELDS = 1000
_DIGITS = 400
_FORM = re.compile(r"[\w.\[\]%+\-]{1,200}=")
# `[CRITICAL] The disk is full` and `"shop" is down` are lines of text, no broken JSON.
_SPOKEN = re.compile(r"\[[A-Za-z][\w .:#/+-]{0,60}\]\s*\w|\"[^\"\\]{1,100}\"\s+\w")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a body says. `problem` is a sentence where it could not be read as data."""

    value: Any
    kind: str  # json | form | xml | text | empty | mail
    problem: str = ""


def decode(body: bytes, content_type: str = "", content_encoding: str = "") -> Decoded:
    """Return the value in `body`, looking at the bytes first and at what was claimed second."""
    if content_type.lower().startswith(MAIL):
        return Decoded(letters.facts(body), "mail")
    try:  # nearly every body: plain UTF-8 JSON
        value = orjson.loads(body)
        if isinstance(value, (dict, list)):
            return Decoded(sns.opened(value), "json")
    except ValueError:
        pass
    body, problem = _expand(body, content_encoding)
    text = characters(body, content_type).strip("\ufeff \t\r\n\x00")
    if not text:
        return Decoded("", "empty", problem or "The body is empty.")
    if problem:
        return Decoded(text, "text", problem)
    return _structured(text, content_type)


def _structured(text: str, content_type: str) -> Decoded:
    if text[0] in '{["' and not ("json" not in content_type.lower() and _SPOKEN.match(text)):
        value = _json(text)
        if isinstance(value, str):  # JSON inside a JSON string
            inner = _json(value.strip()) if value.strip()[:1] in {"{", "["} else None
            value = inner if isinstance(inner, (dict, list)) else value
        if isinstance(value, (dict, list)):
            return Decoded(value, "json")
        if isinstance(value, str):
            return Decoded(value, "text")
        return Decoded(text, "text", "The body looks like JSON but cannot be read.")
    if text[0] == "<" and (marked := markup.read(text)) is not None:
        return Decoded(marked, "xml")
    if (form := _form(text, content_type)) is not None:
        return form
    if "json" in content_type.lower() and not isinstance(_json(text), (int, float, str, bool)):
        return Decoded(text, "text", "The body is not JSON although it says so.")
    return Decoded(text, "text")


def _form(text: str, content_type: str) -> Decoded | None:
    """Return the fields of a form of either kind, or None where it is none."""
    pairs: list[tuple[str, str]] | None = None
    if text[:2] == "--":
        pairs = multipart.read(text)
    elif "form-urlencoded" in content_type.lower() or _FORM.match(text):
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS)
        except ValueError:
            return None
    return _fields(pairs) if pairs else None


def _fields(pairs: list[tuple[str, str]]) -> Decoded | None:
    """Return fields as an object. One may hold JSON; one named `payload` is the whole."""
    for name, content in pairs:
        if name.lower() in {"payload", "body", "json", "data"} and content[:1] in {"{", "["}:
            value = _json(content)
            if isinstance(value, (dict, list)):
                return Decoded(value, "form")
    fields: dict[str, Any] = {}
    for name, content in pairs:
        value = _inner(content)
        if name in fields:
            kept = fields[name]
            fields[name] = [*kept, value] if isinstance(kept, list) else [kept, value]
        else:
            fields[name] = value
    if len(fields) == 1 and pairs[0][1] == "":  # `curl -d 'disk full'`: a sentence, not a form
        return None
    return Decoded(fields, "form")


def _inner(content: str) -> Any:
    """Return a form's field: an object where it holds one (New Relic's `alert={…}`)."""
    value = _json(content) if content[:1] == "{" else None
    return value if isinstance(value, dict) else content


def _json(text: str) -> Any:
    """Return the value, or None. Takes what strict parsers refuse: NaN, huge numbers, "\\ud800"."""
    try:
        return json.loads(text, parse_int=_int, parse_constant=str, strict=False)
    except (ValueError, RecursionError):
        return None


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _DIGITS else digits


def _expand(body: bytes, content_encoding: str) -> tuple[bytes, str]:
    """Undo gzip or deflate, up to EXPANDED bytes. A bomb goes off in a box."""
    encoding = content_encoding.strip().lower()
    if body[:2] == b"\x1f\x8b":
        return _inflate(body, 31, 15)
    if encoding == "deflate":
        return _inflate(body, 15, -15)
    if encoding in {"br", "zstd"}:
        return body, f"The body is compressed with {encoding}, which is not supported; use gzip."
    return body, ""


def _inflate(body: bytes, *windows: int) -> tuple[bytes, str]:
    for window in windows:
        inflater = zlib.decompressobj(window)
        try:
            expanded = inflater.decompress(body, EXPANDED + 1)
        except zlib.error:
            continue
        if len(expanded) > EXPANDED:
            return expanded[:65536], "The body is larger than 4 MiB when it is unpacked."
        if not inflater.eof:
            return expanded, "The compressed body breaks off."
        return expanded, ""
    return body, "The body says it is compressed but cannot be unpacked."
