"""Callbacks of Twilio: whose signature is right, and what each of them means."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest, QueryDict
from django.test import RequestFactory
from twilio.request_validator import RequestValidator

from accounts.channels import CHANNELS
from accounts.channels.base import Answer, Forged, Received
from tests.accounts.conftest import PUBLIC_URL, a_message
from tests.doubles.twilio import TwilioDouble

TOKEN, NEXT_TOKEN = "old-token", "new-token"
PATH = "/channels/sms/receipt/tok-1/"
FORM = "application/x-www-form-urlencoded"
SMS, VOICE = CHANNELS["sms"], CHANNELS["voice"]


@pytest.fixture(autouse=True)
def provider(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_SECONDARY = TOKEN, ""
    settings.PUBLIC_URL, settings.ALLOWED_HOSTS = PUBLIC_URL, ["*"]


def signed(
    pairs: list[tuple[str, str]],
    *,
    path: str = PATH,
    query: str = "",
    token: str = TOKEN,
    base: str = PUBLIC_URL,
    **extra: Any,
) -> HttpRequest:
    """A POST as Twilio makes it; `extra` are WSGI variables a proxy or a stranger may set."""
    fields = QueryDict(urlencode(pairs))
    url = f"{base}{path}" + (f"?{query}" if query else "")
    signature = RequestValidator(token).compute_signature(url, fields)
    extra.setdefault("HTTP_X_TWILIO_SIGNATURE", signature)
    return RequestFactory().post(
        path, urlencode(pairs), content_type=FORM, QUERY_STRING=query, **extra
    )


DELIVERED = [("MessageSid", "SM1"), ("MessageStatus", "delivered")]
ODD_FIELDS = [
    [],
    DELIVERED,
    [("Body", "ack K7Q2"), ("From", "+436641234567")],
    [("Body", "a + b & c = d")],
    [("Body", "  leading and trailing  ")],
    [("Body", "grüß dich 😀 \u202e")],
    [("Body", "%41%zz+%2B")],
    [("Body", "line\r\nline")],
    [("Body", "")],
    [("MediaUrl", "b"), ("MediaUrl", "a")],
    [("MediaUrl", "same"), ("MediaUrl", "same")],
    [("b", "2"), ("a", "1"), ("B", "3")],
    [("x" * 200, "y" * 2000)],
]
ODD_QUERIES = [
    "",
    "a=1",
    "a=1&a=2",
    "q=%20+%2B",
    "u=gr%C3%BC%C3%9F",
    "empty=",
    "b=2&a=1",
    "x=a/b?c",
]


@pytest.mark.parametrize("query", ODD_QUERIES)
@pytest.mark.parametrize("pairs", ODD_FIELDS)
def test_what_twilio_signed_is_taken(pairs: list[tuple[str, str]], query: str) -> None:
    assert SMS.receive(signed(pairs, query=query), "receipt", "tok-1").token == "tok-1"


@pytest.mark.parametrize("query", ODD_QUERIES)
@pytest.mark.parametrize("pairs", ODD_FIELDS)
def test_a_changed_request_is_forged(pairs: list[tuple[str, str]], query: str) -> None:
    request = signed(pairs, query=query)
    good = request.META["HTTP_X_TWILIO_SIGNATURE"]
    changed = [
        signed([*pairs, ("MessageStatus", "failed")], query=query, HTTP_X_TWILIO_SIGNATURE=good),
        signed(pairs, query=f"{query}&z=1".lstrip("&"), HTTP_X_TWILIO_SIGNATURE=good),
        signed(pairs, path=PATH.replace("1", "2"), query=query, HTTP_X_TWILIO_SIGNATURE=good),
        signed(pairs, query=query, token="a stranger's"),
    ]
    for forged in changed:
        with pytest.raises(Forged):
            SMS.receive(forged, "receipt", "tok-1")


@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_HOST": "evil.example.com"},
        {"HTTP_X_FORWARDED_HOST": "evil.example.com"},
        {"HTTP_X_FORWARDED_PROTO": "http", "wsgi.url_scheme": "http"},
        {"HTTP_X_FORWARDED_PORT": "8080", "SERVER_PORT": "8080"},
        {"HTTP_HOST": "127.0.0.1:8000"},
    ],
)
def test_only_our_own_public_address_counts(extra: dict[str, str]) -> None:
    assert SMS.receive(signed(DELIVERED, **extra), "receipt", "t").state == "delivered"
    with pytest.raises(Forged):
        SMS.receive(signed(DELIVERED, base="https://evil.example.com", **extra), "receipt", "t")


@pytest.mark.parametrize("signature", ["", "x", "0" * 28, "ü", "=" * 28, "A" * 5000])
def test_a_wrong_signature_is_forged(signature: str) -> None:
    with pytest.raises(Forged):
        SMS.receive(signed(DELIVERED, HTTP_X_TWILIO_SIGNATURE=signature), "receipt", "t")


def test_a_missing_signature_and_a_get_are_forged() -> None:
    request = signed(DELIVERED)
    del request.META["HTTP_X_TWILIO_SIGNATURE"]
    with pytest.raises(Forged):
        SMS.receive(request, "receipt", "t")
    url = f"{PUBLIC_URL}{PATH}"
    good = RequestValidator(TOKEN).compute_signature(url, {})
    with pytest.raises(Forged):
        SMS.receive(RequestFactory().get(PATH, HTTP_X_TWILIO_SIGNATURE=good), "receipt", "t")


def test_without_a_token_of_ours_everything_is_forged(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = ""
    settings.TWILIO_AUTH_TOKEN_SECONDARY = ""
    with pytest.raises(Forged):
        SMS.receive(signed(DELIVERED, token=""), "receipt", "t")


def test_two_tokens_are_good_while_one_replaces_the_other(settings: Any) -> None:
    with pytest.raises(Forged):
        SMS.receive(signed(DELIVERED, token=NEXT_TOKEN), "receipt", "t")
    settings.TWILIO_AUTH_TOKEN_SECONDARY = NEXT_TOKEN
    for token in (TOKEN, NEXT_TOKEN):
        assert SMS.receive(signed(DELIVERED, token=token), "receipt", "t").state == "delivered"


def body_signed(body: str, digest_of: str, token: str = TOKEN) -> HttpRequest:
    query = f"bodySHA256={hashlib.sha256(digest_of.encode()).hexdigest()}"
    url = f"{PUBLIC_URL}{PATH}?{query}"
    raw = hmac.new(token.encode(), url.encode(), hashlib.sha1).digest()
    return RequestFactory().post(
        PATH,
        body,
        content_type="application/json",
        QUERY_STRING=query,
        HTTP_X_TWILIO_SIGNATURE=base64.b64encode(raw).decode(),
    )


def test_a_json_body_is_signed_by_its_digest() -> None:
    body = json.dumps({"a": 1})
    SMS.receive(body_signed(body, body), "receipt", "t")
    for forged in (body_signed(body, "other"), body_signed(body, body, "a stranger's")):
        with pytest.raises(Forged):
            SMS.receive(forged, "receipt", "t")
    unsigned = RequestFactory().post(PATH, body, content_type="application/json")
    with pytest.raises(Forged):
        SMS.receive(unsigned, "receipt", "t")


RECEIPTS = {
    "queued": ("sent", 1),
    "sending": ("sent", 2),
    "sent": ("sent", 3),
    "delivered": ("delivered", 4),
    "read": ("delivered", 5),
    "undelivered": ("failed", 4),
    "failed": ("failed", 4),
    "something-new": ("", 0),
}


@pytest.mark.parametrize("status", RECEIPTS)
def test_each_state_of_a_text_moves_forward_only(status: str) -> None:
    pairs = [("MessageSid", "SM1"), ("MessageStatus", status)]
    seen = SMS.receive(signed(pairs), "receipt", "tok-1")
    assert (seen.state, seen.rank) == RECEIPTS[status]
    assert (seen.what, seen.token, seen.provider_id) == ("receipt", "tok-1", "SM1")


def test_a_number_that_cannot_get_texts_is_dead() -> None:
    pairs = [("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30005")]
    seen = SMS.receive(signed(pairs), "receipt", "t")
    assert (seen.state, seen.dead_address, seen.detail) == ("failed", True, "undelivered (30005)")


@pytest.mark.parametrize(
    ("fields", "stop"),
    [
        ({"Body": "K7Q2"}, False),
        ({"Body": "stop"}, True),
        ({"Body": " STOP "}, True),
        ({"Body": "stop that alert"}, False),
        ({"Body": "Arrêt", "OptOutType": "STOP"}, True),
        ({"Body": "start", "OptOutType": "START"}, False),
    ],
)
def test_a_reply_names_its_sender_and_stop_is_understood(
    fields: dict[str, str], stop: bool
) -> None:
    pairs = [*fields.items(), ("From", "+436641234567"), ("MessageSid", "SM2")]
    seen = SMS.receive(signed(pairs, path="/channels/sms/reply/-/"), "reply", "-")
    assert (seen.what, seen.address, seen.stop) == ("reply", "+436641234567", stop)
    assert seen.text == fields["Body"].strip()


def test_an_answered_call_is_not_a_delivered_one() -> None:
    for status in ("initiated", "ringing", "in-progress", "completed"):
        seen = VOICE.receive(signed([("CallSid", "CA1"), ("CallStatus", status)]), "receipt", "t")
        assert seen.state == "sent"
    for status in ("busy", "no-answer", "failed", "canceled"):
        seen = VOICE.receive(signed([("CallSid", "CA1"), ("CallStatus", status)]), "receipt", "t")
        assert seen.state == "failed"


def test_a_key_is_proof_that_somebody_listens() -> None:
    seen = VOICE.receive(signed([("CallSid", "CA1"), ("Digits", "1")]), "key", "t")
    assert (seen.what, seen.digits, seen.state) == ("key", "1", "delivered")
    seen = VOICE.receive(signed([("CallSid", "CA1"), ("Digits", "")]), "key", "t")
    assert (seen.digits, seen.state) == ("", "sent")


@pytest.mark.parametrize(("channel", "what"), [(SMS, "key"), (SMS, "x"), (VOICE, "reply")])
def test_an_unknown_callback_is_refused(channel: Any, what: str) -> None:
    with pytest.raises(Forged):
        channel.receive(signed([]), what, "t")


@pytest.mark.parametrize("kind", ["email", "push", "webhook", "apprise"])
def test_channels_without_callbacks_take_none(kind: str) -> None:
    with pytest.raises(Forged):
        CHANNELS[kind].receive(signed([]), "receipt", "t")


def test_a_reply_is_answered_by_text_or_by_silence() -> None:
    reply = Received("reply")
    spoken = SMS.respond(reply, Answer("Acknowledged <1> & done"))
    assert b"<Message>Acknowledged &lt;1&gt; &amp; done</Message>" in spoken.content
    assert b"<Message>" not in SMS.respond(reply, Answer("")).content
    assert SMS.respond(Received("receipt"), Answer("")).status_code == 204


def test_after_a_key_the_call_says_so_and_ends() -> None:
    said = VOICE.respond(Received("key"), Answer("Acknowledged.", hangup=True)).content.decode()
    assert "<Say>Acknowledged.</Say>" in said
    assert "<Hangup" in said
    assert "<Gather" not in said


def test_repeating_says_everything_again_with_the_keys() -> None:
    again = VOICE.respond(Received("key"), Answer("", message=a_message(), menu=True))
    assert again.content.count(b"Press 1 to acknowledge") == 2


def test_a_mailbox_hears_everything_and_acknowledges_nothing(twilio: TwilioDouble) -> None:
    VOICE.send(
        "+436641234567", a_message(callback_url="http://127.0.0.1:1/channels/voice/{what}/t/")
    )
    heard = twilio.press(twilio.calls[0].sid, "")
    assert heard.gathered
    assert heard.statuses == []  # nothing of ours was asked
    assert "The alert stays open" in heard.words
