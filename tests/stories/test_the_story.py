"""A Datadog alert meets all six concepts (the last page of the Basic Concepts)."""

import json
import re
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from twilio.request_validator import RequestValidator

from alerts.models import Alert, AlertEvent
from escalation.models import Notification
from integrations.samples import firing, of
from tests.conftest import PUBLIC_URL, Clock
from tests.doubles.push import PushDouble
from tests.doubles.twilio import AUTH_TOKEN, TwilioDouble
from tests.stories.conftest import Payments

PRIYA, MARCUS, ELENA = "+14155550101", "+14155550102", "+14155550103"


def texts(twilio: TwilioDouble) -> list[str]:
    return [record.to for record in twilio.messages]


def link_in(text: str) -> str:
    found = re.search(re.escape(PUBLIC_URL) + r"(/a/[\w-]+/)", text)
    assert found, text
    return found[1]


def fire(client: Client, payments: Payments) -> None:
    answer: Any = client.post(
        f"/integrations/{payments.datadog.key}/",
        json.dumps(firing("datadog")["payload"]),
        content_type="application/json",
    )
    assert answer.status_code == 202, answer.content


def test_priya_then_marcus_then_elena_until_marcus_acknowledges_from_his_phone(
    payments: Payments, twilio: TwilioDouble, browser: PushDouble, client: Client, clock: Clock
) -> None:
    fire(client, payments)
    clock.look()
    alert = Alert.objects.get()
    assert (alert.group, alert.title) == (payments.group, "Payment errors above 5 %")
    assert texts(twilio) == [PRIYA]
    assert "Payment errors above 5 %" in twilio.messages[0].body
    [push] = browser.wait(1)
    assert "Payment errors above 5 %" in json.dumps(push.data)

    clock.forward(minutes=4, seconds=59)
    assert texts(twilio) == [PRIYA]
    clock.forward(seconds=1)
    assert texts(twilio) == [PRIYA, MARCUS]
    clock.forward(minutes=10)
    assert texts(twilio) == [PRIYA, MARCUS, ELENA]

    page = link_in(twilio.messages[1].body)
    for _ in range(3):  # mail scanners and previews look; looking changes nothing
        assert client.get(page).status_code == 200
        assert client.head(page).status_code == 200
    alert.refresh_from_db()
    assert alert.status == "triggered"
    assert b"<script" not in client.get(page).content

    pressed = client.post(page, follow=True)
    assert pressed.status_code == 200
    alert.refresh_from_db()
    assert (alert.status, alert.acknowledged_by) == ("acknowledged", payments.marcus)

    clock.forward(hours=12)
    assert texts(twilio) == [PRIYA, MARCUS, ELENA]
    assert len(browser.wait(1)) == 1

    story = [
        (event.kind, event.data.get("person") or event.data.get("people"))
        for event in AlertEvent.objects.filter(alert=alert)
    ]
    priya, marcus, elena = payments.priya.pk, payments.marcus.pk, payments.elena.pk
    told = [fact for fact in story if fact[0] != "page_delivered"]
    assert sorted(told[3:5]) == sorted([("paged", priya), ("paged", priya)])
    assert told[:3] + told[5:] == [
        ("opened", None),
        ("escalation_started", None),
        ("level_started", [priya]),
        ("level_started", [marcus]),
        ("paged", marcus),
        ("level_started", [elena]),
        ("paged", elena),
        ("acknowledged", None),
    ]
    assert not Notification.objects.open().exists()


def test_a_recovery_from_datadog_resolves_it_and_nothing_is_sent_afterwards(
    payments: Payments, twilio: TwilioDouble, client: Client, clock: Clock
) -> None:
    fire(client, payments)
    clock.look()
    recovery = next(sample for sample in of("datadog") if sample["name"] == "recovery")
    client.post(
        f"/integrations/{payments.datadog.key}/",
        json.dumps(recovery["payload"]),
        content_type="application/json",
    )
    clock.look()
    assert Alert.objects.get().status == "resolved"
    clock.forward(hours=2)
    assert texts(twilio) == [PRIYA]


def test_the_reply_code_of_the_text_acknowledges_and_a_bare_ack_only_asks(
    payments: Payments, twilio: TwilioDouble, client: Client, clock: Clock
) -> None:
    fire(client, payments)
    clock.look()
    code = re.search(r"\[(\w{4})\]", twilio.messages[0].body)[1]  # type: ignore[index]

    def reply(text: str, sender: str = PRIYA) -> str:
        return _reply(client, text, sender)

    assert "code in brackets" in reply("ack")
    assert Alert.objects.get().status == "triggered"
    assert "Acknowledged" not in reply(code, sender=MARCUS)
    assert Alert.objects.get().status == "triggered"
    assert "Acknowledged #" in reply(code.lower())
    alert = Alert.objects.get()
    assert (alert.status, alert.acknowledged_by) == ("acknowledged", payments.priya)
    assert "already acknowledged by Priya" in reply(code)


def test_a_forged_reply_is_refused_and_changes_nothing(
    payments: Payments, twilio: TwilioDouble, client: Client, clock: Clock
) -> None:
    fire(client, payments)
    clock.look()
    answer = client.post(
        "/channels/sms/reply/",
        {"From": PRIYA, "Body": "ack"},
        headers={"X-Twilio-Signature": "forged"},
    )
    assert answer.status_code == 403
    assert Alert.objects.get().status == "triggered"


def _reply(client: Client, text: str, sender: str) -> str:
    fields = {"From": sender, "To": "+15005550006", "Body": text, "MessageSid": "SM" + "0" * 32}
    url = f"{PUBLIC_URL}/channels/sms/reply/"
    signature = RequestValidator(AUTH_TOKEN).compute_signature(url, fields)
    answer = client.post(
        "/channels/sms/reply/",
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )
    assert answer.status_code == 200, answer.content
    return answer.content.decode()
