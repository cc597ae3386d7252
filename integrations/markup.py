"""XML turned into the same values as JSON: pure, bounded, never raises.

    <alert id="7"><title>Disk full</title><tag>db</tag><tag>disk</tag></alert>
    {"id": "7", "title": "Disk full", "tag": ["db", "disk"]}

A document type is refused: it serves only to read files or to blow up.
"""

from typing import Any
from xml.parsers import expat

_DEPTH, _ELEMENTS = 40, 20_000


class _Refused(Exception):
    pass


class _Reader:
    """Builds the value while the parser walks. No recursion: depth is the sender's choice."""

    def __init__(self) -> None:
        self.stack: list[tuple[str, dict[str, Any], list[str]]] = [("", {}, [])]
        self.elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > _ELEMENTS or len(self.stack) > _DEPTH:
            raise _Refused
        kept = {_local(key): value for key, value in attributes.items() if key[:5] != "xmlns"}
        self.stack.append((_local(name), kept, []))

    def text(self, data: str) -> None:
        self.stack[-1][2].append(data)

    def end(self, name: str) -> None:
        tag, fields, parts = self.stack.pop()
        text = "".join(parts).strip()
        if fields and text:
            fields.setdefault("text", text)
        self._file(tag, fields or text)

    def _file(self, tag: str, value: Any) -> None:
        parent = self.stack[-1][1]
        if tag not in parent:
            parent[tag] = value
        elif isinstance(parent[tag], list):
            parent[tag].append(value)
        else:
            parent[tag] = [parent[tag], value]

    def refuse(self, *declaration: Any) -> None:
        raise _Refused


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def read(text: str) -> dict[str, Any] | list[Any] | None:
    """Return what is inside the root element, or None where it is no XML that can be read."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, _Refused, ValueError):
        return None
    root = next(iter(reader.stack[0][1].values()), None)
    if not isinstance(root, dict):
        return None
    inner = next(iter(root.values()))
    return inner if len(root) == 1 and isinstance(inner, list) else root
