"""The fields of a multipart form: pure, bounded, never raises.

Some tools send their JSON as one field of such a form (Uptime Kuma, Plex, curl -F). The boundary
is read off the body itself, because what the header says is sometimes another one.
"""

import re

_FIELDS, _HEADERS = 1000, 4000
_BOUNDARY = re.compile(r"--[^\s\x00-\x1f]{1,200}")
_NAME = re.compile(
    r"content-disposition:[^\r\n]{0,500}?[;\s]name=\"?([^\";\r\n]{1,200})", re.IGNORECASE
)


def read(text: str) -> list[tuple[str, str]] | None:
    """Return names and contents in order, or None where it is no multipart form."""
    found = _BOUNDARY.match(text)
    if found is None:
        return None
    pairs = []
    for part in text[found.end() :].split(found[0], _FIELDS)[:_FIELDS]:
        head, body = _cut(part.lstrip("\r\n"))
        if name := _NAME.search(head[:_HEADERS]):
            pairs.append((name[1].strip(), body.rstrip("\r\n")))
    return pairs or None


def _cut(part: str) -> tuple[str, str]:
    """Head and content of a part; its lines may end in one character or in two."""
    ends = [part.find(gap) for gap in ("\r\n\r\n", "\n\n") if gap in part[: _HEADERS + 4]]
    if not ends:
        return part[:_HEADERS], ""
    at = min(ends)
    return part[:at], part[at:].lstrip("\r\n")
