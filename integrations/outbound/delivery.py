"""One message handed over: the call is made, signed and sent, and the answer judged.

Touches no database: what is needed was read when the message was claimed, so that any number of
threads can wait for slow receivers.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from alertops import net
from integrations import texts
from integrations.outbound import signing
from integrations.outbound.contract import (
    MOST_TURNS,
    Answer,
    Call,
    News,
    Place,
    Rejected,
    Talk,
    Tool,
    TryAgain,
    Turn,
)
from integrations.outbound.leases import Lasts
from integrations.outbound.states import Progress

logger = logging.getLogger(__name__)

SECONDS = 5.0
BUDGET = 60.0
"""Seconds after which no further request of one attempt begins."""
LONGEST = 55 * 1024
LONGEST_NAME, LONGEST_URL = 120, 500
KEPT = 1024
"""How much of an answer is kept."""
INTERRUPTED = "AlertOps was interrupted here, and goes on with a new try."
_CLIENT = net.Client(guarded=True, seconds=SECONDS, max_bytes=64 * 1024)


class Interrupted(Exception):
    """The message may be somebody else's by now, or its run has come to its end."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Everything needed to send one message. `attempts` fences it: only this claim may settle."""

    id: int
    connection_id: int
    attempts: int
    tool: Tool
    settings: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    reference: str
    news: News
    is_readable: bool = True


@dataclass(slots=True)
class Result:
    """What one attempt came to. `state` QUEUED: to be tried again."""

    message_id: int
    attempts: int
    state: Progress
    milliseconds: int = 0
    status: int | None = None
    error: str = ""
    answer: str = ""
    reference: str = ""
    place: Place = field(default_factory=Place)
    retry_after: float | None = None
    fault: bool = False
    """It says something of the whole receiver: leave it alone for a moment."""


def deliver(claimed: Claimed, now: datetime, lasts: Lasts = lambda: True) -> Result:
    """Send one message, in as many requests as its tool needs, none of which begins unless `lasts`
    says so. Never raises."""
    result = Result(claimed.id, claimed.attempts, Progress.SENT)
    began = time.monotonic()
    try:
        _talk(claimed, result, now, began + BUDGET, lasts)
    except TryAgain as error:
        result.state, result.error, result.fault = Progress.QUEUED, error.reason, True
        result.retry_after = error.retry_after
    except (Rejected, net.Blocked) as error:
        result.state, result.error = Progress.FAILED, str(error)
    except (net.NotSent, net.MaybeSent) as error:
        result.state, result.error, result.fault = Progress.QUEUED, str(error), True
    except Interrupted:
        result.state, result.error = Progress.QUEUED, INTERRUPTED
    except ValueError as error:  # a template or setting that cannot be used any more
        result.state, result.error = Progress.QUEUED, str(error)
    except Exception:  # a bug of ours is no reason to lose what somebody should hear
        logger.exception("Outbound message %s could not be made", claimed.id)
        result.state, result.error = Progress.QUEUED, "AlertOps could not make this message."
    result.milliseconds = int((time.monotonic() - began) * 1000)
    return result


def _talk(claimed: Claimed, result: Result, now: datetime, deadline: float, lasts: Lasts) -> None:
    """Ask the tool for requests, and send them, until it has no more to say."""
    news, tool = claimed.news, claimed.tool
    talk = Talk(claimed.reference, again=claimed.attempts > 1)
    while (call := prepare(claimed, talk, now)) is not None:
        if len(talk.turns) == MOST_TURNS or time.monotonic() > deadline:
            raise TryAgain("It took too many requests.")
        if not lasts():
            raise Interrupted
        answer = _ask(call)
        result.status = answer.status
        result.answer = answer.body[:KEPT].decode("utf-8", "replace").replace("\x00", "")
        tool.judge(answer)
        talk = replace(talk, turns=(*talk.turns, Turn(call, answer)))
        if not talk.reference:  # a comment made later is not the thing
            result.reference = tool.opened(news, talk)[:255]
            result.place = _place(claimed, result.reference, talk)
    if not talk.turns:
        result.state = Progress.SKIPPED


def _place(claimed: Claimed, reference: str, talk: Talk) -> Place:
    """Where people find it. An address that is none of the web, or cut, leads nowhere."""
    if not reference:
        return Place()
    place = claimed.tool.place(claimed.settings, reference, talk)
    is_whole = len(place.url) <= LONGEST_URL and place.url.startswith(("https://", "http://"))
    return Place(texts.line(place.name, LONGEST_NAME), place.url if is_whole else "")


def _ask(call: Call) -> Answer:
    response = _CLIENT.request(call.method, call.url, body=call.body, headers=call.headers)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, response.body, response.retry_after)


def prepare(claimed: Claimed, talk: Talk, now: datetime) -> Call | None:
    """The next call as it leaves: not too long, with its id and its signature. Raises what tools
    do."""
    if not claimed.is_readable:
        raise ValueError("Its settings cannot be read: their encryption key is missing.")
    call = claimed.tool.next(claimed.news, claimed.settings, talk)
    if call is not None and len(call.body) > LONGEST:
        call = claimed.tool.next(claimed.news.slim(), claimed.settings, talk)
    if call is None:
        return None
    if len(call.body) > LONGEST:
        raise Rejected("The message is longer than 55 KB even without details.")
    headers = {**call.headers, signing.ID_HEADER: claimed.news.id}
    if claimed.tool.signed and claimed.secrets:
        headers[signing.HEADER] = signing.sign(call.body, claimed.secrets, now)
    return Call(call.url, call.body, headers, call.method)
