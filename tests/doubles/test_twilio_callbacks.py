"""What the Twilio double does on its own: signed callbacks, inbound texts, keys on the phone."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.doubles.twilio import AUTH_TOKEN, TwilioDouble
from tests.doubles.twilio_client import ALICE, OURS, text
from tests.doubles.webhook import WebhookDouble
from tests.doubles.wire import Answer, Request


def wait_for(fact: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


class Product(WebhookDouble):
    """Checks signatures as the product must, and plays the TwiML of a call."""

    def handle(self, request: Request) -> Answer:
        super().handle(request)
        url = f"{self.base_url}{request.target}"
        signature = request.headers.get("x-twilio-signature", "")
        if not RequestValidator(AUTH_TOKEN).validate(url, request.form, signature):
            return Answer.json({"error": "The signature is wrong."}, 403)
        if request.path == "/voice":
            menu = '<Gather action="/key?t=1" numDigits="1"><Say>Disk full. Press 1.</Say></Gather>'
            body = f"<Response>{menu}<Say>Goodbye.</Say></Response>"
        else:
            body = "<Response><Say>Acknowledged.</Say><Hangup/></Response>"
        return Answer(200, body.encode(), "text/xml")


def states(product: WebhookDouble) -> list[str]:
    names = ("MessageStatus", "CallStatus")
    forms = [request.form for request in product.requests]
    return [next(form[name] for name in names if name in form) for form in forms]


def test_a_text_reports_queued_sent_delivered_with_a_valid_signature(
    twilio_double: TwilioDouble, client: Client
) -> None:
    with Product() as product:
        sent = text(client, status_callback=f"{product.base_url}/receipt/t/?a=b+c#rc=2&rp=all")
        product.wait(3)
        assert twilio_double.settle()
        assert states(product) == ["queued", "sent", "delivered"]
        assert {request.form["MessageSid"] for request in product.requests} == {sent.sid}
    assert client.messages(sent.sid).fetch().status == "delivered"


def test_callbacks_get_lost_doubled_and_an_undelivered_text_says_why(
    twilio_double: TwilioDouble, client: Client
) -> None:
    with Product() as product:
        twilio_double.knobs.turn(callback_loss=1.0)
        text(client, status_callback=f"{product.base_url}/receipt/t/")
        twilio_double.knobs.turn(callback_loss=0.0, callback_duplicate=1.0, callback_reorder=1.0)
        twilio_double.knobs.turn(outcome={ALICE: "undelivered"})
        sent = text(client, status_callback=f"{product.base_url}/receipt/t/")
        product.wait(6)
        assert twilio_double.settle()
        assert sorted(states(product)) == sorted(["queued", "sent", "undelivered"] * 2)
    assert client.messages(sent.sid).fetch().error_code == 30003


def test_a_number_that_replied_stop_is_refused_until_it_replies_start(
    twilio_double: TwilioDouble, client: Client
) -> None:
    with Product() as product:
        assert twilio_double.reply(ALICE, OURS, "stop", f"{product.base_url}/inbound")[0] == 200
        assert product.requests[0].form["Body"] == "stop"
        with pytest.raises(TwilioRestException) as caught:
            text(client)
        assert caught.value.code == 21610
        twilio_double.reply(ALICE, OURS, "START", f"{product.base_url}/inbound")
        text(client)


def call(client: Client, product: WebhookDouble) -> str:
    events = ["initiated", "ringing", "answered", "completed"]
    callback = f"{product.base_url}/receipt/t/"
    url = f"{product.base_url}/voice"
    made = client.calls.create(
        to=ALICE, from_=OURS, url=url, status_callback=callback, status_callback_event=events
    )
    return str(made.sid)


def test_a_key_pressed_on_the_phone_reaches_the_action_of_gather(
    twilio_double: TwilioDouble, client: Client
) -> None:
    with Product() as product:
        sid = call(client, product)
        product.wait(2)
        assert client.calls(sid).fetch().status == "ringing"
        seen = twilio_double.press(sid, "1")
        assert seen.words == "Disk full. Press 1. Acknowledged."
        assert seen.hung_up
        assert twilio_double.settle()
        keys = [request.form.get("Digits") for request in product.requests]
        assert keys.count("1") == 1
        receipts = [r for r in product.requests if r.path == "/receipt/t/"]
        told = [request.form["CallStatus"] for request in receipts]
        assert told == ["initiated", "ringing", "in-progress", "completed"]
    assert (
        client.calls.list(to=ALICE, start_time_after=datetime.now(UTC) - timedelta(minutes=1))[
            0
        ].status
        == "completed"
    )


def test_an_answering_machine_hears_everything_and_presses_nothing(
    twilio_double: TwilioDouble, client: Client
) -> None:
    with Product() as product:
        twilio_double.knobs.turn(call_outcome="machine", call_digits="1")
        call(client, product)
        wait_for(lambda: twilio_double.calls[0].told == "completed")
        assert twilio_double.settle()
        assert not any("Digits" in request.form for request in product.requests)


def test_a_call_nobody_takes_ends_as_no_answer(twilio_double: TwilioDouble, client: Client) -> None:
    with Product() as product:
        sid = call(client, product)
        twilio_double.hang_up(sid)
        product.wait(3)
        assert twilio_double.settle()
        assert states(product)[-1] == "no-answer"
    assert client.calls(sid).fetch().status == "no-answer"
