"""What is unclear stays unclear until the provider was asked: nothing else may send it again."""

import time
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.channels import CHANNELS
from accounts.channels.base import Received, State
from accounts.models import User
from alertops import clock as the_clock
from escalation import dispatch, engine, outbox, receipts
from escalation.consequences import settle
from escalation.models import Notification
from escalation.outbox import Claimed
from escalation.sending import send
from tests import builders
from tests.conftest import Clock
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble


def page(person: User) -> None:
    builders.alert(builders.group(primary=(person,)))
    engine.tick(the_clock.now())


def claim() -> Claimed:
    (claimed,) = outbox.claim(the_clock.now(), dict.fromkeys(CHANNELS, 1))
    return claimed


@pytest.fixture
def unclear(alice: User, twilio: TwilioDouble, clock: Clock) -> Notification:
    """Accepted by the provider, which answered 500 and whose lists lag far behind."""
    twilio.knobs.turn(accept_then_500=1.0, list_lag=3600)
    page(alice)
    clock.look()
    twilio.knobs.turn(accept_then_500=0.0)
    return Notification.objects.get()


def test_a_refused_second_attempt_does_not_forget_the_first(
    unclear: Notification, twilio: TwilioDouble, clock: Clock
) -> None:
    twilio.knobs.turn(too_many=1.0)
    clock.forward(seconds=16)
    unclear.refresh_from_db()
    assert unclear.state == "unknown"
    twilio.knobs.turn(too_many=0.0, list_lag=0.0)
    clock.forward(seconds=20)
    unclear.refresh_from_db()
    assert (unclear.state, len(twilio.messages)) == ("accepted", 1)


@pytest.mark.parametrize(("state", "rank"), [("failed", 4), ("sent", 3)])
def test_what_is_said_of_an_earlier_attempt_is_not_said_of_the_later_one(
    unclear: Notification, alice: User, twilio: TwilioDouble, clock: Clock, state: State, rank: int
) -> None:
    builders.contact(alice, "voice", rule=False)
    first = unclear.tries.get()
    clock.forward(seconds=16)
    report = Received("receipt", first.token, state, rank, twilio.messages[0].sid)
    receipts.handle("sms", report, the_clock.now())
    clock.look()
    unclear.refresh_from_db()
    assert (unclear.state, unclear.provider_id) == ("accepted", twilio.messages[1].sid)
    assert twilio.calls == []


def test_what_is_said_of_a_message_that_was_found_again_counts(
    unclear: Notification, alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    builders.contact(alice, "voice", rule=False)
    first = unclear.tries.get()
    twilio.knobs.turn(list_lag=0.0, step_seconds=3600.0)
    clock.set(the_clock.now() + timedelta(seconds=16))
    clock.look()
    assert len(twilio.messages) == 1, "found, and not sent again"
    report = Received("receipt", first.token, "failed", 4, twilio.messages[0].sid)
    receipts.handle("sms", report, the_clock.now())
    clock.look()
    assert len(twilio.calls) == 1, "the next method, now"


def test_holding_back_an_unclear_page_leaves_it_unclear(
    unclear: Notification, clock: Clock
) -> None:
    clock.set(the_clock.now() + timedelta(seconds=16))
    outbox.release([(claim(), the_clock.now() + timedelta(seconds=60))])
    unclear.refresh_from_db()
    assert (unclear.state, unclear.attempts) == ("unknown", 1)


@pytest.mark.parametrize("arrived", [0, 1, 2])
def test_of_two_lost_calls_to_one_number_none_is_taken_for_the_other(
    alice: User, twilio: TwilioDouble, clock: Clock, arrived: int
) -> None:
    alice.contact_methods.all().delete()
    builders.contact(alice, "voice")
    for _ in range(2):
        builders.alert(assignee=alice)
    engine.tick(the_clock.now())
    lost = outbox.claim(the_clock.now(), {"voice": 2})
    for claimed in lost[:arrived]:
        send(claimed)  # and the process dies before it can write the result
    clock.forward(seconds=16)
    assert len(twilio.calls) == 2
    sids = set(Notification.objects.values_list("provider_id", flat=True))
    assert sids == {call.sid for call in twilio.calls}


def test_a_call_that_failed_is_not_taken_for_another_alerts_call(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    alice.contact_methods.all().delete()
    builders.contact(alice, "voice")
    for _ in range(2):
        builders.alert(assignee=alice)
    engine.tick(the_clock.now())
    first, _ = outbox.claim(the_clock.now(), {"voice": 2})
    settle([send(first)], the_clock.now())
    clock.forward(seconds=16)
    assert len(twilio.calls) == 2


def test_a_mail_server_that_always_answers_too_late_does_not_flood_anybody(
    db: None, smtp: SmtpDouble, settings: Any, clock: Clock
) -> None:
    settings.OUTBOX_ONLY = False
    smtp.drop_after_data = 1000
    policy = builders.policy({"target": "primary", "wait_seconds": 7200})
    reader = builders.person("Reader", channels=("email",))
    builders.alert(builders.group(primary=(reader,), policy=policy))
    clock.forward(minutes=1)
    assert len(smtp.mails) >= 5, "at first as often as if nothing had been sent"
    clock.forward(minutes=58)
    assert len(smtp.mails) <= 30
    assert Notification.objects.get().state == "pending"


@pytest.mark.parametrize(("state", "rank"), [("sent", 2), ("delivered", 3)])
def test_a_mail_the_mail_service_has_reported_is_not_sent_again(
    db: None, smtp: SmtpDouble, settings: Any, clock: Clock, state: State, rank: int
) -> None:
    settings.OUTBOX_ONLY = False
    smtp.drop_after_data = 1
    reader = builders.person("Reader", channels=("email",))
    page(reader)
    clock.look()
    row = Notification.objects.get()
    report = Received("receipt", row.tries.get().token, state, rank, "its-number")
    receipts.handle("email", report, the_clock.now())
    clock.forward(minutes=1)
    row.refresh_from_db()
    assert len(smtp.mails) == 1
    assert row.state == {"sent": "accepted"}.get(state, state)


def reported(claimed: Claimed, state: State, rank: int, sid: str) -> None:
    receipts.handle("sms", Received("receipt", claimed.token, state, rank, sid), the_clock.now())


@pytest.mark.parametrize(("state", "rank"), [("sent", 3), ("delivered", 4)])
def test_what_the_provider_has_reported_is_not_sent_again_though_its_sender_died(
    alice: User, twilio: TwilioDouble, clock: Clock, state: State, rank: int
) -> None:
    page(alice)
    claimed = claim()
    send(claimed)  # and the process dies before it can write the result
    reported(claimed, state, rank, twilio.messages[0].sid)
    twilio.knobs.turn(list_lag=3600)
    clock.forward(seconds=31)  # the lease is over
    clock.forward(minutes=2)
    assert len(twilio.messages) == 1
    assert Notification.objects.get().state == "delivered"


@pytest.mark.parametrize(("state", "rank"), [("sent", 3), ("delivered", 4)])
def test_what_the_provider_has_reported_is_not_sent_again_though_its_answer_was_lost(
    alice: User, twilio: TwilioDouble, clock: Clock, state: State, rank: int
) -> None:
    builders.contact(alice, "voice", rule=False)
    page(alice)
    claimed = claim()
    twilio.knobs.turn(accept_then_500=1.0)
    sent = send(claimed)
    reported(claimed, state, rank, twilio.messages[0].sid)
    the_clock.forward(timedelta(seconds=11))
    settle([sent], the_clock.now())
    twilio.knobs.turn(accept_then_500=0.0, list_lag=3600)
    clock.forward(minutes=2)
    assert (len(twilio.messages), len(twilio.calls)) == (1, 0)
    assert Notification.objects.get().state == "delivered"


def test_a_failure_reported_before_the_sender_could_write_is_looked_into_at_once(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    builders.contact(alice, "voice", rule=False)
    twilio.knobs.turn(outcome={alice.contact_methods.get(kind="sms").address: "undelivered"})
    page(alice)
    claimed = claim()
    sent = send(claimed)
    reported(claimed, "failed", 4, twilio.messages[0].sid)
    settle([sent], the_clock.now())
    clock.look()
    assert len(twilio.calls) == 1


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_its_proof_does_not_wait_for_a_provider_that_hangs(
    twilio: TwilioDouble, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = tuple(builders.person(f"P{n}") for n in range(16))
    builders.alert(builders.group(primary=everyone))
    clock.look()
    clock.set(the_clock.now() + timedelta(seconds=61))
    twilio.knobs.turn(reply_delay=1.0)
    monkeypatch.setattr(dispatch, "ASKED_WITHIN", 0.5)
    dispatcher = dispatch.Dispatcher(senders=1)
    try:
        for _ in range(3):  # the same ones again, for nothing has come of them yet
            Notification.objects.filter(state="accepted").update(proof_due_at=the_clock.now())
            dispatcher._ask_for_proof(the_clock.now())
        ends = time.monotonic() + 2.5
        while time.monotonic() < ends and Notification.objects.filter(state="accepted").exists():
            time.sleep(0.05)
        assert not Notification.objects.filter(state="accepted").exists()
    finally:
        twilio.knobs.turn(reply_delay=0.0)
        dispatcher.close()


@pytest.mark.django_db(transaction=True)
def test_a_sender_survives_the_loss_of_its_database_connection(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    page(alice)
    claimed = claim()
    with psycopg.connect(**connection.get_connection_params()) as other:
        pid = connection.connection.info.backend_pid
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    sent = dispatch._send_patiently(claimed)
    assert (sent.result.outcome, len(twilio.messages)) == ("accepted", 1)
