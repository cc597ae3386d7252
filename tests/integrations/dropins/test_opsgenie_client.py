"""Opsgenie's own SDK against a running server: a host name and a key are all that change."""

import threading
import time
from datetime import timedelta
from typing import Any

import opsgenie_sdk
import pytest
from django.db import connection
from opsgenie_sdk.exceptions import (
    ApiException,
    AuthenticationException,
    ConfigurationException,
)
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from alertops import clock
from alerts.models import Alert
from alerts.states import Kind
from groups.models import Group
from integrations.dropins.opsgenie import waiting
from integrations.models import Integration
from tests.integrations.conftest import make_integration, work_off

pytestmark = pytest.mark.django_db(transaction=True)


class Sdk:
    """The SDK with one integration's key. Every call is worked off before the next."""

    def __init__(self, url: str, integration: Integration) -> None:
        configuration = opsgenie_sdk.Configuration()
        configuration.host = url
        configuration.api_key = {"Authorization": integration.key}  # its default is shared by all
        configuration.retry_enabled = False
        self.api = opsgenie_sdk.AlertApi(opsgenie_sdk.ApiClient(configuration))

    def create(self, message: str, **fields: Any) -> Any:
        payload = opsgenie_sdk.CreateAlertPayload(message=message, **fields)
        return self.result(self.api.create_alert(create_alert_payload=payload))

    def do(self, verb: str, identifier: str, *, kind: str = "id", **arguments: Any) -> Any:
        call = getattr(self.api, verb)
        return self.result(call(identifier=identifier, identifier_type=kind, **arguments))

    def result(self, accepted: Any) -> Any:
        work_off()
        return self.api.get_request_status(accepted.request_id).data


@pytest.fixture
def integration(payments: Group) -> Integration:
    return make_integration(payments, "opsgenie")


@pytest.fixture
def sdk(live_server: LiveServer, integration: Integration) -> Sdk:
    return Sdk(live_server.url, integration)


def test_create_acknowledge_and_close_are_one_alert(sdk: Sdk, payments: Group) -> None:
    made = sdk.create(
        "Disk full on db-1",
        alias="db-1/disk",
        priority="P2",
        tags=["disk"],
        details={"free": "3 %"},
        description="Nothing left",
    )
    assert (made.is_success, made.status, made.alias) == (True, "Created alert", "db-1/disk")
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.group) == ("Disk full on db-1", "high", payments)

    told = sdk.api.get_alert(identifier=made.alert_id, identifier_type="id").data
    assert (told.tiny_id, told.alias, told.priority) == (str(alert.pk), "db-1/disk", "P2")
    assert (told.status, told.acknowledged, told.count) == ("open", False, 1)
    assert (told.details, told.tags) == ({"free": "3 %"}, ["disk"])

    again = sdk.create("Disk full on db-1", alias="db-1/disk")
    assert again.alert_id == made.alert_id
    done = sdk.do("acknowledge_alert", "db-1/disk", kind="alias")
    assert (done.is_success, done.alert_id) == (True, made.alert_id)
    told = sdk.api.get_alert(identifier=str(alert.pk), identifier_type="tiny").data
    assert (told.acknowledged, told.count) == (True, 2)

    payload = opsgenie_sdk.CloseAlertPayload(note="All clear", user="Trinity")
    sdk.do("close_alert", made.alert_id, close_alert_payload=payload)
    alert.refresh_from_db()
    assert alert.status == "resolved"
    assert alert.events.get(kind=Kind.RESOLVED).data["note"] == "Trinity: All clear"


@pytest.mark.parametrize("kind", ["id", "tiny", "alias"])
def test_every_verb_by_every_name(sdk: Sdk, payments: Group, bob: User, kind: str) -> None:
    payments.members.create(user=bob, sequence=9)
    made = sdk.create("Queue is long", alias="queue/1 ü")
    alert = Alert.objects.get()
    name = {"id": made.alert_id, "tiny": str(alert.pk), "alias": "queue/1 ü"}[kind]

    def do(verb: str, **arguments: Any) -> Alert:
        done = sdk.do(verb, name, kind=kind, **arguments)
        assert done.is_success, done.status
        assert done.alert_id == made.alert_id
        return Alert.objects.get()

    assert do("acknowledge_alert").status == "acknowledged"
    assert do("un_acknowledge_alert").status == "triggered"
    until = clock.now() + timedelta(hours=2)
    snoozed = do(
        "snooze_alert", snooze_alert_payload=opsgenie_sdk.SnoozeAlertPayload(end_time=until)
    )
    assert snoozed.snoozed_until == until
    owner = opsgenie_sdk.AssignAlertPayload(owner={"username": "BOB@example.com"})
    assert do("assign_alert", assign_alert_payload=owner).assignee == bob
    next_level = opsgenie_sdk.EscalateAlertToNextPayload(escalation={"name": "Payments_esc"})
    assert do("escalate_alert", escalate_alert_to_next_payload=next_level).wake == "escalate"
    tags = opsgenie_sdk.AddTagsToAlertPayload(tags=["slow", "queue"])
    assert do("add_tags", add_tags_to_alert_payload=tags).tags == ["slow", "queue"]
    assert do("remove_tags", tags=["slow"]).tags == ["queue"]
    details = opsgenie_sdk.AddDetailsToAlertPayload(details={"length": "9000", "worker": "3"})
    assert do("add_details", add_details_to_alert_payload=details).details["length"] == "9000"
    assert "worker" not in do("remove_details", keys=["worker"]).details
    note = opsgenie_sdk.AddNoteToAlertPayload(note="Looking at it", user="Neo")
    do("add_note", add_note_to_alert_payload=note)
    title = opsgenie_sdk.UpdateAlertMessagePayload(message="Queue is very long")
    assert (
        do("update_alert_message", update_alert_message_payload=title).title == "Queue is very long"
    )

    notes = sdk.api.list_notes(identifier=name, identifier_type=kind).data
    assert [each.note for each in notes] == ["Neo: Looking at it"]
    logs = sdk.api.list_logs(identifier=name, identifier_type=kind).data
    assert logs[-1].log == "Opened"
    assert do("close_alert").status == "resolved"


def test_lists_and_counts_are_of_the_keys_own_integration(
    sdk: Sdk, payments: Group, live_server: LiveServer
) -> None:
    other = Sdk(live_server.url, make_integration(payments, "opsgenie", name="Another"))
    theirs = other.create("Theirs", alias="t")
    for number in range(5):
        sdk.create(f"Ours {number}", alias=f"o{number}", tags=["odd"] if number % 2 else [])
    sdk.do("close_alert", "o0", kind="alias")
    listed = sdk.api.list_alerts(limit=2, sort="createdAt", order="desc")
    assert [alert.message for alert in listed.data] == ["Ours 4", "Ours 3"]
    assert "offset=2" in listed.paging.next
    assert [a.alias for a in sdk.api.list_alerts(query="status:closed").data] == ["o0"]
    assert [a.alias for a in sdk.api.list_alerts(query='status=open AND tag: "odd"').data] == [
        "o3",
        "o1",
    ]
    assert sdk.api.count_alerts(query="status:open").data.count == 4
    assert sdk.api.count_alerts().data.count == 5

    with pytest.raises(ApiException, match="does not exist"):
        sdk.api.get_alert(identifier=theirs.alert_id)
    for kind, name in (("id", theirs.alert_id), ("alias", "t")):
        done = sdk.do("close_alert", name, kind=kind)
        assert not done.is_success
    assert Alert.objects.get(title="Theirs").status == "triggered"


def test_a_wrong_key_and_a_wrong_body_are_told_as_opsgenie_tells_them(
    sdk: Sdk, payments: Group, live_server: LiveServer, integration: Integration
) -> None:
    integration.key = "f" * 32
    stranger = Sdk(live_server.url, integration)
    with pytest.raises(AuthenticationException, match="No active integration"):
        stranger.create("x")
    with pytest.raises(ConfigurationException, match="Message can not be empty"):
        sdk.create(" ")
    with pytest.raises(ApiException, match="might not be processed"):
        sdk.api.get_request_status("999999")


def test_who_asks_before_the_inbox_has_looked_is_answered_when_it_has(
    sdk: Sdk, integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zabbix's media type asks nine times at once and then gives up."""

    def look_late() -> None:
        time.sleep(3 * waiting.EVERY)
        try:
            work_off()
        finally:
            connection.close()

    accepted = sdk.api.create_alert(
        create_alert_payload=opsgenie_sdk.CreateAlertPayload(message="Disk full")
    )
    inbox = threading.Thread(target=look_late)
    inbox.start()
    told = sdk.api.get_request_status(accepted.request_id).data
    inbox.join()
    assert (told.is_success, told.status) == (True, "Created alert")

    later = sdk.api.create_alert(
        create_alert_payload=opsgenie_sdk.CreateAlertPayload(message="Disk fuller")
    )
    monkeypatch.setattr(waiting, "LONGEST", 60.0)
    monkeypatch.setattr(waiting, "_seats", threading.BoundedSemaphore(1))
    with waiting._seats:  # all seats are taken: the door stays open for those who send
        began = time.monotonic()
        with pytest.raises(ApiException, match="might not be processed"):
            sdk.api.get_request_status(later.request_id)
        assert time.monotonic() - began < 10
