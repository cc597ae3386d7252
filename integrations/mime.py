"""A mail, read by somebody who expects the worst. Pure, bounded, never raises.

Headers that lie, parts within parts within parts, characters of no set: whatever came, there are
a subject, a sender and the text as well as it could be read. Attachments are named, never opened.
"""

import binascii
import html
import re
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr

from integrations import texts
from integrations.characters import characters

HEADER_BYTES = 64 * 1024
HEADERS = 300
VALUE = 4000
PARTS = 100
DEPTH = 10
TEXT_BYTES = 128 * 1024
TEXT = 20_000
_ISO_2022 = re.compile(r"charset\s*=\s*\"?(iso-2022-(?:jp|kr)(?:-\d)?)", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,190}")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/table)\b[^<>]*>", re.IGNORECASE)
_CELL = re.compile(r"</t[dh]\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_LINES = re.compile(r"\n\s*\n\s*")

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says. Names of headers are in lower case."""

    headers: Headers
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    text: str = ""
    attachments: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """Return the first header of this name, "" where there is none."""
        return next((value for known, value in self.headers if known == name), "")


@dataclass(slots=True)
class _Leaves:
    """What was found on the walk through the parts."""

    plain: str = ""
    marked: str = ""
    attachments: list[str] = field(default_factory=list)
    parts: int = 0


def read(raw: bytes) -> Mail:
    """Return what a mail says."""
    head, body = _halves(raw)
    headers = _headers(head)
    leaves = _Leaves()
    _walk(headers, body, leaves, 0)
    mail = Mail(headers)
    name, address = _address(mail.header("from") or mail.header("sender"))
    return Mail(
        headers,
        subject=texts.line(mail.header("subject"), 500),
        sender=address,
        sender_name=name,
        text=texts.clean(leaves.plain or leaves.marked, TEXT),
        attachments=tuple(leaves.attachments[:20]),
    )


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    """Cut a mail or a part at its first empty line."""
    if raw[:1] == b"\n":
        return b"", raw[1:]
    if raw[:2] == b"\r\n":
        return b"", raw[2:]
    found = [(at, len(gap)) for gap in (b"\r\n\r\n", b"\n\n") if (at := raw.find(gap)) >= 0]
    if not found:
        return raw, b""
    at, length = min(found)
    return raw[:at], raw[at + length :]


def _headers(head: bytes) -> Headers:
    lines: list[bytes] = []
    for line in head[:HEADER_BYTES].splitlines():
        if line[:1] in (b" ", b"\t") and lines:
            if len(lines[-1]) < VALUE:
                lines[-1] += b" " + line.strip()
        elif len(lines) < HEADERS:
            lines.append(line)
    found = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon and 0 < len(name) <= 100:
            found.append((name.decode("latin-1").strip().lower(), _value(value.strip()[:VALUE])))
    return found


def _value(value: bytes) -> str:
    """Return a header's text, its encoded words decoded (RFC 2047)."""
    text = characters(value)
    if "=?" not in text:
        return text
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError, LookupError):
        return text
    words = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(piece)
        else:
            words.append(_characters(piece, f"charset={charset or ''}"))
    return "".join(words)


def _characters(body: bytes, content_type: str) -> str:
    """Return the characters; of the 7-bit codes that look like ASCII only when they are claimed."""
    if claimed := _ISO_2022.search(content_type):
        return body.decode(claimed[1], "replace")
    return characters(body, content_type)


def _address(value: str) -> tuple[str, str]:
    try:
        name, address = parseaddr(value[:1000])
    except (ValueError, IndexError, RecursionError):
        found = _ADDRESS.search(value[:1000])
        name, address = "", found[0] if found else ""
    return texts.line(name, 200), texts.line(address, 254).lower()


def _walk(headers: Headers, body: bytes, leaves: _Leaves, depth: int) -> None:
    """Look at one part and what is in it, down to DEPTH and up to PARTS of them."""
    leaves.parts += 1
    if leaves.parts > PARTS or depth > DEPTH:
        return
    content_type = _first(headers, "content-type")
    kind = content_type.partition(";")[0].strip().lower() or "text/plain"
    if kind.startswith("multipart/") and (boundary := _parameter(content_type, "boundary")):
        for part in _split(body, boundary.encode("utf-8", "replace")):
            if leaves.parts > PARTS:
                return
            head, inner = _halves(part)
            _walk(_headers(head), inner, leaves, depth + 1)
        return
    disposition = _first(headers, "content-disposition")
    name = _parameter(disposition, "filename") or _parameter(content_type, "name")
    is_attached = disposition.strip().lower().startswith("attachment") or bool(name)
    if kind == "message/rfc822" and not is_attached:
        head, inner = _halves(body)
        _walk(_headers(head), inner, leaves, depth + 1)
    elif is_attached or not kind.startswith(("text/", "multipart/")):
        leaves.attachments.append(texts.line(name or kind, 100))
    elif kind == "text/html":
        leaves.marked = leaves.marked or _unmarked(_text(headers, body, content_type))
    elif kind.startswith(("text/plain", "text/", "multipart/")) and not leaves.plain:
        leaves.plain = _text(headers, body, content_type).strip()


def _first(headers: Headers, name: str) -> str:
    return next((value for known, value in headers if known == name), "")


def _parameter(value: str, name: str) -> str:
    if name not in value.lower():
        return ""
    holder = Message()
    try:
        holder["x"] = value[:VALUE].replace("\r", " ").replace("\n", " ")
        found = holder.get_param(name, "", header="x")
        if isinstance(found, tuple):
            found = found[2]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(found)


def _split(body: bytes, boundary: bytes) -> list[bytes]:
    """Return the parts between the boundaries; what is not closed ends with the mail."""
    mark = b"\n--" + boundary
    body = b"\n" + body
    parts: list[bytes] = []
    at = body.find(mark)
    while at >= 0 and len(parts) <= PARTS:
        begin = at + len(mark)
        if body[begin : begin + 2] == b"--":
            break
        following = body.find(mark, begin)
        content = body[begin:following] if following >= 0 else body[begin:]
        _, _, content = content.partition(b"\n")  # the rest of the boundary's own line
        parts.append(content)
        at = following
    return parts


def _text(headers: Headers, body: bytes, content_type: str) -> str:
    encoding = _first(headers, "content-transfer-encoding").strip().lower()
    body = body[:TEXT_BYTES]
    if encoding == "base64":
        body = _base64(body)
    elif encoding == "quoted-printable":
        body = binascii.a2b_qp(body)
    return _characters(body, content_type).replace("\r\n", "\n")


def _base64(body: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    kept = kept[: len(kept) - (len(kept) % 4 == 1)]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def _unmarked(marked: str) -> str:
    """Return the text of HTML: no scripts, a line where one would be seen."""
    marked = marked[:TEXT_BYTES]
    for name in ("script", "style", "head", "!--"):
        marked = _without(marked, name)
    marked = _BREAK.sub("\n", marked)
    text = html.unescape(_TAG.sub("", _CELL.sub(" ", marked)))
    lines = (_BLANKS.sub(" ", line).strip() for line in text.splitlines())
    return _LINES.sub("\n\n", "\n".join(lines)).strip()


def _without(marked: str, name: str) -> str:
    """Cut out everything from `<name` to its end; what never ends takes all the rest with it."""
    low, opens = marked.lower(), f"<{name}"
    closes = "-->" if name == "!--" else f"</{name}"
    kept, at = [], 0
    while (begin := low.find(opens, at)) >= 0:
        kept.append(marked[at:begin])
        end = low.find(closes, begin)
        if end < 0:
            return "".join(kept)
        at = low.find(">", end) + 1 or len(marked)
    return "".join([*kept, marked[at:]])
