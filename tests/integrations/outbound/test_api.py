"""Outbound connections by API, and in the console."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from integrations.models import OutboundConnection
from tests.conftest import Clock
from tests.integrations.outbound.conftest import connect

pytestmark = pytest.mark.django_db

WHERE = "/api/v1/outbound-connections/"
GOOD: dict[str, Any] = {
    "name": "Chat", "tool": "webhook", "events": ["opened", "resolved"],
    "settings": {"url": "https://hooks.example.org/in", "headers": "Authorization: s3cr3t"},
}  # fmt: skip


@pytest.fixture
def api(client: Client, dana: User) -> Client:
    client.force_login(dana)
    return client


def test_a_connection_is_made_changed_and_removed(api: Client) -> None:
    made = api.post(WHERE, GOOD, content_type="application/json")
    assert made.status_code == 201, made.content
    assert made.json()["secret"].startswith("whsec_")
    one = f"{WHERE}{made.json()['id']}/"
    assert api.get(one).json()["secret"] is None
    assert b"s3cr3t" not in api.get(WHERE).content
    changed = api.patch(one, {"name": "Room", "is_active": False}, content_type="application/json")
    assert changed.json()["state"] == "Switched off"
    link = OutboundConnection.objects.get()
    assert (link.name, link.settings["headers"]) == ("Room", "Authorization: s3cr3t")
    assert api.delete(one).status_code == 204
    assert not OutboundConnection.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"tool": "fax"},
        {"events": []},
        {"events": ["exploded"]},
        {"settings": {}},
        {"settings": {"url": "http://u:p@example.org/"}},
        {"settings": {"url": "https://example.org/", "body": "{{"}},
        {"settings": "x"},
        {"name": ""},
        {"group": 999},
        {"integrations": [999]},
    ],
)
def test_nonsense_is_refused_in_a_sentence(api: Client, wrong: dict[str, Any]) -> None:
    answer = api.post(WHERE, {**GOOD, **wrong}, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"].endswith((".", "!", "?"))
    assert not OutboundConnection.objects.exists()


def test_nobody_else_may(client: Client, mallory: User, clock: Clock) -> None:
    link = connect("https://hooks.example.org/in")
    client.force_login(mallory)
    assert client.get(WHERE).status_code == 403
    assert client.post(WHERE, GOOD, content_type="application/json").status_code == 403
    assert client.delete(f"{WHERE}{link.pk}/").status_code in (403, 404)


def test_the_console_shows_them_without_secrets(api: Client, clock: Clock) -> None:
    link = connect("https://hooks.example.org/in", values={"headers": "Authorization: s3cr3t"})
    for address in (
        "/admin/integrations/outboundconnection/",
        f"/admin/integrations/outboundconnection/{link.pk}/change/",
        "/admin/integrations/outboundmessage/",
    ):
        answer = api.get(address)
        assert answer.status_code == 200
        assert b"s3cr3t" not in answer.content
        assert link.secret.encode() not in answer.content
