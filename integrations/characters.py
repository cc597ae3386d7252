"""Bytes to characters: a codec is chosen by what is there, and only then by what was claimed."""

import re

# Only real character sets: a codec such as punycode would take minutes over a megabyte.
_CHARSET = re.compile(
    r"charset\s*=\s*\"?(iso-8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|shift_jis|euc-jp|euc-kr"
    r"|gb2312|gbk|gb18030|big5|koi8-[ru])\b",
    re.IGNORECASE,
)


def characters(body: bytes, content_type: str = "") -> str:
    """Return the characters: by mark, by where NULs stand, as UTF-8, by claim, else one to one."""
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body.decode(codec, "replace")
    if (silent := _wide(body)) is not None:
        return body.decode(silent, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if claimed := _CHARSET.search(content_type):
        try:
            return body.decode(claimed[1], "strict")
        except (LookupError, ValueError):
            pass
    readable = body.decode("utf-8", "replace")
    return readable if readable.count("\ufffd") * 10 < len(readable) else body.decode("latin-1")


def _wide(body: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark shows by where its NULs stand."""
    return _WIDE.get(tuple(byte == 0 for byte in body[:4]))


_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_WIDE: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
}
