"""Zabbix's own scripts, in Zabbix's own engine, against a running server."""

from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from tests.integrations import zabbix
from tests.integrations.conftest import make_integration, work_off

pytestmark = [
    pytest.mark.django_db(transaction=True),
    zabbix.needs_engine,
]


@pytest.fixture(params=["as pasted", "PagerDuty"])
def media(
    request: pytest.FixtureRequest, payments: Group, live_server: LiveServer
) -> tuple[str, dict[str, str]]:
    """A media type: ours, and Zabbix's own for PagerDuty with our host in it."""
    if request.param == "as pasted":
        return zabbix.pasted(live_server.url, make_integration(payments, "zabbix").key)
    script, parameters = zabbix.shipped()["PagerDuty"]
    assert "https://events.pagerduty.com/" in script
    here = script.replace("https://events.pagerduty.com", live_server.url)
    return here, {**parameters, "token": make_integration(payments, "pagerduty").key}


def test_a_problem_its_acknowledgement_and_its_recovery_are_one_alert(
    media: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    script, parameters = media
    for macros, wanted in (
        (zabbix.PROBLEM, "triggered"),
        (zabbix.ACKNOWLEDGED, "acknowledged"),
        (zabbix.OVER, "resolved"),
    ):
        zabbix.run(script, zabbix.filled(parameters, macros), tmp_path)
        work_off()
        alert = Alert.objects.get()
        assert alert.status == wanted
    assert "Disk is 97 % full on /var" in alert.title
    assert (alert.severity, alert.dedup_key) == ("high", "4321")
    event = "https://zabbix.example.com/tr_events.php?triggerid=23500&eventid=4321"
    assert event in [link["href"] for link in alert.links]


def test_a_wrong_address_is_told_to_zabbix(
    payments: Group, live_server: LiveServer, tmp_path: Path
) -> None:
    integration = make_integration(payments, "zabbix")
    script, parameters = zabbix.pasted(live_server.url, integration.key)
    parameters["url"] = parameters["url"].replace(integration.key, "f" * 32)
    with pytest.raises(AssertionError, match=r"AlertOps answered 404.*No active integration"):
        zabbix.run(script, zabbix.filled(parameters, zabbix.PROBLEM), tmp_path)
