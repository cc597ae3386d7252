"""What every channel promises, and the words it shares with the dispatcher.

A channel formats a finished message and hands it to one provider. It keeps no state, reads no
database and decides nothing: retrying, falling back and giving up are the dispatcher's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from django.http import HttpRequest, HttpResponse


class TryLater(Exception):
    """It did not work now. `maybe_sent`: the provider may have taken it (look before re-sending).

    `systemic`: the provider as a whole refuses us (token revoked, account suspended).
    """

    def __init__(
        self,
        reason: str,
        *,
        retry_after: float | None = None,
        maybe_sent: bool = False,
        systemic: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason, self.retry_after = reason, retry_after
        self.maybe_sent, self.systemic = maybe_sent, systemic


class Undeliverable(Exception):
    """It will never work: next method now. `dead_address`: the contact method is to be disabled."""

    def __init__(self, reason: str, *, dead_address: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.dead_address = reason, dead_address


class Forged(Exception):
    """A callback whose signature is wrong, missing, or cannot be checked. Nothing may change."""


@dataclass(frozen=True, repr=False)
class Message:
    """One message to one contact method, worded by the dispatcher. Its repr tells no secrets."""

    subject: str
    title: str
    text: str
    html: str
    short: str  # the text message, with the "[K7Q2]" reply code, at most two segments
    speech: str  # what a call says
    url: str
    ack_url: str  # the signed page with one button
    token: str  # of this attempt, unique: rides in callback addresses
    key: str  # of the notification, the same over all attempts
    reply_code: str = ""
    reply_token: str = ""
    callback_url: str = ""  # absolute, with a literal "{what}" to be replaced
    severity: str = "critical"
    test: bool = False

    def callback(self, what: str) -> str:
        """Return the address a provider reports `what` to."""
        return self.callback_url.replace("{what}", what)


@dataclass(frozen=True)
class Receipt:
    """The provider took the message."""

    provider_id: str
    delivered: bool = False


State = Literal["", "sent", "delivered", "failed"]


@dataclass(frozen=True)
class Received:
    """What a provider told us, in our words. `rank` only ever moves forward."""

    what: Literal["receipt", "reply", "key", "answer"]
    token: str = ""
    state: State = ""
    rank: int = 0
    provider_id: str = ""
    address: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    digits: str = ""
    detail: str = ""
    dead_address: bool = False
    stop: bool = False
    is_going_on: bool = False  # a call that somebody, or a mailbox, has taken and is listening to


@dataclass(frozen=True)
class Answer:
    """What to tell whoever called back: `menu` offers the keys, `hangup` ends the call."""

    text: str
    message: Message | None = None
    menu: bool = False
    hangup: bool = False


class Channel:
    """One way to reach people. Instances are shared by all threads and keep no state."""

    kind: str
    label: str
    noun: str = ""  # in a sentence: "Priya by SMS and push"; the label where empty
    icon: str = ""
    address_label: str = "Address"
    hint: str = ""  # beside the address field of the form
    input_attributes: Mapping[str, str] = MappingProxyType({})
    loud: bool = False  # wakes people up: left out of low-urgency rules by default
    calls: bool = False  # rings until somebody answers: for pages only, never for news
    costs: bool = False  # each message is paid for: codes are limited more strictly
    first_delay_seconds: int = 0  # of the rule that a newly verified method gets
    can_look_up: bool = False
    idempotent: bool = False  # a second copy takes the place of the first
    proof_seconds: int | None = None  # no proof of delivery within: next method of the person
    cap_per_quarter: int = 0  # messages to one person in 15 minutes before they are summed up
    rich: bool = False  # shows HTML
    answered: str = ""  # how an answer through it reads on the timeline
    code_by_message: bool = True  # verified by a code sent to the address
    leaves_the_house: bool = True  # what OUTBOX_ONLY holds back
    many_providers: bool = False  # each address may be another's: one down says nothing of the rest

    def examine(self) -> str | None:
        """Ask the provider, sending nothing, whether our credentials are good.

        Returns "" when they are, a sentence when not, None where it cannot be asked. Raises
        TryLater when the provider does not answer.
        """
        return None

    def configured(self) -> str:
        """Return "" when messages can leave, else a sentence naming the missing setting."""
        return ""

    def prepare(self) -> None:
        """Load what sending needs, so that the first page does not wait for it. For senders."""

    def clean(self, address: str) -> str:
        """Return the address normalised. Raises ValidationError with one sentence."""
        raise NotImplementedError

    def mask(self, address: str) -> str:
        """Return the address as timelines and logs may show it."""
        raise NotImplementedError

    def words(self, message: Message) -> str:
        """Return what this channel makes of a message, for people to read."""
        return message.text

    def send(self, address: str, message: Message) -> Receipt:
        """Hand the message over within 10 s. Raises TryLater or Undeliverable."""
        raise NotImplementedError

    def look_up(self, address: str, message: Message, since: datetime) -> list[str]:
        """Return the provider's ids of what may be this message, newest first. Raises TryLater."""
        return []

    def poll(self, provider_id: str) -> Received | None:
        """Ask the provider how far the message got; None when it cannot say."""
        return None

    def receive(self, request: HttpRequest, what: str, token: str) -> Received:
        """Verify and translate a callback. Raises Forged."""
        raise Forged(f"{self.label} takes no callbacks.")

    def respond(self, received: Received, answer: Answer) -> HttpResponse:
        """Answer a callback in the provider's language."""
        return HttpResponse(status=204)
