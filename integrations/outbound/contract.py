"""What a tool that hears about alerts is: a small class of facts and pure functions.

The engine reads the timeline and makes a `News` of every event a connection wants. For each it
asks the tool for the next `Call`, sends it through the guarded client (no redirects, 5 s, 64 KiB),
lets the tool judge the answer, and asks again with it (`next`, `Talk`) until there is nothing more
to say; then `opened` gives what to keep. A tool knows no database, settings or clock, and never
sends anything itself. News of one alert come in order: the next is asked for only when the one
before was accepted or is given up, so `reference` holds whatever an earlier answer gave.

To add one: subclass Tool in `integrations/outbound/tools/<slug>.py` and add it to TOOLS there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from alertops import net
from integrations.outbound.news import TEST as TEST
from integrations.outbound.news import AlertFacts as AlertFacts
from integrations.outbound.news import News as News


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. The engine adds the id, and the signature where the tool is `signed`."""

    url: str
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, up to 64 KiB of it. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    retry_after: float | None = None
    """Seconds for which it asked to be left alone, however it said so."""


MOST_TURNS = 12
"""No news takes more requests than this."""


@dataclass(frozen=True, slots=True)
class Turn:
    call: Call
    answer: Answer


@dataclass(frozen=True, slots=True)
class Talk:
    """What has been said so far in one attempt to tell one piece of news."""

    reference: str = ""
    """What an earlier news made over there; "" where nothing is there yet."""
    turns: tuple[Turn, ...] = ()
    """The calls of this attempt with the answers that were judged good, oldest first."""
    again: bool = False
    """An earlier attempt at this news was made and its answers may be lost: before a tool makes
    anything, it looks whether it is there."""

    @property
    def has_posted(self) -> bool:
        return any(turn.call.method == "POST" for turn in self.turns)


@dataclass(frozen=True, slots=True)
class Place:
    """What people call the thing over there, and where they see it."""

    name: str = ""
    url: str = ""


class TryAgain(Exception):
    """The tool could not take it now; back-off, or `retry_after` seconds where it asked so."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after


class Rejected(Exception):
    """The tool will never take this message: given up at once, and shown with this sentence."""


class Refused(Exception):
    """What came in is not from the tool, or makes no sense: the status and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing an administrator says about a connection; forms are drawn from these."""

    name: str
    label: str
    help: str = ""
    is_secret: bool = False
    """Never shown again; an empty field keeps what is there."""
    is_proof: bool = False
    """What comes in is checked with it: a short one is refused, and without it all of it is."""
    is_address: bool = False
    """An http(s) address; checked like every address a person types."""
    is_required: bool = True
    is_long: bool = False
    """Several lines."""
    choices: tuple[tuple[str, str], ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Something a person did to the thing over there."""

    reference: str
    """What `Tool.reference` gave for it, or "" with the `alert` number."""
    verb: str
    """acknowledge, unacknowledge, resolve or note."""
    who: str = ""
    words: str = ""
    """The text of a note, or why; plain text."""
    alert: int = 0
    """The alert's number, where the tool was told it and says it back. A connection reaches only
    alerts it has been told of."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a request of the tool means, and what to answer."""

    said: tuple[Said, ...] = ()
    body: bytes = b""
    content_type: str = "application/json"
    status: int = 200
    delivery: str = ""
    """The tool's own id of this delivery, if it has one: the second of a kind changes nothing."""


class Tool:
    """One kind of receiver. Subclasses say everything that is particular about it."""

    slug: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str] = ""
    """One line for the page where people choose."""
    settings: ClassVar[tuple[Setting, ...]]
    default_events: ClassVar[frozenset[str]] = frozenset(
        {"opened", "severity_raised", "acknowledged", "unacknowledged", "resolved", "noted"}
    )
    steps: ClassVar[str] = ""
    """What to do over there, as text; indented lines are to be pasted, {hook} is the address for
    its webhooks. Write {{ and }} for literal braces."""
    signed: ClassVar[bool] = False
    """Whether calls carry our HMAC signature, and the connection therefore has secrets of ours."""
    listens: ClassVar[bool] = False
    """Whether it may talk back: the connection then has a hook, and `read` is asked."""
    hears_itself: ClassVar[frozenset[str]] = frozenset()
    """The kinds of news it is told even where they came from itself: for one that shows a state (a
    button in a chat) and would otherwise keep an old one. Notes it has already, and whatever
    answers our calls with webhooks of its own leaves all of it out."""

    def check(self, settings: Mapping[str, str]) -> None:
        """Raise ValueError with one sentence where these settings cannot work together. Required
        ones are there and addresses are addresses already."""

    def call(self, news: News, settings: Mapping[str, str], reference: str) -> Call | None:
        """What to send; None: there is nothing to tell. Pure. `reference` is "" until an answer
        gave one, and stays "" where the first message was given up."""
        raise NotImplementedError

    def next(self, news: News, settings: Mapping[str, str], talk: Talk) -> Call | None:
        """The next request; None: there is nothing (more) to tell. Pure. Asked again with every
        good answer, so one piece of news may take several: look before opening a second one,
        close and comment. Override it instead of `call` where one is not enough."""
        return None if talk.turns else self.call(news, settings, talk.reference)

    def opened(self, news: News, talk: Talk) -> str:
        """The name of what this talk made or found, or ""; asked while there is none. 255 long."""
        return next(filter(None, (self.reference(turn.answer) for turn in talk.turns)), "")

    def place(self, settings: Mapping[str, str], reference: str, talk: Talk) -> Place:
        """How it is shown beside the alert, asked when the talk has given the reference. Whoever
        may see the alert sees it: no secrets."""
        return Place(reference)

    def judge(self, answer: Answer) -> None:
        """Return where it was taken; raise TryAgain or Rejected. Override it for tools that say
        200 and mean no, and call this one for the rest."""
        if 200 <= answer.status < 300:
            return
        if answer.status in {408, 425, 429} or answer.status >= 500:
            raise TryAgain(
                f"It answered {answer.status}.",
                retry_after=answer.retry_after,
            )
        if 300 <= answer.status < 400:
            raise Rejected(f"It answered {answer.status}; redirects are not followed.")
        raise Rejected(f"It answered {answer.status}.")

    def reference(self, answer: Answer) -> str:
        """The name over there of what an accepted call made; "" where it made nothing new. Kept
        for the connection and the alert, at most 255 characters."""
        return ""

    def read(
        self, settings: Mapping[str, str], headers: Mapping[str, str], raw: bytes, now: datetime
    ) -> Reading:
        """Understand what it sends to our hook, signature first. Pure; header names are lower
        case. Raises Refused."""
        raise Refused(404, "This connection does not listen.")


def address(url: str) -> str:
    """Return the address, or raise ValueError with a sentence. What it resolves to is checked at
    every connect."""
    try:
        net.parse(url)
    except net.Blocked as error:
        raise ValueError(str(error)) from None
    return url
