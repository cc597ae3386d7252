"""Technical services, maintenance windows and replays through the API."""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from alertops import clock
from groups.models import Group
from integrations import replaying
from integrations.models import Integration, MaintenanceWindow, Route, Service
from tests import builders
from tests.integrations.conftest import Send, work_off

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture(autouse=True)
def keeper(client: Client) -> User:
    user = builders.person("Keeper", roles=[Role.INTEGRATIONS_ADMIN.value])
    client.force_login(user)
    return user


def test_a_service_is_added_changed_and_removed(
    client: Client, integration: Integration, payments: Group
) -> None:
    body = {"name": "Shop", "group": "payments", "integrations": [integration.pk]}
    made = client.post("/api/v1/services/", body, JSON)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    changed = client.patch(f"/api/v1/services/{pk}/", {"criticality": "high"}, JSON).json()
    assert (changed["criticality"], changed["integrations"]) == ("high", [integration.pk])
    assert [row["name"] for row in client.get("/api/v1/services/").json()] == ["Shop"]
    assert client.post("/api/v1/services/", body, JSON).status_code == 400
    assert client.delete(f"/api/v1/services/{pk}/").status_code == 204
    assert not Service.objects.exists()


def window(integration: Integration, **more: object) -> dict[str, object]:
    start, end = clock.now() - timedelta(minutes=1), clock.now() + timedelta(hours=1)
    return {
        "name": "Patches",
        "every": "once",
        "time_zone": "UTC",
        "first_on": start.date().isoformat(),
        "begins_at": start.time().isoformat("seconds"),
        "last_on": end.date().isoformat(),
        "ends_at": end.time().isoformat("seconds"),
        "integrations": [integration.pk],
        **more,
    }


def test_a_window_is_planned_changed_and_called_off(
    client: Client, integration: Integration
) -> None:
    made = client.post("/api/v1/maintenance-windows/", window(integration), JSON)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert made.json()["goes_on_until"]
    changed = client.patch(
        f"/api/v1/maintenance-windows/{pk}/",
        {"conditions": [{"field": "labels.host", "operator": "starts", "value": "db-"}]},
        JSON,
    ).json()
    assert changed["conditions"][0]["value"] == "db-"
    assert changed["integrations"] == [integration.pk]
    assert client.delete(f"/api/v1/maintenance-windows/{pk}/").status_code == 204
    assert client.get("/api/v1/maintenance-windows/").json() == []
    assert client.delete(f"/api/v1/maintenance-windows/{pk}/").status_code == 409


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"integrations": []}, "Choose what it is about"),
        ({"last_on": "2020-01-01"}, "It must end after it begins."),
        ({"time_zone": "Mars/Olympus"}, ""),
    ],
)
def test_a_window_that_cannot_be_is_refused_in_a_sentence(
    client: Client, integration: Integration, wrong: dict[str, object], sentence: str
) -> None:
    answer = client.post("/api/v1/maintenance-windows/", window(integration, **wrong), JSON)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert not MaintenanceWindow.objects.exists()


def test_a_replay_is_started_and_followed(
    client: Client, integration: Integration, send: Send
) -> None:
    Route.objects.create(integration=integration, name="Noise", drop=True)
    pk = send(integration, {"title": "a"}).json()["event"]
    work_off()
    Route.objects.all().delete()
    made = client.post("/api/v1/replays/", {"first": pk, "last": pk}, JSON)
    assert made.status_code == 202, made.content
    assert made.json()["is_dry"] is True
    for _ in range(3):
        replaying.again()
        work_off()
    done = client.get(f"/api/v1/replays/{made.json()['id']}/").json()
    assert (done["percent"], done["counts"]) == (100, {"created": 1})
    assert client.post("/api/v1/replays/", {"first": 2**50, "last": 2**51}, JSON).status_code == 409


def test_strangers_are_refused(client: Client, integration: Integration, mallory: User) -> None:
    client.force_login(mallory)
    for path in ("services/", "maintenance-windows/"):
        assert client.get(f"/api/v1/{path}").status_code == 403
    assert client.post("/api/v1/replays/", {"first": 1, "last": 2}, JSON).status_code == 403
