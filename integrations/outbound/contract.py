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
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

from alertops import net

TEST = "test"
"""The kind of a test message: no alert stands behind it, its number is 0."""
SHORT = 1000
"""What is left of a description when a message is too long (`News.slim`)."""


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """The alert as it was when the news were written down."""

    number: int
    title: str
    severity: str
    """critical, high, medium, low or info."""
    status: str
    """triggered, acknowledged or resolved, as this news left it."""
    url: str
    """Its page, for people."""
    description: str = ""
    group: str = ""
    source: str = ""
    """The integration it came from; "" for one opened by hand."""
    service: str = ""
    """The technical services its integration belongs to, with commas."""
    runbook: str = ""
    assignee: str = ""
    dedup_key: str = ""
    opened_at: str = ""
    """ISO 8601, UTC; so are the others."""
    acknowledged_at: str = ""
    resolved_at: str = ""
    tags: tuple[str, ...] = ()
    links: tuple[dict[str, str], ...] = ()
    """{"href": …, "text": …}."""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class News:
    """One event of an alert's timeline, frozen: telling it again tells exactly the same."""

    id: str
    """Never repeats and stays over all attempts: what a receiver drops doubles by."""
    kind: str
    """A value of alerts.states.Kind (opened, repeated, severity_raised, acknowledged,
    unacknowledged, acknowledgement_expired, assigned, escalated, snoozed, noted, resolved,
    level_started, paged …), or TEST."""
    at: datetime
    alert: AlertFacts
    who: str = ""
    """The person, the source or the other tool that did it; "" for AlertOps itself."""
    words: str = ""
    """The sentence of the timeline, as plain text: "Ann Example acknowledged."."""
    note: str = ""
    """What the person wrote, where the event carries a note."""
    details_dropped: bool = False

    @property
    def is_over(self) -> bool:
        return self.alert.status == "resolved"

    def slim(self) -> News:
        """The same without details, links, and most of a long text: for what became too long."""
        alert = replace(
            self.alert,
            details={},
            links=(),
            description=self.alert.description[:SHORT],
        )
        return replace(self, alert=alert, note=self.note[:SHORT], details_dropped=True)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> News:
        """Take `to_dict` back; what an older release did not write has its default."""
        alert = {k: v for k, v in data["alert"].items() if k in AlertFacts.__slots__}
        alert["tags"], alert["links"] = tuple(alert["tags"]), tuple(alert["links"])
        rest = {k: v for k, v in data.items() if k in cls.__slots__}
        return cls(
            **{**rest, "at": datetime.fromisoformat(data["at"]), "alert": AlertFacts(**alert)}
        )


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


MOST_TURNS = 12
"""No news takes more requests than this; the lease of a message covers them all."""


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

    def judge(self, answer: Answer) -> None:
        """Return where it was taken; raise TryAgain or Rejected. Override it for tools that say
        200 and mean no, and call this one for the rest."""
        if 200 <= answer.status < 300:
            return
        if answer.status in {408, 425, 429} or answer.status >= 500:
            raise TryAgain(
                f"It answered {answer.status}.",
                retry_after=seconds(answer.headers.get("retry-after", "")),
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


def seconds(value: str) -> float | None:
    """A Retry-After of seconds; a date, or anything else, is None."""
    return float(value) if value.isascii() and value.isdigit() else None


def address(url: str) -> str:
    """Return the address, or raise ValueError with a sentence. What it resolves to is checked at
    every connect."""
    try:
        net.parse(url)
    except net.Blocked as error:
        raise ValueError(str(error)) from None
    return url
