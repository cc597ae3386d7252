"""Alerta's API: its own client and command line against a running server, and by hand."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alertaclient.api import Client as AlertaClient
from alertaclient.exceptions import UnknownError
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from integrations.models import Heartbeat, InboundEvent, Integration
from tests.integrations.conftest import make_integration, work_off
from tests.integrations.hostile import HOSTILE

pytestmark = pytest.mark.django_db
_TERMINAL = {"TERM", "PS1"}  # with either, it would read alerts from its input
DOWN = {
    "resource": "web01",
    "event": "HttpServerError",
    "environment": "Production",
    "severity": "major",
}


@pytest.fixture
def ours(payments: Group) -> Integration:
    return make_integration(payments, "alerta")


class Api:
    """Alerta's API with one key, without its client's help."""

    def __init__(self, client: Client, key: str) -> None:
        self._client, self._key = client, key

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Key {self._key}"}
        return self._client.generic(
            method, f"/api{path}", content, content_type="application/json", headers=headers
        )


@pytest.fixture
def api(client: Client, ours: Integration) -> Api:
    return Api(client, ours.key)


def made(api: Api, **fields: Any) -> Alert:
    assert api("POST", "/alert", {**DOWN, **fields}).status_code == 201
    work_off()
    return Alert.objects.order_by("-pk")[0]


@pytest.mark.django_db(transaction=True)
def test_its_client_sends_asks_acknowledges_and_closes(
    live_server: LiveServer, ours: Integration
) -> None:
    client = AlertaClient(f"{live_server.url}/api", key=ours.key)
    name, sent, _ = client.send_alert(
        "web01", "HttpServerError", environment="Production", severity="major", service=["shop"],
        text="Site is down", tags=["dc1"], attributes={"region": "EU"}, value="502",
    )  # fmt: skip
    assert (sent.event, sent.status) == ("HttpServerError", "open")
    client.tag_alert(name, ["seen"])  # before anybody has looked at it
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.severity) == ("HttpServerError on web01", "high")
    assert alert.tags == ["dc1", "seen"]

    told = client.get_alert(name)
    assert (told.id, told.severity, told.service) == (str(alert.pk), "major", ["shop"])
    assert told.attributes == {"region": "EU"}
    assert [each.id for each in client.get_alerts([("status", "open")])] == [told.id]
    assert client.get_count([("status", "open")]) is not None

    def became(status: str) -> Alert:
        work_off()
        assert client.get_alert(told.id).status == status
        return Alert.objects.get()

    client.action(told.id, "ack", text="on it")
    assert became("ack").events.get(kind="acknowledged").data["note"] == "on it"
    client.action(told.id, "unack")
    became("open")
    client.action(told.id, "shelve", timeout=600)
    assert became("shelved").snoozed_until is not None
    client.untag_alert(told.id, ["seen"])
    client.update_attributes(told.id, {"region": "US"})
    assert became("shelved").details["region"] == "US"
    client.set_status(told.id, "closed", text="over")
    assert became("closed").tags == ["dc1"]

    client.send_alert("web01", "HttpServerError", environment="Production", severity="major")
    client.send_alert("web01", "HttpServerError", environment="Production", severity="normal")
    work_off()
    assert not Alert.objects.exclude(status="resolved").exists()
    with pytest.raises(UnknownError, match="not found"):
        client.action("999", "ack")


@pytest.mark.django_db(transaction=True)
def test_its_command_line_sends_and_closes(live_server: LiveServer, ours: Integration) -> None:
    def alerta(*words: str) -> str:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("alerta")), *words],
            stdin=subprocess.DEVNULL,
            env={
                **{name: value for name, value in os.environ.items() if name not in _TERMINAL},
                "ALERTA_ENDPOINT": f"{live_server.url}/api",
                "ALERTA_API_KEY": ours.key,
                "ALERTA_CONF_FILE": "/nonexistent",
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    send = ("send", "-r", "web01", "-e", "HttpServerError", "-E", "Production", "-s", "critical")
    alerta(*send, "-S", "shop", "-t", "Site is down")
    work_off()
    assert "HttpServerError" in alerta("query")
    alerta("ack", "--filter", "status=open", "--text", "on it")
    work_off()
    assert Alert.objects.get().status == "acknowledged"
    alerta("close", "--ids", str(Alert.objects.get().pk))
    work_off()
    assert Alert.objects.get().status == "resolved"


@pytest.mark.parametrize(
    ("word", "body", "status"),
    [
        ("action", {"action": "dance"}, 400),
        ("status", {"status": 7}, 400),
        ("tag", {}, 400),
        ("note", {"text": ""}, 400),
        ("attributes", [], 400),
        ("action", b"{broken", 400),
        ("note", {"text": "seen"}, 202),
    ],
)
def test_a_verb_is_told_what_it_lacks(api: Api, word: str, body: Any, status: int) -> None:
    alert = made(api)
    answer = api("PUT", f"/alert/{alert.pk}/{word}", body)
    assert answer.status_code == status
    if status == 400:
        assert (answer.json()["status"], answer.json()["message"] != "") == ("error", True)


def test_a_filter_nobody_knows_is_refused_rather_than_ignored(api: Api) -> None:
    """Its caller may be about to close everything that comes back."""
    made(api)
    for query in ("customer=x", "q=severity:major", "status=open&group!=Web&customer=x"):
        answer = api("GET", f"/alerts?{query}")
        assert answer.status_code == 400
    assert api("GET", "/alerts?resource=web01&status=open").json()["total"] == 1
    assert api("GET", "/alerts?resource=web02").json()["total"] == 0
    assert api("GET", "/alerts?severity=major&severity=critical").json()["total"] == 1
    assert api("GET", "/alerts/count?status=closed").json()["total"] == 0
    assert api("GET", "/alerts?id=%00&page=x&page-size=99999999").json()["total"] == 0


def test_nobody_elses_key_opens_anything(client: Client, api: Api, payments: Group) -> None:
    alert = made(api)
    other = Api(client, make_integration(payments, "alerta", name="Another").key)
    event = InboundEvent.objects.get()
    for name in (str(alert.pk), f"event-{event.pk}"):
        assert other("GET", f"/alert/{name}").status_code == 404
        assert other("PUT", f"/alert/{name}/action", {"action": "close"}).status_code == 404
    assert other("GET", "/alerts").json()["alerts"] == []
    stranger = Api(client, "f" * 32)
    for method, path in (("POST", "/alert"), ("GET", "/alerts"), ("POST", "/heartbeat")):
        assert stranger(method, path, DOWN).status_code == 401
    assert client.get("/api/config").status_code == 200
    work_off()
    alert.refresh_from_db()
    assert alert.status == "triggered"


def test_the_key_in_the_address_is_not_kept(client: Client, ours: Integration) -> None:
    path = f"/api/alert?api-key={ours.key}"
    assert client.post(path, DOWN, content_type="application/json").status_code == 201
    assert ours.key not in InboundEvent.objects.get().query
    headers = {"X-API-Key": ours.key}
    assert client.get("/api/alerts", headers=headers).status_code == 200


def test_a_heartbeat_is_pinged_by_its_origin(api: Api, payments: Group) -> None:
    beat = Heartbeat(name="cron/backup", group=payments, period_seconds=3600)
    beat.issue_key()
    beat.save()
    assert api("POST", "/heartbeat", {"origin": "cron/backup"}).status_code == 201
    beat.refresh_from_db()
    assert beat.ping_count == 1
    for origin in ("nobody", "", 7, "\x00"):
        assert api("POST", "/heartbeat", {"origin": origin}).status_code == 404


@pytest.mark.parametrize("path", ["/alert", "/alert/1/action", "/heartbeat"])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_body_is_answered_and_nothing_breaks(
    api: Api, path: str, body: tuple[bytes, str, str]
) -> None:
    answer = api("PUT" if "action" in path else "POST", path, body[0])
    assert answer.status_code in {201, 400, 404, 413}
    assert InboundEvent.objects.count() == (path == "/alert"), "what may be a page is kept"
    work_off()
    assert Alert.objects.exists() == (path == "/alert")
