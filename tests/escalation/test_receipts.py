"""What comes back from providers moves notifications forward, once, and never acknowledges."""

from __future__ import annotations

import re
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from accounts.channels.base import Received
from accounts.models import User
from alerts import actions
from alerts.actions import Move
from alerts.models import Alert
from alerts.states import Verb
from escalation import receipts
from escalation.messages import reply_code
from escalation.models import Notification
from escalation.sweep import judge
from groups.models import GroupContactMethod
from tests import builders
from tests.conftest import Clock
from tests.doubles.twilio import AUTH_TOKEN, TwilioDouble

BASE = "https://alerts.example.org"


def page(user: User, clock: Clock) -> Notification:
    builders.alert(builders.group(primary=(user,)))
    clock.look()
    return Notification.objects.get()


def signed(client: Client, path: str, **fields: str) -> Any:
    signature = RequestValidator(AUTH_TOKEN).compute_signature(BASE + path, fields)
    return client.post(
        path,
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )


def token(row: Notification) -> str:
    return row.tries.latest("number").token


def test_receipts_move_forward_in_any_order_and_any_number(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    row = page(alice, clock)
    path = f"/channels/sms/receipt/{token(row)}/"
    for status in ("sent", "delivered", "delivered", "queued", "sent"):
        answer = signed(client, path, MessageSid=row.provider_id, MessageStatus=status)
        assert answer.status_code == 204
    row.refresh_from_db()
    assert row.state == "delivered"
    assert Alert.objects.get().status == "triggered"


def test_an_unsigned_receipt_changes_nothing(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    row = page(alice, clock)
    path = f"/channels/sms/receipt/{token(row)}/"
    assert client.post(path, {"MessageStatus": "delivered"}).status_code == 403
    row.refresh_from_db()
    assert row.state == "accepted"


def test_an_unknown_token_or_channel_is_404(twilio: TwilioDouble, client: Client, db: None) -> None:
    path = "/channels/sms/receipt/0123456789abcdef/"
    assert signed(client, path, MessageSid="SM1", MessageStatus="sent").status_code == 404
    assert client.post("/channels/pigeon/receipt/abc/").status_code == 404
    assert client.get(path).status_code == 405


def test_a_report_of_failure_uses_the_next_method_now(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    builders.contact(alice, "voice", rule=False)
    row = page(alice, clock)
    signed(
        client,
        f"/channels/sms/receipt/{token(row)}/",
        MessageSid=row.provider_id,
        MessageStatus="undelivered",
        ErrorCode="30003",
    )
    clock.look()
    assert len(twilio.calls) == 1


def call(user: User, clock: Clock) -> Notification:
    user.contact_methods.all().delete()
    builders.contact(user, "voice")
    return page(user, clock)


@pytest.mark.parametrize(
    ("digit", "status", "says"),
    [
        ("1", "acknowledged", "Acknowledged"),
        ("2", "resolved", "Resolved"),
        ("3", "triggered", "Escalated"),
        ("4", "triggered", "Press 1"),
        ("9", "triggered", "Press 1"),
    ],
)
def test_a_key_press_answers_the_call(
    alice: User,
    twilio: TwilioDouble,
    clock: Clock,
    client: Client,
    digit: str,
    status: str,
    says: str,
) -> None:
    row = call(alice, clock)
    answer = signed(
        client, f"/channels/voice/key/{token(row)}/", CallSid=row.provider_id, Digits=digit
    )
    assert says in answer.content.decode()
    alert = Alert.objects.get()
    assert alert.status == status


def test_a_mailbox_that_answers_acknowledges_nothing_and_the_next_method_follows(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    row = call(alice, clock)
    builders.contact(alice, "sms", rule=False)
    path = f"/channels/voice/receipt/{token(row)}/"
    for status in ("ringing", "in-progress", "completed"):
        signed(client, path, CallSid=row.provider_id, CallStatus=status, AnsweredBy="machine")
    assert Alert.objects.get().status == "triggered"
    clock.forward(seconds=46)
    assert len(twilio.messages) == 1


def test_whoever_is_still_on_the_line_has_time_to_press_a_key(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    row = call(alice, clock)
    builders.contact(alice, "sms", rule=False)
    twilio.hang_up(row.provider_id, "in-progress")  # taken, and not over yet
    clock.forward(seconds=60)
    assert twilio.messages == []
    clock.forward(seconds=35)
    assert len(twilio.messages) == 1


def test_an_answer_to_a_page_that_is_over_says_so_and_changes_nothing(
    alice: User, bob: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    row = call(alice, clock)
    actions.apply(Verb.ACKNOWLEDGE, row.alert_id, Move(actor=bob, now=clock.now()))
    answer = signed(
        client, f"/channels/voice/key/{token(row)}/", CallSid=row.provider_id, Digits="2"
    )
    assert "already acknowledged by Bob" in answer.content.decode()
    assert Alert.objects.get().status == "acknowledged"


def test_stop_disables_the_number(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    row = page(alice, clock)
    number = alice.contact_methods.get().address
    signed(client, "/channels/sms/reply/", From=number, Body="STOP", MessageSid="SM1")
    assert not alice.contact_methods.usable().exists()
    assert row.alert.status == "triggered"


def test_texts_we_do_not_understand_are_answered_five_times_an_hour(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    page(alice, clock)
    number = alice.contact_methods.get().address
    answers = [
        signed(client, "/channels/sms/reply/", From=number, Body="hm?", MessageSid=f"SM{n}")
        for n in range(7)
    ]
    asked = [b"code in brackets" in answer.content for answer in answers]
    assert asked == [True] * 5 + [False] * 2


@pytest.mark.parametrize(
    ("begins", "text", "status"),
    [
        (r"E\d", "{code}", "acknowledged"),
        (r"R\d", "{code}", "acknowledged"),
        (r"\dR\d", "{code} please", "acknowledged"),
        (r"[A-Z]", "r {code}", "resolved"),
        (r"\d", "Close [{code}]", "resolved"),
    ],
)
def test_the_letters_of_a_code_are_no_command(
    alice: User,
    twilio: TwilioDouble,
    clock: Clock,
    client: Client,
    begins: str,
    text: str,
    status: str,
) -> None:
    row = page(alice, clock)
    row.key = next(key for n in count() if re.match(begins, reply_code(key := f"key-{n}")))
    row.save(update_fields=["key"])
    number, body = alice.contact_methods.get().address, text.format(code=reply_code(row.key))
    signed(client, "/channels/sms/reply/", From=number, Body=body, MessageSid="SM1")
    assert Alert.objects.get().status == status


def test_a_bounce_the_mail_service_reports_uses_the_next_method(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    row = page(alice, clock)
    builders.contact(alice, "voice", rule=False)
    report = Received(
        "receipt", state="failed", rank=9, provider_id=row.provider_id, detail="bounced"
    )
    receipts.handle("sms", report, clock.now())
    clock.look()
    assert len(twilio.calls) == 1


@pytest.mark.parametrize("kind", ["sms", "voice"])
def test_whoever_has_left_silences_nothing(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client, kind: str
) -> None:
    row = page(alice, clock) if kind == "sms" else call(alice, clock)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    if kind == "sms":
        fields = {"From": alice.contact_methods.get().address, "MessageSid": "SM1"}
        signed(client, "/channels/sms/reply/", Body=f"ack {reply_code(row.key)}", **fields)
    else:
        path = f"/channels/voice/key/{token(row)}/"
        answer = signed(client, path, CallSid=row.provider_id, Digits="1")
        assert "stays open" in answer.content.decode()
    assert Alert.objects.get().status == "triggered"


def test_a_text_to_a_groups_own_number_is_answered_from_that_number(
    twilio: TwilioDouble, clock: Clock, client: Client, db: None
) -> None:
    group = builders.group()
    GroupContactMethod.objects.create(
        group=group, kind="sms", address="+14155550199", verified_at=clock.now()
    )
    builders.alert(group)
    clock.look()
    code = reply_code(Notification.objects.get().key)
    fields = {"Body": f"ack {code}", "MessageSid": "SM1"}
    signed(client, "/channels/sms/reply/", From="+14155550198", **fields)
    assert Alert.objects.get().status == "triggered", "not the number that was paged"
    answer = signed(client, "/channels/sms/reply/", From="+14155550199", **fields)
    assert "Acknowledged" in answer.content.decode()
    assert Alert.objects.get().status == "acknowledged"


def test_a_text_with_the_codes_of_two_pages_answers_both(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client
) -> None:
    group = builders.group(primary=(alice,))
    for _ in range(2):
        builders.alert(group)
    clock.look()
    codes = " ".join(reply_code(row.key) for row in Notification.objects.all())
    number = alice.contact_methods.get().address
    signed(client, "/channels/sms/reply/", From=number, Body=f"ack {codes}", MessageSid="SM1")
    assert set(Alert.objects.values_list("status", flat=True)) == {"acknowledged"}


def test_a_code_sent_before_the_secret_key_was_changed_still_answers(
    alice: User, twilio: TwilioDouble, clock: Clock, client: Client, settings: Settings
) -> None:
    code = reply_code(page(alice, clock).key)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another" * 9
    number = alice.contact_methods.get().address
    signed(client, "/channels/sms/reply/", From=number, Body=code, MessageSid="SM1")
    assert Alert.objects.get().status == "acknowledged"


def test_a_number_found_dead_only_when_asked_is_not_used_again(
    alice: User, twilio: TwilioDouble, clock: Clock
) -> None:
    row = page(alice, clock)
    seen = Received("receipt", state="failed", detail="undelivered (30006)", dead_address=True)
    judge(row.pk, seen, clock.now())
    assert not alice.contact_methods.usable().exists()
