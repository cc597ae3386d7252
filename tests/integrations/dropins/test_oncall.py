"""Grafana OnCall's webhook addresses: the token is a key, the type says how to read."""

from typing import Any

import pytest
from django.test import Client

from alerts.models import Alert
from groups.models import Group
from integrations import samples
from integrations.dropins.oncall import dialect_of
from integrations.models import InboundEvent, Integration
from tests.integrations.conftest import make_integration, work_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours(payments: Group) -> Integration:
    return make_integration(payments, "generic")


def post(client: Client, path: str, sample: Any) -> Any:
    body, content_type = samples.request(sample)
    return client.generic("POST", path, body, content_type=content_type)


@pytest.mark.parametrize(
    ("kind", "vendor"),
    [
        ("formatted_webhook", "oncall"),
        ("alertmanager", "alertmanager"),
        ("grafana_alerting", "grafana"),
        ("zabbix", "zabbix"),
        ("webhook", "generic"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_firing_and_recovery_are_one_alert(
    client: Client, ours: Integration, kind: str, vendor: str, slash: str
) -> None:
    path = f"/integrations/v1/{kind}/{ours.key}{slash}"
    for name, became in (("firing", "triggered"), ("recovery", "resolved")):
        sample = next(each for each in samples.of(vendor) if each["name"].startswith(name))
        answer = post(client, path, sample)
        assert (answer.status_code, answer.json()) == (200, "Ok.")
        work_off()
        wanted = sample["signals"][0]["dedup_key"]
        assert Alert.objects.get(dedup_key=wanted).status == became


FORMATTED = {
    "title": "Problem: Disk / is full ONCALL_GROUP: 50412",
    "message": "Used: 98 %",
    "state": "alerting",
}


@pytest.mark.parametrize("kind", ["zabbix", "prtg", "elastalert"])
@pytest.mark.parametrize("uid", [{"alert_uid": "50412", "ack_url_get": "http://prtg/ack"}, {}])
def test_what_oncalls_own_scripts_send_is_its_formatted_webhook_whatever_the_type(
    client: Client, ours: Integration, kind: str, uid: dict[str, str]
) -> None:
    path = f"/integrations/v1/{kind}/{ours.key}/"
    client.post(path, {**FORMATTED, **uid}, content_type="application/json")
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.description) == (FORMATTED["title"], "Used: 98 %")
    client.post(path, {**FORMATTED, **uid, "state": "ok"}, content_type="application/json")
    work_off()
    assert Alert.objects.get().status == "resolved"


def test_two_problems_of_one_name_are_told_apart_by_oncalls_uid(
    client: Client, ours: Integration
) -> None:
    for uid in ("50412", "50413"):
        told = {"alert_uid": uid, "title": "Disk full", "state": "alerting"}
        client.post(f"/integrations/v1/zabbix/{ours.key}/", told, content_type="application/json")
    work_off()
    assert Alert.objects.count() == 2


def test_a_plain_webhook_is_read_as_the_integration_says_mapping_included(
    client: Client, ours: Integration
) -> None:
    ours.mapping = {"title": "what.happened"}
    ours.save()
    path = f"/integrations/v1/webhook/{ours.key}/"
    client.post(path, {"what": {"happened": "Disk full"}}, content_type="application/json")
    work_off()
    assert Alert.objects.get().title == "Disk full"


def test_types_nobody_knows_are_plain_webhooks() -> None:
    assert dialect_of("webhook") == dialect_of("something_new") == dialect_of("manual") == ""
    assert dialect_of("Grafana_Alerting") == dialect_of("grafana") != ""


def test_an_unknown_token_is_refused_as_oncall_does(client: Client, ours: Integration) -> None:
    for key in ("f" * 32, "x"):
        answer = client.post(
            f"/integrations/v1/webhook/{key}/", {}, content_type="application/json"
        )
        assert answer.status_code == 403
    assert client.get(f"/integrations/v1/webhook/{ours.key}/").status_code == 405
    beat = client.get(f"/integrations/v1/webhook/{ours.key}/heartbeat/")
    assert (beat.status_code, "Make a heartbeat" in beat.json()["error"]) == (404, True)
    assert not InboundEvent.objects.exists()
