"""An integration with somebody behind it, and a way to send to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from alertops import clock
from groups.models import Group
from integrations import calming, inbox, sns_door, store
from integrations.dropins import door
from integrations.models import InboundEvent, Integration
from tests import builders
from tests.integrations.amazon import Amazon

Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def _full_buckets() -> Iterator[None]:
    """Every test begins with what an integration may send at once."""
    store.forget_limits()
    door.forget_limits()
    calming.forget()
    yield
    store.close()


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Amazon:
    """Amazon answers, to whom nothing has been asked yet."""
    stands = Amazon()
    monkeypatch.setattr(sns_door, "_client", stands)
    monkeypatch.setattr(sns_door, "_kept", {})
    return stands


@pytest.fixture
def payments(alice: User) -> Group:
    return builders.group("Payments", primary=(alice,))


@pytest.fixture
def integration(payments: Group) -> Integration:
    """A generic webhook for Payments; its key is on `integration.key`."""
    return make_integration(payments)


def make_integration(
    group: Group | None = None, kind: str = "generic", **fields: Any
) -> Integration:
    made = Integration(kind=kind, group=group, **{"name": f"Our {kind}", **fields})
    made.issue_key()
    made.save()
    return made


@pytest.fixture
def send(client: Client) -> Send:
    """Post a body to an integration; what is not bytes goes as JSON."""

    def post(integration: Integration | str, body: Any, **headers: Any) -> Any:
        key = integration if isinstance(integration, str) else integration.key
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers.setdefault("content_type", "application/json")
        return client.generic("POST", f"/integrations/{key}/", content, **headers)

    return post


def work_off() -> None:
    """Let the inbox look until it is empty."""
    for _ in range(100):
        if inbox.process(clock.now()) is None:
            return
    raise AssertionError("the inbox does not come to rest")


def sent(answer: Any, status: int = 202) -> InboundEvent:
    """The row behind what was accepted, worked off."""
    assert answer.status_code == status, answer.content
    work_off()
    return InboundEvent.objects.get(pk=answer.json()["event"])
