"""Messages of Amazon SNS: signed ones act, forged ones are told, subscriptions are confirmed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alerts.models import Alert
from alerts.states import Status
from groups.models import Group
from integrations import payloads, sns
from integrations.models import InboundEvent, Integration
from integrations.states import Outcome
from tests.integrations.amazon import CERTIFICATE, CONFIRM, HOST, TOPIC, Amazon, message, signed
from tests.integrations.conftest import Send, make_integration, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def cloudwatch(payments: Group) -> Integration:
    return make_integration(payments, "cloudwatch")


def post(send: Send, integration: Integration | str, told: dict[str, Any]) -> Any:
    """As Amazon does: JSON under the wrong name."""
    return send(integration, told, content_type="text/plain; charset=UTF-8")


def test_a_signed_message_acts_and_its_certificate_is_fetched_once(
    amazon: Amazon, cloudwatch: Integration, send: Send
) -> None:
    event = sent(post(send, cloudwatch, message()))
    assert event.headers["sns"] == "genuine"
    alert = Alert.objects.get()
    assert alert.title == "Queue"

    over = json.dumps({"AlarmName": "Queue", "NewStateValue": "OK"})
    event = sent(post(send, cloudwatch, message(Message=over, SignatureVersion="2")))
    assert event.outcome == Outcome.RESOLVED
    alert.refresh_from_db()
    assert alert.status == Status.RESOLVED
    assert amazon.asked == [CERTIFICATE]


@pytest.mark.parametrize("name", ["Message", "Subject", "TopicArn", "Timestamp", "MessageId"])
def test_a_message_changed_on_its_way_closes_nothing_but_pages(
    amazon: Amazon, cloudwatch: Integration, send: Send, name: str
) -> None:
    sent(post(send, cloudwatch, message()))
    over = message(Message=json.dumps({"AlarmName": "Queue", "NewStateValue": "OK"}))
    event = sent(post(send, cloudwatch, {**over, name: over.get(name, "") + " "}))
    assert event.headers["sns"] == "forged"
    assert event.outcome == Outcome.CREATED
    queue, told = Alert.objects.order_by("pk")
    assert queue.status == Status.TRIGGERED
    assert "did not sign" in told.title


def test_what_is_not_signed_hides_nothing_else_that_is_not(
    amazon: Amazon, cloudwatch: Integration, send: Send
) -> None:
    """Whoever stands between, such as a proxy that keeps the certificate, makes all of it so."""
    amazon.status = 403
    for name, count in (("Queue", 1), ("Disk", 2), ("Queue", 2)):
        text = json.dumps({"AlarmName": name, "NewStateValue": "ALARM"})
        assert sent(post(send, cloudwatch, message(Message=text))).headers["sns"] == "forged"
        assert Alert.objects.count() == count


ELSEWHERE = [
    "",
    "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123456789abcdef.pem",
    "https://evil.example/SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-0123456789abcdef.pem",
    "https://evil.s3.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com/other.pem",
    "https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem?x=1",
    "https://sns.eu-west-1.amazonaws.com\\@evil.example/SimpleNotificationService-0123456789abcdef.pem",
    "file:///etc/passwd",
    "https://[::1]/SimpleNotificationService-0123456789abcdef.pem",
    "https://[/SimpleNotificationService-0123456789abcdef.pem",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_certificate_from_elsewhere_is_never_fetched(
    amazon: Amazon, cloudwatch: Integration, send: Send, url: str
) -> None:
    event = sent(post(send, cloudwatch, message(SigningCertURL=url)))
    assert amazon.asked == []
    assert event.headers["sns"] == "forged"


@pytest.mark.parametrize(
    "url",
    [CERTIFICATE, CERTIFICATE.replace("eu-west-1", "us-gov-west-1"),
     CERTIFICATE.replace("eu-west-1", "cn-north-1").replace(".com", ".com.cn")],
)  # fmt: skip
def test_amazons_own_hosts_are_known(url: str) -> None:
    assert sns.certificate_url({"SigningCertURL": url}) == url


@pytest.mark.parametrize("kind", ["cloudwatch", "generic", "grafana"])
def test_a_subscription_confirms_itself_and_opens_no_alert(
    amazon: Amazon, payments: Group, send: Send, kind: str
) -> None:
    event = sent(post(send, make_integration(payments, kind), message(sns.SUBSCRIBED)))
    assert amazon.asked == [CERTIFICATE, CONFIRM]
    assert event.outcome == Outcome.NO_OPEN_ALERT
    assert not Alert.objects.exists()


def test_a_confirmation_that_fails_is_asked_for_again(
    amazon: Amazon, cloudwatch: Integration, send: Send
) -> None:
    post(send, cloudwatch, message())  # the certificate is there
    amazon.is_silent = True
    answer = post(send, cloudwatch, message(sns.SUBSCRIBED))
    assert answer.status_code == 503
    assert answer["Retry-After"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        f"{HOST}/?Action=Publish&TopicArn={TOPIC}&Message=hi",
        f"{HOST}/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:666:other&Token=1",
        f"{HOST}/elsewhere?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=1",
    ],
)
def test_only_amazons_own_address_is_ever_visited(
    amazon: Amazon, cloudwatch: Integration, send: Send, url: str
) -> None:
    event = sent(post(send, cloudwatch, message(sns.SUBSCRIBED, SubscribeURL=url)))
    assert url not in amazon.asked
    assert event.headers["sns"] == "forged"


def test_a_forged_subscription_is_not_confirmed(
    amazon: Amazon, cloudwatch: Integration, send: Send
) -> None:
    told = {**message(sns.SUBSCRIBED), "Signature": message()["Signature"]}
    sent(post(send, cloudwatch, told))
    assert amazon.asked == [CERTIFICATE]


def test_nobody_without_a_key_makes_us_fetch_anything(amazon: Amazon, send: Send) -> None:
    assert post(send, "unknown-key", message(sns.SUBSCRIBED)).status_code == 404
    assert amazon.asked == []


def test_without_a_way_out_the_key_is_enough_and_the_alarm_still_pages(
    amazon: Amazon, cloudwatch: Integration, send: Send
) -> None:
    amazon.is_silent = True
    event = sent(post(send, cloudwatch, message()))
    assert event.headers["sns"] == "unchecked"
    assert Alert.objects.get().title == "Queue"
    sent(post(send, cloudwatch, message()))
    assert amazon.asked == [CERTIFICATE], "not asked again for every message"


def test_the_end_of_a_subscription_pages_and_a_new_one_closes_that(
    amazon: Amazon, cloudwatch: Integration, send: Send
) -> None:
    sent(post(send, cloudwatch, message(sns.UNSUBSCRIBED)))
    alert = Alert.objects.get()
    assert alert.title == "Amazon SNS no longer sends what is published to pages"
    assert CONFIRM not in amazon.asked, "an end must not be undone by itself"
    assert sent(post(send, cloudwatch, message(sns.SUBSCRIBED))).outcome == Outcome.RESOLVED


def test_raw_delivery_has_no_signature_and_no_envelope(
    amazon: Amazon, cloudwatch: Integration, send: Send
) -> None:
    event = sent(post(send, cloudwatch, {"AlarmName": "Queue", "NewStateValue": "ALARM"}))
    assert "sns" not in event.headers
    assert Alert.objects.get().title == "Queue"
    assert amazon.asked == []


@pytest.mark.parametrize(
    "broken",
    [
        {"Signature": None},
        {"Signature": "not base64!"},
        {"Signature": ["a"]},
        {"SignatureVersion": "3"},
        {"SignatureVersion": None},
        {"Message": {"a": 1}},
        {"MessageId": 7},
        {"SigningCertURL": 7},
        {"Timestamp": "\ud800"},
        {"Type": ["Notification"]},
        {"Type": {}},
        {"TopicArn": [1]},
    ],
)
def test_a_broken_message_is_answered_and_told(
    amazon: Amazon, cloudwatch: Integration, send: Send, broken: dict[str, Any]
) -> None:
    assert post(send, cloudwatch, {**message(), **broken}).status_code == 202
    assert InboundEvent.objects.get().body


def test_the_text_inside_is_data_for_mappings() -> None:
    told = message(Message='{"AlarmName": "Queue"}')
    assert payloads.decode(json.dumps(told).encode()).value["Message"] == {"AlarmName": "Queue"}
    for text in ("Queue is long", "{broken", "7", ""):
        told = signed({**told, "Message": text})
        assert payloads.decode(json.dumps(told).encode()).value["Message"] == text
