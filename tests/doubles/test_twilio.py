"""The Twilio double answers the real client library as Twilio does, also when it misbehaves."""

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from tests.doubles import journal
from tests.doubles.process import DoubleProcess
from tests.doubles.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioDouble
from tests.doubles.webhook import WebhookDouble
from tests.doubles.wire import Answer, Request

ALICE, OURS = "+14155550100", "+14155550199"


class HttpClient(TwilioHttpClient):
    """Sends to the double what the library sends to api.twilio.com."""

    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=1)
        self._base_url = base_url

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        here = url.replace("https://api.twilio.com", self._base_url)
        return super().request(method, here, *args, **kwargs)


def client_for(twilio: TwilioDouble | DoubleProcess, auth_token: str = AUTH_TOKEN) -> Client:
    return Client(ACCOUNT_SID, auth_token, http_client=HttpClient(twilio.base_url))


@pytest.fixture
def client(twilio_double: TwilioDouble) -> Client:
    return client_for(twilio_double)


def text(client: Client, body: str = "Disk full [K7Q2]", to: str = ALICE, **fields: Any) -> Any:
    return client.messages.create(to=to, from_=OURS, body=body, **fields)


def recent() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def test_a_text_is_accepted_kept_and_found_again(
    twilio_double: TwilioDouble, client: Client
) -> None:
    sent = text(client, status_callback="http://127.0.0.1:9/channels/sms/receipt/tok-1/")
    assert [record.token for record in twilio_double.messages] == ["tok-1"]
    assert twilio_double.messages[0].body == "Disk full [K7Q2]"
    assert client.messages(sent.sid).fetch().body == "Disk full [K7Q2]"
    assert client.messages.list(to="+14155550111") == []
    listed = client.messages.list(to=ALICE, date_sent_after=recent())
    assert [message.sid for message in listed] == [sent.sid]
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert client.messages.list(to=ALICE, date_sent_after=tomorrow) == []
    assert client.messages.list(to=ALICE, date_sent_before=recent()) == []


def test_a_list_is_paged_newest_first(client: Client) -> None:
    for number in range(5):
        text(client, body=f"n{number}")
    listed = client.messages.list(to=ALICE, date_sent_after=recent(), page_size=2)
    assert [message.body for message in listed] == ["n4", "n3", "n2", "n1", "n0"]


def test_a_look_up_sees_a_text_only_after_the_list_lag(
    twilio_double: TwilioDouble, client: Client
) -> None:
    twilio_double.knobs.turn(list_lag=3600)
    sent = text(client)
    assert client.messages.list(to=ALICE) == []
    assert client.messages(sent.sid).fetch().sid == sent.sid
    twilio_double.knobs.turn(list_lag=0)
    assert len(client.messages.list(to=ALICE)) == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"to": "not a number"}, 400, 21211),
        ({"to": ""}, 400, 21604),
        ({"body": ""}, 400, 21602),
        ({"body": "x" * 1601}, 400, 21617),
        ({"status_callback": "nonsense"}, 400, 21609),
        ({"to": "+14155550110"}, 400, 21610),
    ],
)
def test_nonsense_is_refused_with_twilios_own_code(
    twilio_double: TwilioDouble, client: Client, fields: dict[str, str], status: int, code: int
) -> None:
    twilio_double.knobs.turn(refuse={"+14155550110": 21610})
    with pytest.raises(TwilioRestException) as caught:
        text(client, **fields)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert twilio_double.messages == []


def test_a_wrong_token_or_a_closed_account_is_refused(twilio_double: TwilioDouble) -> None:
    with pytest.raises(TwilioRestException) as caught:
        text(client_for(twilio_double, auth_token="0" * 32))
    assert (caught.value.status, caught.value.code) == (401, 20003)
    twilio_double.knobs.turn(account_error=20005)
    with pytest.raises(TwilioRestException) as caught:
        text(client_for(twilio_double))
    assert (caught.value.status, caught.value.code) == (403, 20005)


def test_too_many_requests_say_when_to_come_back(twilio_double: TwilioDouble) -> None:
    twilio_double.knobs.turn(burst_429=1, retry_after=7)
    url = f"{twilio_double.base_url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    answer = requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=2)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=2).status_code == 200


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        ("accept_then_500", 1),
        ("accept_then_reset", 1),
        ("accept_then_silence", 1),
        ("drip", 1),
        ("bad_json", 1),
        ("wrong_type", 1),
        ("reset", 0),
        ("black_hole", 0),
        ("too_many", 0),
    ],
)
def test_a_fault_loses_the_answer_but_not_the_truth(
    twilio_double: TwilioDouble, client: Client, fault: str, accepted: int
) -> None:
    twilio_double.drip_seconds = 1.5
    twilio_double.knobs.turn(**{fault: 1.0})
    with pytest.raises((TwilioRestException, requests.RequestException, ValueError)):
        text(client)
    assert len(twilio_double.messages) == accepted
    twilio_double.knobs.turn(**{fault: 0.0})
    text(client)
    assert len(twilio_double.messages) == accepted + 1


def test_the_same_seed_makes_the_same_faults() -> None:
    def run(seed: int) -> list[int]:
        with TwilioDouble(seed=seed, accept_rate=0.5, refuse_code=20503) as twilio:
            client, seen = client_for(twilio), []
            for _ in range(20):
                try:
                    text(client)
                    seen.append(201)
                except TwilioRestException as error:
                    seen.append(error.status)
            return seen

    first = run(3)
    assert first == run(3)
    assert set(first) == {201, 503}


def test_half_a_request_is_never_accepted(twilio_double: TwilioDouble) -> None:
    head = f"POST /2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json HTTP/1.1\r\n"
    with socket.create_connection(("127.0.0.1", twilio_double.port)) as raw:
        raw.sendall(head.encode() + b"Content-Length: 100\r\n\r\nTo=%2B1415")
    wait_for(lambda: twilio_double.truncated == 1)
    assert twilio_double.messages == []


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
    assert client.calls.list(to=ALICE, start_time_after=recent())[0].status == "completed"


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


def test_as_its_own_process_it_journals_what_it_accepted(tmp_path: Any) -> None:
    path = tmp_path / "twilio.jsonl"
    with DoubleProcess("tests.doubles.twilio", journal=path, seed=4, accept_rate=1.0) as twilio:
        client = client_for(twilio)
        text(client, status_callback="http://127.0.0.1:9/channels/sms/receipt/tok-9/")
        assert twilio.knobs(burst_429=1)["burst_429"] == 1
        with pytest.raises(TwilioRestException):
            text(client)
        with pytest.raises(ValueError, match="no such knob"):
            twilio.knobs(nonsense=1)
    (accepted,) = journal.read(path, "accepted")
    assert (accepted["to"], accepted["token"]) == (ALICE, "tok-9")
    assert abs(accepted["mono"] - time.monotonic()) < 60
    assert [line["code"] for line in journal.read(path, "refused")] == [20429]
