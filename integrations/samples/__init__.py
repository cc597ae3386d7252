"""The golden payloads: tests, the "send a test event" button and the docs read the same files.

A sample says what a tool sends, and the signals that must become of it:

    name          "firing", "repeat…" and "recovery…" come first; then the traps
    payload       the JSON, or with a form's content type its fields
    body          instead of a payload: the text as it is (XML, a line of text)
    content_type  what the tool claims, application/json unless said
    signals       in order; each holds what is to be true of it, [] where it is no alert
"""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_HERE = Path(__file__).parent
Sample = dict[str, Any]


@cache
def of(kind: str) -> list[Sample]:
    """Return the samples of one kind."""
    samples: list[Sample] = json.loads((_HERE / f"{kind}.json").read_text("utf-8"))
    return samples


def firing(kind: str) -> Sample:
    """Return the first sample: a trigger."""
    return of(kind)[0]


def request(sample: Sample) -> tuple[bytes, str]:
    """Return what the tool sends: the body and its content type."""
    content_type: str = sample.get("content_type", "application/json")
    if "body" in sample:
        return sample["body"].encode(), content_type
    payload = sample["payload"]
    if "form-urlencoded" in content_type:
        return urlencode(payload, doseq=True).encode(), content_type
    return json.dumps(payload, indent=2, ensure_ascii=False).encode(), content_type
