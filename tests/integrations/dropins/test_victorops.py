"""VictorOps' REST endpoint: by hand, and by apprise, whose plugin speaks it."""

import json
from typing import Any

import pytest
from apprise.plugins.splunk import NotifySplunk
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from integrations.models import InboundEvent, Integration, Route
from integrations.states import Outcome
from tests.integrations.conftest import make_integration, work_off
from tests.integrations.hostile import HOSTILE

ADDRESS = "/integrations/generic/20131114/alert"
pytestmark = pytest.mark.django_db


@pytest.fixture
def ours(payments: Group) -> Integration:
    return make_integration(payments, "victorops")


def post(client: Client, key: str, body: Any, route: str = "/database") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic(
        "POST", f"{ADDRESS}/{key}{route}", content, content_type="application/json"
    )


@pytest.mark.parametrize("route", ["/database", "/database/", "", "/"])
def test_the_lifecycle_of_an_entity(client: Client, ours: Integration, route: str) -> None:
    told = {"entity_id": "disk/db-1", "message_type": "CRITICAL", "state_message": "96 %"}
    answer = post(client, ours.key, told, route)
    assert (answer.status_code, answer.json()) == (
        200,
        {"result": "success", "entity_id": "disk/db-1"},
    )
    work_off()
    alert = Alert.objects.get()
    for kind, became in (("ACKNOWLEDGEMENT", "acknowledged"), ("RECOVERY", "resolved")):
        post(client, ours.key, {"entity_id": "disk/db-1", "message_type": kind}, route)
        work_off()
        alert.refresh_from_db()
        assert alert.status == became


def test_the_routing_key_in_the_address_chooses_the_group(
    client: Client, ours: Integration
) -> None:
    database = Group.objects.create(name="Database", slug="database")
    condition = {"field": "routing_key", "operator": "equals", "value": "database"}
    Route.objects.create(integration=ours, name="DB", conditions=[condition], group=database)
    for route in ("database", "other"):
        post(client, ours.key, {"entity_id": route, "message_type": "critical"}, f"/{route}")
    work_off()
    assert Alert.objects.get(dedup_key="database").group == database
    assert Alert.objects.get(dedup_key="other").group == ours.group
    assert Alert.objects.get(dedup_key="other").details == {"route": "other"}


def test_without_an_id_one_is_made_up_and_told(client: Client, ours: Integration) -> None:
    entity = post(client, ours.key, {"message_type": "critical"}).json()["entity_id"]
    post(client, ours.key, {"message_type": "RECOVERY", "entity_id": entity})
    work_off()
    assert Alert.objects.get().status == "resolved"


def test_refusals_are_in_its_own_shape_and_what_may_page_is_kept(
    client: Client, ours: Integration
) -> None:
    for body, status, kept in (
        ({"message_type": "RECOVERY"}, 400, 0),
        ({"state_message": "no type"}, 400, 1),
        (b"{broken", 400, 2),
    ):
        answer = post(client, ours.key, body)
        assert (answer.status_code, answer.json()["result"]) == (status, "failure")
        assert InboundEvent.objects.count() == kept
    assert post(client, "f" * 32, {"message_type": "CRITICAL"}).status_code == 404
    assert client.get(f"{ADDRESS}/{ours.key}/x").status_code == 405


@pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_body_is_kept_whatever_is_in_it(
    client: Client, ours: Integration, body: tuple[bytes, str, str]
) -> None:
    assert post(client, ours.key, body[0]).status_code in {200, 400, 413}
    assert InboundEvent.objects.count() == 1
    work_off()
    assert Alert.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_apprise_creates_acknowledges_and_resolves(
    live_server: LiveServer, ours: Integration
) -> None:
    for action, became in (
        ("critical", "triggered"),
        ("acknowledgement", "acknowledged"),
        ("resolve", "resolved"),
    ):
        plugin = NotifySplunk(apikey=ours.key, routing_key="database", entity_id="d", action=action)
        plugin.notify_url = f"{live_server.url}{ADDRESS}/{{apikey}}/{{routing_key}}"
        plugin.request_rate_per_sec = 0
        assert plugin.send("Nothing left", title="Disk full")
        work_off()
        assert Alert.objects.get().status == became
    assert not InboundEvent.objects.filter(outcome=Outcome.ERROR).exists()
