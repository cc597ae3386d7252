"""The golden payloads: tests, the "send a test event" button and the docs read the same files."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


@cache
def of(kind: str) -> list[dict[str, Any]]:
    """Return the samples of one kind: {"name", "payload", "signals"}."""
    samples: list[dict[str, Any]] = json.loads((_HERE / f"{kind}.json").read_text("utf-8"))
    return samples


def firing(kind: str) -> Any:
    """Return the payload of the first sample: a trigger."""
    return of(kind)[0]["payload"]
