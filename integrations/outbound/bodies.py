"""What others send, read without trusting its shape: nothing here raises but `arrived`."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from integrations.outbound.contract import Answer, Refused


def arrived(raw: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that came, bare or in a form's field `payload`. Raises Refused."""
    try:
        text = raw.decode()
        if "form-urlencoded" in headers.get("content-type", ""):
            text = parse_qs(text)["payload"][0]
        found = json.loads(text)
    except (ValueError, KeyError, RecursionError):
        raise Refused(400, "The body is no JSON.") from None
    if not isinstance(found, dict):
        raise Refused(400, "The body is no JSON object.")
    return found


def of(answer: Answer) -> Any:
    """The JSON of an answer; None where it is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def at(value: Any, *path: str | int) -> Any:
    """What stands at a path of names and numbers; None where it does not lead anywhere."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if -len(value) <= step < len(value) else None
        else:
            return None
    return value


def word(value: Any, *path: str | int) -> str:
    """The text or whole number at a path; "" for anything else."""
    found = at(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""
