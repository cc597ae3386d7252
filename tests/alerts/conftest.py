"""Alice and Bob are in Payments, which only its members see. Mallory is not."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from alertops import clock
from alerts.models import Alert, Source
from alerts.signals_in import Signal, open_alerts
from groups.models import Group
from tests import builders

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    clock.freeze(NOON)
    yield
    clock.release()


@pytest.fixture
def stan(db: None) -> User:
    return builders.person("Stan", roles=["stakeholder"])


@pytest.fixture
def payments(alice: User, bob: User) -> Group:
    return builders.group(primary=(alice,), secondary=(bob,), visibility="members")


@pytest.fixture
def datadog(db: None) -> Source:
    return Source.objects.create(name="Datadog")


Open = Callable[..., Alert]


@pytest.fixture
def open_alert(payments: Group, datadog: Source) -> Open:
    """Open an alert as its source would."""
    made: list[str] = []

    def make(title: str = "Checkout is failing", **fields: Any) -> Alert:
        made.append(title)
        values = {
            "dedup_key": f"key-{len(made)}",
            "group_id": payments.pk,
            "severity": "critical",
            **fields,
        }
        signal = Signal(datadog.pk, values.pop("dedup_key"), "trigger", title, **values)
        [outcome] = open_alerts([signal], now=clock.now())
        return Alert.objects.get(pk=outcome.alert_id)

    return make


@pytest.fixture
def alert(open_alert: Open) -> Alert:
    return open_alert()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def program(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client
