"""Bodies nobody would think of, the same ones again for the same seed.

Most are what a tool really sends with something in it gone wrong: a value replaced by a hostile
one, a name lost or doubled, a list where there was none, bytes turned over, the end cut off. The
rest are the known killers and plain noise, under any content type.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from integrations import samples
from integrations.vendors import VENDORS
from tests.integrations.hostile import HOSTILE

SMALL = 20_000
"""Bytes of a killer that may come often; the others come now and then, they take their time."""

TYPES = (
    "application/json", "application/json; charset=utf-8", "text/json", "application/xml",
    "text/xml", "text/plain", "text/plain; charset=iso-8859-1", "text/html", "", "*/*",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data",
    "multipart/mixed; boundary=\"a b\"", "application/octet-stream", "application/problem+json",
    "application/cloudevents-batch+json", "image/png", "application/json; charset=utf-16",
    "text/plain; charset=utf-7", "application/json; charset=punycode", "application/json, text/xml",
    ";;;", "=", "application/json;" * 40, "\x01\x7f\xff", "text/plain; charset=\"",
)  # fmt: skip
ENCODINGS = ("gzip", "deflate", "br", "zstd", "identity", "gzip, deflate", "x\xff", "GZIP")

LEAVES: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, -(10**400), 1.5, 1e308, float("inf"), float("nan"), "", " ",
    "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202eevil", "\u200b", "\ufffe", "é" * 300, "null",
    "NaN", "true", "${jndi:ldap://x}", "{{7*7}}", "%s%n", "' OR 1=1 --", "<script>x</script>",
    "javascript:alert(1)", "http://169.254.169.254/", "x" * 5000, "k" * 256, "resolved", "ok", "0",
    "firing", "acknowledged", "ignore", "critical", "P1", "255", "1e999", "2026-13-45T99:99:99Z",
    [], {}, [[]], [None], [{}], {"": ""}, {"a": {"b": {"c": []}}}, ["x"] * 50, {"\x00": "\x00"},
    {"name": {"name": {"name": 1}}}, [[[[[[[[[[[1]]]]]]]]]]], {str(n): n for n in range(60)},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shot:
    """One request: to an integration of which kind, with what."""

    kind: str
    body: bytes
    content_type: str = "application/json"
    content_encoding: str = ""


def shots(seed: int, kinds: Sequence[str] = tuple(VENDORS)) -> Iterator[Shot]:
    """Return requests without end."""
    dice = random.Random(seed)
    real = [(kind, *_real(sample)) for kind in kinds for sample in samples.of(kind)]
    often = [found for found in HOSTILE.values() if len(found[0]) <= SMALL]
    seldom = [found for found in HOSTILE.values() if len(found[0]) > SMALL]
    while True:
        way = dice.random()
        if way < 0.85:
            kind, value, content_type, plain = dice.choice(real)
            body, content_type = _spoiled(dice, value, content_type, plain)
        elif way < 0.92:
            kind, (body, content_type, encoding) = dice.choice(kinds), dice.choice(often)
            yield Shot(kind, body, content_type, encoding)
            continue
        elif way < 0.921:
            kind, (body, content_type, encoding) = dice.choice(kinds), dice.choice(seldom)
            yield Shot(kind, body, content_type, encoding)
            continue
        else:
            kind, body, content_type = dice.choice(kinds), _noise(dice), dice.choice(TYPES)
        if dice.random() < 0.3:
            content_type = dice.choice(TYPES)
        if dice.random() < 0.1:
            kind = dice.choice(kinds)  # one tool's body to another one's address
        yield Shot(kind, *_wrapped(dice, body, content_type))


def _real(sample: samples.Sample) -> tuple[Any, str, bytes]:
    body, content_type = samples.request(sample)
    return sample.get("payload"), content_type, body


def _spoiled(dice: random.Random, value: Any, content_type: str, plain: bytes) -> tuple[bytes, str]:
    """A real body with something gone wrong: in its values, in its bytes, in both or in nothing."""
    body = plain
    if value is not None and dice.random() < 0.8:
        value = json.loads(json.dumps(value))
        for _ in range(dice.randint(0, 4)):
            value = _changed(dice, value)
        if "urlencoded" in content_type and isinstance(value, dict) and dice.random() < 0.8:
            fields = {_text(name): _text(each) for name, each in value.items()}
            body = urlencode(fields, errors="surrogatepass").encode()
        else:
            body = json.dumps(value).encode()  # NaN, lone surrogates and all
    if dice.random() < 0.25:
        body = dice.choice(_BYTES)(dice, body)
    return body, content_type


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _changed(dice: random.Random, value: Any) -> Any:
    """Change one thing somewhere inside."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        name = dice.choice(list(value))
        what = dice.random()
        if what < 0.1:
            return {other: each for other, each in value.items() if other != name}
        if what < 0.2:
            return {**value, dice.choice((name.upper(), name + "_", "", "\x00")): value[name]}
        if what < 0.7 and isinstance(value[name], (dict, list)):
            return {**value, name: _changed(dice, value[name])}
        return {**value, name: dice.choice(LEAVES)}
    if isinstance(value, list) and value and dice.random() < 0.85:
        at = dice.randrange(len(value))
        if dice.random() < 0.2:
            return value * dice.choice((0, 2, 30))
        return [*value[:at], _changed(dice, value[at]), *value[at + 1 :]]
    return dice.choice((dice.choice(LEAVES), [value], {"alerts": value}, {"data": value}))


def _turned(dice: random.Random, body: bytes) -> bytes:
    turned = bytearray(body or b"\x00")
    for _ in range(dice.randint(1, 8)):
        turned[dice.randrange(len(turned))] = dice.randrange(256)
    return bytes(turned)


def _inserted(dice: random.Random, body: bytes) -> bytes:
    at = dice.randrange(len(body) + 1)
    return body[:at] + dice.choice(_BITS) * dice.randint(1, 20) + body[at:]


_BITS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"{", b"]", b'"', b"\\u0000", b"\\ud83d", b"&amp;",
    b"<!DOCTYPE x [", b"%00", b"%", b"&", b"=", b"\r\n--x\r\n", b"<a>", b"\xc0\x80", b"\x1f\x8b",
    b"\xed\xa0\x80",
)  # fmt: skip
_BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _turned,
    _inserted,
    lambda dice, body: body[: dice.randrange(len(body) + 1)],
    lambda dice, body: body[dice.randrange(len(body) + 1) :],
    lambda dice, body: body + body,
    lambda dice, body: json.dumps(body.decode("latin-1")).encode(),
    lambda dice, body: body.decode("utf-8", "replace").encode(dice.choice(("utf-16", "utf-32"))),
    lambda dice, body: b"payload=" + body,
    lambda dice, body: b'--x\r\nContent-Disposition: form-data; name="data"\r\n\r\n' + body,
    lambda dice, body: b"<alert><body>" + body + b"</body></alert>",
)


def _noise(dice: random.Random) -> bytes:
    """Bytes that mean nothing, sometimes made of signs that mean something."""
    if dice.random() < 0.5:
        return dice.randbytes(dice.choice((0, 1, 2, 3, 4, 7, 64, 700)))
    return b"".join(dice.choices((*_BITS, b"a", b"1", b":", b",", b" "), k=dice.randint(0, 80)))


def _wrapped(dice: random.Random, body: bytes, content_type: str) -> tuple[bytes, str, str]:
    """Perhaps compressed, perhaps only said to be."""
    what = dice.random()
    if what < 0.05:
        return gzip.compress(body, 1), content_type, dice.choice(("gzip", "", "deflate"))
    if what < 0.08:
        return zlib.compress(body, 1), content_type, "deflate"
    return body, content_type, dice.choice(ENCODINGS) if what < 0.12 else ""
