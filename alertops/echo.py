"""Who answers at PUBLIC_URL: this installation, nobody, somebody else, or a living twin of it.

A copy of a database remembers the same random token; but only one of the two makes the heartbeats
that are read here, because every run of a loop draws a number of its own within the minute. So an
answer with our token and foreign runs comes from another database of the same origin.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

from alertops import net
from alertops.models import House, LoopBeat

PATH = "/health/engine"
TRIES = 3
PAUSE = 1.0
_http = net.Client(guarded=False, seconds=3.0)


class Answer(Enum):
    OURS = "ours"
    NOBODY = "nobody"
    OTHER = "other"
    """Something else, or another installation altogether."""
    TWIN = "twin"
    """Another database with our origin, whose engine is alive."""


@dataclass(frozen=True, slots=True)
class Echo:
    answer: Answer
    detail: str = ""


def house() -> str:
    """What /health/engine says of which installation this is; it gives nothing away."""
    token = House.objects.values_list("token", flat=True).first()
    return hashlib.sha256(f"house:{token}".encode()).hexdigest()[:16] if token else ""


def runs() -> set[str]:
    """The numbers of the runs that hold the loops now."""
    return set(LoopBeat.objects.exclude(run_id="").values_list("run_id", flat=True))


def listen(url: str) -> Echo:
    """Ask the address who it is; several times before it is called a twin."""
    for rest in range(TRIES - 1, -1, -1):
        before = runs()
        try:
            answer = _http.request("GET", f"{url}{PATH}?{secrets.token_hex(4)}")
        except (net.NotSent, net.MaybeSent) as error:
            return Echo(Answer.NOBODY, f"{url} does not answer from here: {error}")
        said = _parsed(answer.body)
        if not said.get("house"):
            return Echo(Answer.OTHER, f"At {url} something else answers ({answer.status}).")
        if said["house"] != house():
            return Echo(Answer.OTHER, f"At {url} another AlertOps answers.")
        if _names(said.get("runs")) & (before | runs()):
            return Echo(Answer.OURS)
        if said.get("status") not in ("ok", "degraded"):
            return Echo(Answer.OTHER, f"At {url} a copy of this installation answers, unwell.")
        if rest:
            time.sleep(PAUSE)
    return Echo(Answer.TWIN, f"At {url} a living copy of this installation answers.")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _names(value: Any) -> set[str]:
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()
