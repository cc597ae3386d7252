"""The Twilio double answers the real client library as Twilio does, also when it misbehaves."""

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.doubles import journal
from tests.doubles.process import DoubleProcess
from tests.doubles.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioDouble
from tests.doubles.twilio_client import ALICE, client_for, text


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
