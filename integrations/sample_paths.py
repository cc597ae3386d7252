"""The fields of a payload, to be picked: each with its path and what stands there. Pure."""

import re
from dataclasses import dataclass
from typing import Any

from integrations import texts

MOST = 200
_DEPTH = 6
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a payload and the JMESPath expression that finds it."""

    path: str
    value: str


def fields_of(payload: Any) -> list[Field]:
    """Return the values of a payload in its own order, at most MOST."""
    found: list[Field] = []
    _collect(payload, "", found, _DEPTH)
    return found


def _collect(value: Any, path: str, found: list[Field], depth: int) -> None:
    if len(found) >= MOST:
        return
    if isinstance(value, dict) and depth:
        for name, inner in value.items():
            step = name if _PLAIN.fullmatch(str(name)) else _quoted(str(name))
            _collect(inner, f"{path}.{step}" if path else step, found, depth - 1)
    elif isinstance(value, list) and depth:
        for number, inner in enumerate(value[:3]):
            _collect(inner, f"{path}[{number}]" if path else f"[{number}]", found, depth - 1)
    elif path and value not in (None, "", [], {}):
        shown = texts.line(
            texts.words(texts.tame({path.rpartition(".")[2]: value}).popitem()[1]), 120
        )
        found.append(Field(path, shown))


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def joined(paths: list[str]) -> str:
    """Return the expression for several fields together, such as a deduplication key."""
    if len(paths) == 1:
        return paths[0]
    return f"join('/', [{', '.join(f'to_string({path})' for path in paths)}])"


def parts(expression: str) -> list[str]:
    """Return the fields that `joined` put together, or the expression as the only one."""
    inner = re.fullmatch(r"join\('/', \[(.*)\]\)", expression)
    if inner is None:
        return [expression] if expression else []
    return re.findall(r"to_string\((.*?)\)(?:, |$)", inner[1])
