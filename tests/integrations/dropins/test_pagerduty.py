"""PagerDuty's older client, version 1 of its API, and change events, against a running server."""

import json
from typing import Any

import pagerduty
import pdpyras
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from integrations.models import InboundEvent, Integration
from integrations.states import Outcome
from tests.integrations.conftest import make_integration, work_off
from tests.integrations.test_pagerduty_client import client_of

V1 = "/generic/2010-04-15/create_event.json"


@pytest.fixture
def events(payments: Group) -> Integration:
    return make_integration(payments, "pagerduty")


def status() -> str:
    work_off()
    return Alert.objects.get().status


@pytest.mark.django_db(transaction=True)
def test_pdpyras_triggers_acknowledges_and_resolves_one_alert(
    events: Integration, live_server: LiveServer
) -> None:
    session = pdpyras.EventsAPISession(events.key)
    session.url = live_server.url
    key = session.trigger(
        "Disk full on db-1", "db-1", severity="warning", payload={"class": "disk"}
    )
    assert status() == "triggered"
    assert session.acknowledge(key) == key
    assert status() == "acknowledged"
    assert session.resolve(key) == key
    assert status() == "resolved"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("package", [pagerduty, pdpyras])
def test_a_change_is_kept_and_shown_and_pages_nobody(
    events: Integration, live_server: LiveServer, package: Any
) -> None:
    if package is pdpyras:
        session = pdpyras.ChangeEventsAPISession(events.key)
        session.url = live_server.url
        session.submit("Deployed checkout 4.2", source="ci")
    else:
        told = {"summary": "Deployed checkout 4.2", "source": "ci"}
        client_of(live_server, events.key).send_change_event(told)  # its submit() is broken
    work_off()
    event = InboundEvent.objects.get()
    assert (event.outcome, event.detail) == (Outcome.IGNORED, "Change: Deployed checkout 4.2 (ci)")
    assert events.key.encode() not in bytes(event.body)
    assert not Alert.objects.exists()


@pytest.fixture
def post(client: Client) -> Any:
    """Post JSON, or bytes as they are."""

    def send(path: str, body: Any) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.generic("POST", path, content, content_type="application/json")

    return send


@pytest.mark.django_db
@pytest.mark.parametrize("slash", ["", "/"])
def test_version_1_is_one_alert_from_trigger_to_resolve(
    events: Integration, post: Any, slash: str
) -> None:
    told = {"service_key": events.key, "event_type": "trigger", "description": "srv01 is down"}
    answer = post(V1 + slash, {**told, "client": "nagios", "details": {"host": "srv01"}})
    assert answer.status_code == 200
    key = answer.json()["incident_key"]
    assert answer.json() == {
        "status": "success",
        "message": "Event processed",
        "incident_key": key,
    }
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.dedup_key) == ("srv01 is down", key)
    assert alert.details == {"host": "srv01"}
    for action, became in (("acknowledge", "acknowledged"), ("resolve", "resolved")):
        told = {"service_key": events.key, "event_type": action, "incident_key": key}
        assert post(V1 + slash, told).status_code == 200
        assert status() == became


@pytest.mark.django_db
def test_the_key_may_stand_in_a_header_as_older_clients_send_it(
    events: Integration, client: Client
) -> None:
    """https://github.com/PagerDuty/pdpyras/issues/53"""
    problem = {"summary": "srv01 is down", "source": "srv01", "severity": "critical"}
    told = {"event_action": "trigger", "dedup_key": "srv01", "payload": problem}
    answer = client.post(
        "/v2/enqueue",
        told,
        content_type="application/json",
        headers={"X-Routing-Key": events.key},
    )
    assert (answer.status_code, answer.json()["dedup_key"]) == (202, "srv01")
    work_off()
    assert Alert.objects.get().title == "srv01 is down"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({"event_type": "trigger"}, "Description is missing or blank"),
        ({"event_type": "resolve"}, "Incident key is missing or blank"),
        ({"event_type": ["resolve"]}, "Event type must be one of trigger, acknowledge, resolve"),
        ({}, "Event type must be one of trigger, acknowledge, resolve"),
    ],
)
def test_version_1_refuses_in_its_own_words(
    events: Integration, post: Any, event: dict[str, Any], sentence: str
) -> None:
    answer = post(V1, {"service_key": events.key, **event})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [sentence]
    kept = InboundEvent.objects.count()
    assert kept == (0 if event.get("event_type") == "resolve" else 1), "what may be a page is kept"


@pytest.mark.django_db
@pytest.mark.parametrize("path", [V1, "/v2/enqueue", "/v2/change/enqueue"])
@pytest.mark.parametrize("key", ["f" * 32, "", "\ud800", 7, None, ["x"]])
def test_an_unknown_key_is_an_invalid_event_and_leaves_no_row(
    events: Integration, post: Any, path: str, key: Any
) -> None:
    body = {"routing_key": key, "service_key": key, "event_action": "trigger"}
    answer = post(path, body)
    assert answer.status_code == 400
    assert answer.json()["status"] == "invalid event"
    assert not InboundEvent.objects.exists()


@pytest.mark.django_db
def test_a_key_with_half_a_character_is_answered_as_it_came(
    events: Integration, client: Client
) -> None:
    said = {
        "routing_key": events.key,
        "event_action": "trigger",
        "dedup_key": "a\ud800",
        "payload": {"summary": "x", "source": "y", "severity": "error"},
    }
    body = json.dumps(said).encode()
    answer = client.generic("POST", "/v2/enqueue", body, content_type="application/json")
    assert answer.status_code == 202
    assert answer.json()["dedup_key"] == "a\ud800"
    assert InboundEvent.objects.count() == 1
