"""Text messages and calls against a Twilio double, over the wire, with every fault it knows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.channels import CHANNELS, twilio_client
from accounts.channels.base import TryLater, Undeliverable
from alertops import net
from tests.accounts.conftest import OUR_NUMBER, a_message
from tests.doubles.twilio import TwilioDouble

PRIYA = "+436641234567"
KINDS = ["sms", "voice"]


def accepted(twilio: TwilioDouble, kind: str) -> list[Any]:
    return twilio.messages if kind == "sms" else twilio.calls


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_reaches_the_provider_once_with_its_token(
    kind: str, twilio: TwilioDouble
) -> None:
    receipt = CHANNELS[kind].send(PRIYA, a_message())
    [record] = accepted(twilio, kind)
    assert receipt.provider_id == record.sid
    assert not receipt.delivered
    assert (record.to, record.from_, record.token) == (PRIYA, OUR_NUMBER, "tok-1")
    assert record.status_callback.endswith("/receipt/tok-1/#rc=5&rp=all")


def test_a_text_carries_its_reply_code(twilio: TwilioDouble) -> None:
    CHANNELS["sms"].send(PRIYA, a_message())
    assert twilio.messages[0].body == "Disk full on db1 [K7Q2]"


def test_a_call_says_what_happened_twice_and_offers_the_keys(twilio: TwilioDouble) -> None:
    CHANNELS["voice"].send(PRIYA, a_message())
    twiml = twilio.calls[0].fields["Twiml"]
    assert twiml.count("Disk full on d b 1 &amp; more") == 2
    assert "Press 1 to acknowledge, 2 to resolve, 3 to escalate" in twiml
    assert "/channels/sms/key/tok-1/" in twiml
    assert len(twiml) < 4000


def test_a_speech_of_markup_only_still_fits_a_call(twilio: TwilioDouble) -> None:
    CHANNELS["voice"].send(PRIYA, a_message(speech="&<>" * 2000))
    assert len(twilio.calls[0].fields["Twiml"]) < 4000


# code: (error, maybe sent, systemic, dead address)
REFUSALS = {
    20003: (TryLater, False, True),
    20005: (TryLater, False, True),
    20404: (TryLater, False, True),
    20429: (TryLater, False, False),
    20500: (TryLater, True, False),
    20503: (TryLater, True, False),
    21210: (TryLater, False, True),
    21609: (TryLater, False, True),
    21211: (Undeliverable, True),
    21610: (Undeliverable, True),
    21614: (Undeliverable, True),
    21617: (Undeliverable, False),
    21215: (Undeliverable, False),
}


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_refusal_means_one_thing(kind: str, code: int, twilio: TwilioDouble) -> None:
    expected, *flags = REFUSALS[code]
    twilio.knobs.turn(refuse={PRIYA: code}, retry_after=90)
    with pytest.raises(expected) as raised:
        CHANNELS[kind].send(PRIYA, a_message())
    error = raised.value
    if isinstance(error, Undeliverable):
        assert [error.dead_address] == flags
    else:
        assert isinstance(error, TryLater)
        assert [error.maybe_sent, error.systemic] == flags
    assert str(code) in error.reason
    assert PRIYA not in error.reason


def test_being_too_fast_is_waited_out_but_never_for_long(twilio: TwilioDouble) -> None:
    twilio.knobs.turn(too_many=1.0, retry_after=90)
    with pytest.raises(TryLater) as raised:
        CHANNELS["sms"].send(PRIYA, a_message())
    assert raised.value.retry_after == 20


FAULTS = {  # knob: may have been sent, and was
    "reset": (True, 0),
    "black_hole": (True, 0),
    "accept_then_500": (True, 1),
    "accept_then_reset": (True, 1),
    "accept_then_silence": (True, 1),
    "bad_json": (True, 1),
    "wrong_type": (True, 1),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_answer_may_have_been_sent(
    kind: str, fault: str, twilio: TwilioDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_client._http, "seconds", 0.3)
    twilio.knobs.turn(**{fault: 1.0})
    with pytest.raises(TryLater) as raised:
        CHANNELS[kind].send(PRIYA, a_message())
    assert raised.value.maybe_sent is FAULTS[fault][0]
    assert len(accepted(twilio, kind)) == FAULTS[fault][1]


def test_an_answer_that_drips_is_cut_off_at_the_time_limit(
    twilio: TwilioDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_client._http, "seconds", 0.3)
    twilio.knobs.turn(drip=1.0)
    with pytest.raises(TryLater) as raised:
        CHANNELS["sms"].send(PRIYA, a_message())
    assert raised.value.maybe_sent


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_a_provider_that_cannot_be_reached_surely_has_nothing(
    url: str, twilio: TwilioDouble, settings: Any
) -> None:
    settings.TWILIO_API_URL = url
    with pytest.raises(TryLater) as raised:
        CHANNELS["sms"].send(PRIYA, a_message())
    assert not raised.value.maybe_sent
    assert not raised.value.systemic


def test_encryption_that_fails_surely_sent_nothing(
    twilio: TwilioDouble, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twilio_client._http, "seconds", 0.5)
    settings.TWILIO_API_URL = twilio.base_url.replace("http:", "https:")
    with pytest.raises(TryLater) as raised:
        CHANNELS["sms"].send(PRIYA, a_message())
    assert not raised.value.maybe_sent


@pytest.mark.parametrize("kind", KINDS)
def test_a_lost_answer_is_found_again_by_looking_up(kind: str, twilio: TwilioDouble) -> None:
    channel, since = CHANNELS[kind], datetime.now(UTC)
    assert channel.look_up(PRIYA, a_message(), since) == []
    twilio.knobs.turn(accept_then_500=1.0)
    with pytest.raises(TryLater):
        channel.send(PRIYA, a_message())
    assert channel.look_up(PRIYA, a_message(), since) == [accepted(twilio, kind)[0].sid]
    assert channel.look_up("+436649999999", a_message(), since) == []
    assert channel.look_up(PRIYA, a_message(), since + timedelta(minutes=5)) == []


def test_a_look_up_does_not_take_another_alerts_text(twilio: TwilioDouble) -> None:
    since = datetime.now(UTC)
    CHANNELS["sms"].send(PRIYA, a_message(short="Other [ZZZZ]", reply_code="ZZZZ"))
    assert CHANNELS["sms"].look_up(PRIYA, a_message(), since) == []


def test_polling_tells_how_far_a_text_got(twilio: TwilioDouble) -> None:
    twilio.knobs.turn(step_seconds=0, message_outcome="undelivered")
    sid = CHANNELS["sms"].send(PRIYA, a_message()).provider_id
    seen = CHANNELS["sms"].poll(sid)
    assert seen is not None
    assert (seen.state, seen.detail) == ("failed", "undelivered (30003)")


def test_thirty_two_threads_send_without_loss_or_mix_up(twilio: TwilioDouble) -> None:
    def send(number: int) -> tuple[str, str]:
        to = f"+43664{number:07d}"
        return to, CHANNELS["sms"].send(to, a_message(short=f"text {number}")).provider_id

    with ThreadPoolExecutor(32) as pool:
        sent = dict(pool.map(send, range(400)))
    assert {(m.to, m.sid) for m in twilio.messages} == set(sent.items())
    assert len(twilio.messages) == 400


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Write the number with its country code, like +43 664 1234567."),
        ("0664 1234567", "Write the number with its country code, like +43 664 1234567."),
        ("+43 12", "This is not a phone number that can be called."),
        ("+43 664 1234567; drop", "Write the number with its country code"),
        ("+1 212 555 0100", "Numbers in US are not allowed here"),
    ],
)
def test_a_bad_number_gets_one_sentence(
    kind: str, typed: str, sentence: str, settings: Any
) -> None:
    settings.SMS_COUNTRIES = ["AT", "DE"]
    with pytest.raises(ValidationError) as raised:
        CHANNELS[kind].clean(typed)
    [said] = raised.value.messages
    assert said.startswith(sentence)


def test_a_number_is_kept_in_one_form_and_shown_masked() -> None:
    assert CHANNELS["sms"].clean("+43 (0) 664 / 123-4567") == PRIYA
    assert CHANNELS["sms"].mask(PRIYA) == "+43 ••• 4567"
    assert CHANNELS["sms"].mask("+12125554567") == "+1 ••• 4567"


def test_a_missing_setting_is_named(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    assert "TWILIO_ACCOUNT_SID is not set" in CHANNELS["sms"].configured()


def test_idle_connections_are_used_again(twilio: TwilioDouble) -> None:
    client = net.Client(guarded=False)
    for _ in range(3):
        assert client.request("GET", f"{twilio.base_url}/__knobs__").status == 200
    assert sum(len(idle) for idle in client._idle.values()) == 1
