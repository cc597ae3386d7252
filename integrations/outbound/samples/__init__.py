"""What each tool sends to our hook, from its own documentation, and what is to be made of it.

name      what it is
headers   those that say what it is; the signature is made by whoever sends it
payload   the JSON; `form` says that it comes in a form's field of that name
said      in order: reference, verb, who, words, alert
body      what must be answered, where that matters
"""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_HERE = Path(__file__).parent
Sample = dict[str, Any]


@cache
def of(slug: str) -> list[Sample]:
    """The samples of one tool; [] for one that does not talk back."""
    file = _HERE / f"{slug}.json"
    samples: list[Sample] = json.loads(file.read_text("utf-8")) if file.exists() else []
    return samples


def request(sample: Sample) -> tuple[bytes, dict[str, str]]:
    """The body and the headers as they come, without a signature."""
    body = json.dumps(sample["payload"], ensure_ascii=False)
    headers = {"content-type": "application/json", **sample.get("headers", {})}
    if field := sample.get("form"):
        headers["content-type"] = "application/x-www-form-urlencoded"
        body = urlencode({field: body})
    return body.encode(), headers
