"""PagerDuty's own client against a running server: a host name and a key are all that change."""

import pagerduty
import pytest
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from integrations.models import InboundEvent
from tests.integrations.conftest import make_integration, work_off


def client_of(live_server: LiveServer, key: str) -> pagerduty.EventsApiV2Client:
    """The client as it is, but for its wish for https, which the test server has not."""
    client = pagerduty.EventsApiV2Client(key)
    client._url = live_server.url
    return client


pytestmark = pytest.mark.django_db(transaction=True)


def test_the_clients_trigger_acknowledge_and_resolve_are_one_alert(
    payments: Group, live_server: LiveServer
) -> None:
    integration = make_integration(payments, "pagerduty")
    client = client_of(live_server, integration.key)
    key = client.trigger(
        "Replication lag on db-1",
        "db-1.example.com",
        severity="error",
        custom_details={"lag seconds": 300},
        links=[{"href": "https://example.com/lag", "text": "Lag"}],
    )
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.dedup_key) == (
        "Replication lag on db-1",
        "high",
        key,
    )
    assert alert.details["lag seconds"] == 300
    assert alert.links == [{"href": "https://example.com/lag", "text": "Lag"}]
    assert integration.key.encode() not in b"".join(
        bytes(event.body) for event in InboundEvent.objects.all()
    )

    client.acknowledge(key)
    work_off()
    alert.refresh_from_db()
    assert alert.status == "acknowledged"
    client.resolve(key)
    work_off()
    alert.refresh_from_db()
    assert alert.status == "resolved"


def test_the_client_is_told_of_a_wrong_key(live_server: LiveServer) -> None:
    client = client_of(live_server, "f" * 32)
    with pytest.raises(pagerduty.HttpError, match="No active integration"):
        client.trigger("x", "y")
    assert not InboundEvent.objects.exists()
