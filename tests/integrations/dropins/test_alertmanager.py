"""Alertmanager's API v2: by hand, by amtool, and by a real Prometheus that points at us."""

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from alertops import clock
from alerts.models import Alert
from groups.models import Group
from integrations.dropins.alertmanager import BadMatcher, Matcher
from integrations.models import InboundEvent, Integration
from tests.integrations.conftest import make_integration, work_off
from tests.integrations.hostile import HOSTILE
from tools.chaos_house import ROOT, free_port

pytestmark = pytest.mark.django_db
LABELS = {"alertname": "DiskFull", "instance": "db-1", "severity": "warning"}


@pytest.fixture
def ours(payments: Group) -> Integration:
    return make_integration(payments, "alertmanager")


def told(labels: dict[str, str] = LABELS, **fields: Any) -> dict[str, Any]:
    return {"labels": labels, "annotations": {"summary": "Disk is full"}, **fields}


def call(client: Client, method: str, path: str, body: Any = None, key: str = "") -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return client.generic(method, path, content, content_type="application/json", headers=headers)


def test_who_says_now_by_a_clock_ahead_of_ours_says_that_it_is_over(
    client: Client, ours: Integration
) -> None:
    """Gatus says so once: https://github.com/TwiN/gatus, alerting/provider/alertmanager."""
    call(client, "POST", "/api/v2/alerts", [told(endsAt="0001-01-01T00:00:00Z")], ours.key)
    soon = (clock.now() + timedelta(seconds=1)).isoformat()
    call(client, "POST", "/api/v2/alerts", [told(endsAt=soon)], ours.key)
    work_off()
    assert Alert.objects.get().status == "resolved"


def test_what_is_evaluated_each_second_ends_in_four_and_still_goes_on(
    client: Client, ours: Integration
) -> None:
    """Four evaluations: https://docs.victoriametrics.com/victoriametrics/vmalert/"""
    soon = (clock.now() + timedelta(seconds=4)).isoformat()
    call(client, "POST", "/api/v2/alerts", [told(endsAt=soon)], ours.key)
    work_off()
    assert Alert.objects.get().status == "triggered"


def test_an_alert_fires_and_its_end_resolves_it(client: Client, ours: Integration) -> None:
    later = (clock.now() + timedelta(minutes=4)).isoformat()
    answer = call(client, "POST", "/api/v2/alerts", [told(endsAt=later)], ours.key)
    assert (answer.status_code, answer.content) == (200, b"")
    call(client, "POST", "/api/v2/alerts", [told(endsAt="0001-01-01T00:00:00Z")], ours.key)
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.event_count) == ("Disk is full", "medium", 2)
    [listed] = call(client, "GET", "/api/v2/alerts", key=ours.key).json()
    assert listed["labels"] == LABELS
    assert listed["status"]["state"] == "active"

    past = (clock.now() - timedelta(seconds=5)).isoformat().replace("+00:00", "123Z")
    call(client, "POST", "/api/v2/alerts", [told(endsAt=past)], ours.key)
    work_off()
    alert.refresh_from_db()
    assert alert.status == "resolved"
    assert call(client, "GET", "/api/v2/alerts", key=ours.key).json() == []


def test_the_key_may_stand_in_three_places(client: Client, ours: Integration) -> None:
    for secret in (f":{ours.key}", f"prometheus:{ours.key}", f"{ours.key}:"):
        basic = base64.b64encode(secret.encode()).decode()
        answer = client.get("/api/v2/alerts", headers={"Authorization": f"Basic {basic}"})
        assert answer.status_code == 200
    assert call(client, "GET", f"/integrations/{ours.key}/api/v2/alerts").status_code == 200
    assert call(client, "GET", "/api/v2/alerts", key=ours.key).status_code == 200
    for header in (
        "Basic !!",
        "Basic 4pyT",
        "Bearer",
        "Bearer " + "f" * 32,
        "GenieKey " + ours.key,
        "",
    ):
        answer = client.get("/api/v2/alerts", headers={"Authorization": header})
        assert (answer.status_code, answer.json()) == (401, "No active integration has this key.")


def test_silences_are_refused_with_what_to_do_instead(client: Client, ours: Integration) -> None:
    assert call(client, "GET", "/api/v2/silences", key=ours.key).json() == []
    answer = call(client, "POST", "/api/v2/silences", {"matchers": []}, ours.key)
    assert answer.status_code == 400
    assert "maintenance window" in answer.json()
    assert call(client, "GET", "/api/v2/silence/x", key=ours.key).status_code == 404


def test_status_receivers_and_groups_answer(client: Client, ours: Integration) -> None:
    call(client, "POST", "/api/v2/alerts", [told()], ours.key)
    work_off()
    status = call(client, "GET", "/api/v2/status", key=ours.key).json()
    assert status["cluster"]["status"] == "disabled"
    assert call(client, "GET", "/api/v2/receivers", key=ours.key).json() == [{"name": ours.name}]
    [group] = call(client, "GET", "/api/v2/alerts/groups", key=ours.key).json()
    assert len(group["alerts"]) == 1


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        ('alertname="DiskFull"', True),
        ("instance=db-1", True),
        ("instance!=db-1", False),
        ('instance=~"db-.*"', True),
        ('instance=~"db"', False),
        ('instance!~"web.*"', True),
        ('missing=""', True),
    ],
)
def test_matchers_are_read_as_alertmanager_reads_them(matcher: str, fits: bool) -> None:
    assert Matcher(matcher).fits(LABELS) is fits


@pytest.mark.parametrize("matcher", ["", "=x", "nothing", 'a=~"("', "a=" + "x" * 600])
def test_what_is_no_matcher_is_refused(client: Client, ours: Integration, matcher: str) -> None:
    with pytest.raises(BadMatcher):
        Matcher(matcher)
    answer = client.get(
        "/api/v2/alerts", {"filter": matcher}, headers={"Authorization": f"Bearer {ours.key}"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("body", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_body_is_kept_whatever_is_in_it(
    client: Client, ours: Integration, body: tuple[bytes, str, str]
) -> None:
    answer = call(client, "POST", "/api/v2/alerts", body[0], ours.key)
    assert answer.status_code in {200, 400, 413}
    assert InboundEvent.objects.count() == 1
    work_off()
    assert not InboundEvent.objects.waiting().exists()


def test_a_key_sees_its_own_alerts_only(client: Client, ours: Integration, payments: Group) -> None:
    other = make_integration(payments, "alertmanager", name="Another")
    call(client, "POST", "/api/v2/alerts", [told()], ours.key)
    work_off()
    assert call(client, "GET", "/api/v2/alerts", key=other.key).json() == []
    past = (clock.now() - timedelta(seconds=5)).isoformat()
    call(client, "POST", "/api/v2/alerts", [told(endsAt=past)], other.key)
    work_off()
    assert Alert.objects.get().status == "triggered"


def program(name: str, folder: str) -> str:
    """Where a program is; tests fail without it: never a silent skip."""
    unpacked = ROOT / f".venv/{folder}/usr/bin/{name}"
    found = shutil.which(name) or (str(unpacked) if unpacked.is_file() else "")
    assert found, f"no {name}: python tools/install.py --system fetches it"
    return found


@pytest.mark.alertmanager
@pytest.mark.django_db(transaction=True)
def test_amtool_adds_asks_and_ends(live_server: LiveServer, ours: Integration) -> None:
    url = live_server.url.replace("http://", f"http://amtool:{ours.key}@")

    def amtool(*words: str, address: str = url) -> tuple[int, str]:
        command = [program("amtool", "alertmanager"), f"--alertmanager.url={address}", *words]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "HOME": "/nonexistent"},
        )
        return done.returncode, done.stdout + done.stderr

    add = ("alert", "add", "alertname=DiskFull", "instance=db-1", "severity=critical")
    assert amtool(*add, "--annotation=summary=Disk is full") == (0, "")
    work_off()
    assert Alert.objects.get().title == "Disk is full"
    code, listed = amtool("alert", "query", "alertname=DiskFull", "-o", "json")
    assert (code, json.loads(listed)[0]["labels"]["instance"]) == (0, "db-1")
    assert amtool("alert", "query", "alertname=Other", "-o", "json")[1].strip() == "[]"
    prefixed = f"{live_server.url}/integrations/{ours.key}"
    assert "db-1" in amtool("alert", "query", "-o", "json", address=prefixed)[1]
    assert amtool("config", "show")[0] == 0
    assert amtool("silence", "query", "-o", "json")[1].strip() == "[]"
    code, refusal = amtool("silence", "add", "alertname=DiskFull", "--comment=x", "--author=x")
    assert code != 0
    assert "maintenance window" in refusal
    ended = (datetime.now(UTC) - timedelta(seconds=2)).isoformat()
    assert amtool(*add, f"--end={ended}")[0] == 0
    work_off()
    assert Alert.objects.get().status == "resolved"


RULES = {
    "groups": [
        {
            "name": "test",
            "rules": [
                {
                    "alert": "AlwaysThere",
                    "expr": "vector(1)",
                    "labels": {"severity": "critical"},
                    "annotations": {"summary": "Prometheus says so"},
                }
            ],
        }
    ]
}


@pytest.fixture
def prometheus(live_server: LiveServer, ours: Integration, tmp_path: Path) -> Iterator[str]:
    """A Prometheus whose alerting section names us; its address."""
    host = live_server.url.removeprefix("http://")
    configuration = {  # JSON is YAML
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(tmp_path / "rules.yml")],
        "alerting": {
            "alertmanagers": [
                {
                    "authorization": {"credentials": ours.key},
                    "static_configs": [{"targets": [host]}],
                }
            ]
        },
    }
    (tmp_path / "rules.yml").write_text(json.dumps(RULES))
    (tmp_path / "prometheus.yml").write_text(json.dumps(configuration))
    address = f"127.0.0.1:{free_port()}"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program("prometheus", "prometheus"),
                f"--config.file={tmp_path / 'prometheus.yml'}",
                f"--storage.tsdb.path={tmp_path / 'data'}",
                f"--web.listen-address={address}",
                "--web.enable-lifecycle",
                "--rules.alert.resend-delay=5s",  # what it says before it knows us is lost
            ],
            stdout=log,
            stderr=log,
        )
    yield f"http://{address}"
    process.kill()
    process.wait()
    print((tmp_path / "log").read_text(errors="replace")[-3000:])  # shown when the test fails


def becomes(status: str, seconds: float = 90) -> None:
    """Work the inbox off until there is one alert, in this state."""
    end = time.monotonic() + seconds
    while list(Alert.objects.values_list("status", flat=True)) != [status]:
        assert time.monotonic() < end, f"no {status} alert within {seconds} s"
        time.sleep(0.2)
        work_off()


@pytest.mark.slow
@pytest.mark.alertmanager
@pytest.mark.django_db(transaction=True)
def test_a_prometheus_points_straight_at_us(
    prometheus: str, ours: Integration, tmp_path: Path
) -> None:
    becomes("triggered")
    alert = Alert.objects.get()
    assert (alert.title, alert.severity) == ("Prometheus says so", "critical")
    quiet = json.dumps(RULES).replace("vector(1)", "vector(1) == 2")
    (tmp_path / "rules.yml").write_text(quiet)
    with urllib.request.urlopen(f"{prometheus}/-/reload", b"", timeout=10) as answer:
        assert answer.status == 200
    becomes("resolved")
