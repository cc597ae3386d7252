"""The webhook receiver keeps what apprise and plain senders post."""

import apprise
import pytest
import requests

from tests.doubles.webhook import WebhookDouble


def test_apprise_reaches_the_receiver(webhook_double: WebhookDouble) -> None:
    target = apprise.Apprise()
    target.add(f"json://127.0.0.1:{webhook_double.port}/hook")
    assert target.notify(title="Disk full", body="db1")
    (request,) = webhook_double.wait(1)
    assert (request.path, request.json["title"]) == ("/hook", "Disk full")


def test_the_receiver_fails_as_often_as_it_is_told(webhook_double: WebhookDouble) -> None:
    webhook_double.fails = 1
    answers = [requests.post(webhook_double.base_url, json={}, timeout=2) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [503, 200]


def test_a_reset_leaves_the_sender_in_doubt(webhook_double: WebhookDouble) -> None:
    webhook_double.fate = "reset"
    with pytest.raises(requests.ConnectionError):
        requests.post(webhook_double.base_url, json={}, timeout=2)
    assert len(webhook_double.requests) == 1
