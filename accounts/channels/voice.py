"""Phone calls through Twilio: say it, say it again, wait for one key.

What is said travels with the request to call, so a call that is under way speaks even while our
own pages are down. Answering is not acknowledging: a mailbox answers too. Only a key counts.
"""

from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.channels.base import Answer, Forged, Message, Receipt, Received, State
from accounts.channels.telephone import Telephone
from accounts.channels.twilio_client import RETRY, accepted, call, client, since_then, verified

STATES: dict[str, tuple[State, int]] = {  # Twilio's word: ours, and how far along it is
    "queued": ("sent", 1),
    "initiated": ("sent", 1),
    "ringing": ("sent", 2),
    "in-progress": ("sent", 3),
    "answered": ("sent", 3),
    "completed": ("sent", 4),  # over; whether anybody listened only a key tells
    "busy": ("failed", 4),
    "no-answer": ("failed", 4),
    "failed": ("failed", 4),
    "canceled": ("failed", 4),
}
EVENTS = ["initiated", "ringing", "answered", "completed"]
MENU = "Press 1 to acknowledge, 2 to resolve, 3 to escalate, 4 to hear it again."
RING_SECONDS = 30  # most mailboxes answer a little later
KEY_SECONDS = 10


class Voice(Telephone):
    kind, label, icon = "voice", "Phone call", "phone"
    answered = "by phone"
    noun = "phone"
    cap_per_quarter = 3
    address_label = "Phone number"
    hint = "A number with its country code, like +43 1 234567."
    calls = True
    first_delay_seconds = 180
    proof_seconds = 45

    def words(self, message: Message) -> str:
        return f"{message.speech} {MENU}"

    def send(self, address: str, message: Message) -> Receipt:
        """Have Twilio call; keys and progress are reported to the callbacks."""
        callback = message.callback("receipt")
        fields: dict[str, Any] = {"twiml": _speech(message)}
        if callback:
            fields |= {"status_callback": callback + RETRY, "status_callback_event": EVENTS}
        return accepted(
            lambda: client().calls.create(
                to=address, from_=settings.TWILIO_FROM, timeout=RING_SECONDS, **fields
            )
        )

    def look_up(self, address: str, message: Message, since: datetime) -> list[str]:
        """Find the call by its number and time: a call carries no text to match."""
        found = call(lambda: client().calls.list(to=address, limit=50))
        return since_then(found, since)

    def poll(self, provider_id: str) -> Received | None:
        seen = call(lambda: client().calls(provider_id).fetch())
        return _receipt("", provider_id, str(seen.status), "")

    def receive(self, request: HttpRequest, what: str, token: str) -> Received:
        fields = verified(request)
        sid, to = fields.get("CallSid", ""), fields.get("To", "")
        detail = fields.get("AnsweredBy", "")
        if what == "receipt":
            return _receipt(token, sid, fields.get("CallStatus", ""), detail)
        if what == "answer":
            return Received("answer", token, "sent", 3, sid, to, detail=detail)
        if what == "key":
            digits = fields.get("Digits", "")
            state: State = "delivered" if digits else "sent"
            rank = 5 if digits else 3
            return Received("key", token, state, rank, sid, to, digits=digits, detail=detail)
        raise Forged(f"Calls have no {what!r} callback.")

    def respond(self, received: Received, answer: Answer) -> HttpResponse:
        """Speak `answer`, then offer the keys or hang up."""
        if received.what == "receipt":
            return HttpResponse(status=204)
        twiml = _speech(answer.message, answer.text) if answer.message else _line(answer)
        return HttpResponse(twiml, content_type="text/xml")


def _speech(message: Message, first: str = "") -> str:
    """Who and what first, once more, and a key at any time; without one the call just ends."""
    from twilio.twiml.voice_response import Gather, VoiceResponse

    speech = message.speech[:700] if len(escape(message.speech[:700])) < 1500 else "An alert."
    response = VoiceResponse()
    if first:
        response.say(first)
    if not message.callback_url:  # a code to read out: nothing to press
        response.say(speech)
        response.pause(length=1)
        response.say(speech)
        return str(response)
    gather = Gather(
        num_digits=1, timeout=KEY_SECONDS, action=message.callback("key"), method="POST"
    )
    for _ in range(2):  # Twilio takes 4,000 characters in all
        gather.say(speech)
        gather.say(MENU)
        gather.pause(length=1)
    response.append(gather)
    response.say("No key was pressed. The alert stays open. Goodbye.")
    response.hangup()
    return str(response)


def _line(answer: Answer) -> str:
    from twilio.twiml.voice_response import Gather, VoiceResponse

    response = VoiceResponse()
    if answer.menu:  # without an address of its own the key goes to the page that spoke
        gather = Gather(num_digits=1, timeout=KEY_SECONDS, method="POST")
        gather.say(f"{answer.text} {MENU}")
        response.append(gather)
    else:
        response.say(answer.text)
    response.hangup()
    return str(response)


def _receipt(token: str, sid: str, status: str, detail: str) -> Received:
    state, rank = STATES.get(status, ("", 0))
    words = f"{status} ({detail})" if detail else status
    going_on = status in {"in-progress", "answered"}
    return Received(
        "receipt", token, state, rank, provider_id=sid, detail=words, is_going_on=going_on
    )
