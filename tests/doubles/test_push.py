"""The push receiver opens what pywebpush seals, and refuses what a push service refuses."""

import json
from typing import Any

import pytest
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush

from tests.doubles.push import PushDouble


@pytest.fixture(scope="module")
def vapid() -> Vapid02:
    key = Vapid02()
    key.generate_keys()
    return key


def send(subscription: dict[str, Any], vapid: Vapid02, **options: Any) -> Any:
    data = json.dumps({"title": "Disk full", "key": "n-1"})
    claims = options.pop("claims", {"sub": "mailto:ops@example.org"})
    options = {"ttl": 60, "headers": {"Topic": "n-1", "Urgency": "high"}, "timeout": 2} | options
    return webpush(subscription, data, vapid_private_key=vapid, vapid_claims=claims, **options)


def test_a_push_is_opened_and_kept_with_its_headers(
    push_double: PushDouble, vapid: Vapid02
) -> None:
    assert send(push_double.subscribe(), vapid).status_code == 201
    (push,) = push_double.wait(1)
    assert push.data == {"title": "Disk full", "key": "n-1"}
    assert (push.topic, push.urgency, push.ttl) == ("n-1", "high", 60)


def status(caught: pytest.ExceptionInfo[WebPushException]) -> int:
    assert caught.value.response is not None
    return int(caught.value.response.status_code)


def test_an_expired_subscription_is_gone(push_double: PushDouble, vapid: Vapid02) -> None:
    subscription = push_double.subscribe()
    push_double.gone.add(subscription["endpoint"].rpartition("/")[2])
    with pytest.raises(WebPushException) as caught:
        send(subscription, vapid)
    assert status(caught) == 410


@pytest.mark.parametrize("wished", [429, 500])
def test_the_next_answers_can_be_scripted(
    push_double: PushDouble, vapid: Vapid02, wished: int
) -> None:
    subscription = push_double.subscribe()
    push_double.statuses = [wished]
    with pytest.raises(WebPushException) as caught:
        send(subscription, vapid)
    assert status(caught) == wished
    send(subscription, vapid)
    assert len(push_double.pushes) == 1


def test_a_token_for_somebody_else_is_refused(push_double: PushDouble, vapid: Vapid02) -> None:
    claims = {"sub": "mailto:ops@example.org", "aud": "https://push.example.org"}
    with pytest.raises(WebPushException) as caught:
        send(push_double.subscribe(), vapid, claims=claims)
    assert status(caught) == 403
    assert push_double.pushes == []


def test_a_payload_for_another_browser_does_not_open(
    push_double: PushDouble, vapid: Vapid02
) -> None:
    mine, other = push_double.subscribe(), push_double.subscribe()
    with pytest.raises(WebPushException) as caught:
        send(mine | {"keys": other["keys"]}, vapid)
    assert status(caught) == 400
    assert "does not decrypt" in push_double.refused[0][1]
