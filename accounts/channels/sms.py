"""Text messages through Twilio."""

from datetime import datetime

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.channels.base import Answer, Forged, Message, Receipt, Received, State
from accounts.channels.telephone import Telephone
from accounts.channels.twilio_client import (
    LOST_FOR_GOOD,
    RETRY,
    accepted,
    call,
    client,
    since_then,
    verified,
)

STATES: dict[str, tuple[State, int]] = {  # Twilio's word: ours, and how far along it is
    "accepted": ("sent", 1),
    "scheduled": ("sent", 1),
    "queued": ("sent", 1),
    "sending": ("sent", 2),
    "sent": ("sent", 3),
    "delivered": ("delivered", 4),
    "read": ("delivered", 5),
    "undelivered": ("failed", 4),
    "failed": ("failed", 4),
    "canceled": ("failed", 4),
}
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}


class Sms(Telephone):
    kind, label, icon = "sms", "Text message", "message-square"
    answered = "by text message"
    noun = "SMS"
    cap_per_quarter = 5
    address_label = "Mobile number"
    hint = "A mobile number with its country code, like +43 664 1234567."
    proof_seconds = 60

    def words(self, message: Message) -> str:
        return message.short

    def send(self, address: str, message: Message) -> Receipt:
        """Hand the text to Twilio; what becomes of it is reported to the receipt callback."""
        callback = message.callback("receipt")
        fields = {"status_callback": callback + RETRY} if callback else {}
        text = message.short[:1600]
        return accepted(
            lambda: client().messages.create(
                to=address, from_=settings.TWILIO_FROM, body=text, **fields
            )
        )

    def look_up(self, address: str, message: Message, since: datetime) -> list[str]:
        """Find the message by its number and the code in its text."""
        mark = f"[{message.reply_code}]" if message.reply_code else message.short
        found = call(lambda: client().messages.list(to=address, limit=50))
        return since_then(found, since, lambda item: mark in (item.body or ""))

    def poll(self, provider_id: str) -> Received | None:
        seen = call(lambda: client().messages(provider_id).fetch())
        return _receipt("", provider_id, str(seen.status), str(seen.error_code or ""))

    def receive(self, request: HttpRequest, what: str, token: str) -> Received:
        fields = verified(request)
        sid = fields.get("MessageSid", "")
        if what == "receipt":
            status = fields.get("MessageStatus", "")
            return _receipt(token, sid, status, fields.get("ErrorCode", ""))
        if what == "reply":
            text = fields.get("Body", "").strip()
            stop = fields.get("OptOutType") == "STOP" or text.upper() in STOP_WORDS
            sender = fields.get("From", "")
            return Received("reply", token, provider_id=sid, address=sender, text=text, stop=stop)
        raise Forged(f"Text messages have no {what!r} callback.")

    def respond(self, received: Received, answer: Answer) -> HttpResponse:
        """Answer a reply with a text, or with nothing: two robots must not talk for ever."""
        if received.what != "reply":
            return HttpResponse(status=204)
        from twilio.twiml.messaging_response import MessagingResponse

        response = MessagingResponse()
        if answer.text:
            response.message(answer.text)
        return HttpResponse(str(response), content_type="text/xml")


def _receipt(token: str, sid: str, status: str, error: str) -> Received:
    state, rank = STATES.get(status, ("", 0))
    code = int(error) if error.isascii() and error.isdigit() else 0
    detail = f"{status} ({code})" if code else status
    dead = state == "failed" and code in LOST_FOR_GOOD
    return Received(
        "receipt", token, state, rank, provider_id=sid, detail=detail, dead_address=dead
    )
