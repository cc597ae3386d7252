"""Web push to a receiver that decrypts, and posts to webhooks and chat services."""

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.channels import CHANNELS
from accounts.channels.base import TryLater, Undeliverable
from accounts.channels.push import public_key
from tests.accounts.conftest import a_message
from tests.doubles.push import PushDouble
from tests.doubles.webhook import WebhookDouble

PUSH, WEBHOOK, APPRISE = CHANNELS["push"], CHANNELS["webhook"], CHANNELS["apprise"]


def subscribed(browser: PushDouble) -> str:
    return PUSH.clean(json.dumps(browser.subscribe()))


def test_only_the_browser_can_read_a_push(browser: PushDouble) -> None:
    PUSH.send(subscribed(browser), a_message())
    [push] = browser.wait(1)
    assert push.data["title"] == "Disk full on db1"
    assert push.data["ack_url"] == "https://alerts.example.org/a/x/"
    assert (push.urgency, push.ttl) == ("high", 3600)
    assert push.vapid_key == public_key()


def test_a_second_attempt_replaces_the_first(browser: PushDouble) -> None:
    address = subscribed(browser)
    PUSH.send(address, a_message(token="tok-1"))
    PUSH.send(address, a_message(token="tok-2"))
    PUSH.send(address, a_message(key="n-2"))
    topics = [push.topic for push in browser.wait(3)]
    assert topics[0] == topics[1] != topics[2]
    assert len(topics[0]) == 32


def test_a_long_text_is_cut_to_what_push_services_take(browser: PushDouble) -> None:
    PUSH.send(subscribed(browser), a_message(text="日本語😀" * 2000, title="长" * 500))
    assert browser.wait(1)[0].data["ack_url"]


@pytest.mark.parametrize(
    ("status", "error", "flags"),
    [
        (404, Undeliverable, {"dead_address": True}),
        (410, Undeliverable, {"dead_address": True}),
        (413, Undeliverable, {"dead_address": False}),
        (403, TryLater, {"systemic": True, "maybe_sent": False}),
        (429, TryLater, {"systemic": False, "maybe_sent": False, "retry_after": 1.0}),
        (500, TryLater, {"systemic": False, "maybe_sent": True}),
    ],
)
def test_each_answer_of_a_push_service_means_one_thing(
    status: int, error: type[Exception], flags: dict[str, Any], browser: PushDouble
) -> None:
    browser.statuses = [status]
    with pytest.raises(error) as raised:
        PUSH.send(subscribed(browser), a_message())
    assert {name: getattr(raised.value, name) for name in flags} == flags


@pytest.mark.parametrize("typed", ["", "{}", "[]", "null", '{"endpoint": 1, "keys": {}}', "{"])
def test_nonsense_is_no_subscription(typed: str) -> None:
    with pytest.raises(ValidationError) as raised:
        PUSH.clean(typed)
    assert raised.value.messages == ["This is not a push subscription of a browser."]


def test_a_subscription_must_be_public_https(browser: PushDouble, settings: Any) -> None:
    address = subscribed(browser)
    settings.PUSH_ALLOW_PRIVATE = False
    with pytest.raises(ValidationError, match="https"):
        PUSH.clean(json.dumps(browser.subscribe()))
    with pytest.raises(Undeliverable):
        PUSH.send(address, a_message())
    assert browser.pushes == []


def test_a_webhook_gets_json_with_the_same_key_each_time(
    webhook_double: WebhookDouble, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    WEBHOOK.send(f"{webhook_double.base_url}/hook?secret=1", a_message())
    [request] = webhook_double.wait(1)
    assert request.json["title"] == "Disk full on db1"
    assert request.headers["idempotency-key"] == request.json["key"] == "n-1"


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, TryLater), (429, TryLater), (404, Undeliverable), (302, Undeliverable)],
)
def test_a_webhook_that_refuses_is_not_a_success(
    status: int, error: type[Exception], webhook_double: WebhookDouble, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.0/8"]
    webhook_double.status = status
    with pytest.raises(error):
        WEBHOOK.send(webhook_double.base_url, a_message())


def test_private_webhooks_are_refused(webhook_double: WebhookDouble, settings: Any) -> None:
    settings.ALLOW_PRIVATE_TARGETS = []
    with pytest.raises(Undeliverable, match="not a public address"):
        WEBHOOK.send(webhook_double.base_url, a_message())
    assert webhook_double.requests == []


def test_a_chat_service_gets_the_text_and_the_link(
    webhook_double: WebhookDouble, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    address = APPRISE.clean(webhook_double.base_url.replace("http://", "ntfy://") + "/pages")
    APPRISE.send(address, a_message())
    assert b"Disk full on db1" in webhook_double.wait(1)[0].body


@pytest.mark.parametrize(("status", "error"), [(403, Undeliverable), (503, TryLater)])
def test_a_chat_service_that_refuses_says_why(
    status: int, error: type[Exception], webhook_double: WebhookDouble, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    webhook_double.status = status
    with pytest.raises(error, match=str(status)):
        APPRISE.send(webhook_double.base_url.replace("http://", "ntfy://") + "/pages", a_message())


def test_a_private_chat_service_is_refused_when_connecting(
    webhook_double: WebhookDouble, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = []
    with pytest.raises(Undeliverable, match="not a public address"):
        APPRISE.send(webhook_double.base_url.replace("http://", "ntfy://") + "/pages", a_message())
    assert webhook_double.requests == []


@pytest.mark.parametrize(
    "typed", ["", "ntfy", "mailto://a:b@c", "syslog://", "json://127.0.0.1", "file:///etc/passwd"]
)
def test_only_chat_and_push_services_can_be_named(typed: str) -> None:
    with pytest.raises(ValidationError) as raised:
        APPRISE.clean(typed)
    assert len(raised.value.messages) == 1


def test_secrets_of_an_address_are_not_shown() -> None:
    assert WEBHOOK.mask("https://hooks.example.org/T0/secret?x=y") == "https://hooks.example.org/…"
    assert APPRISE.mask("tgram://123:secret/42") == "tgram://…"
