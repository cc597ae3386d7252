"""Zabbix's own scripts, in Zabbix's own engine, against a running server."""

import textwrap
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from integrations.models import Integration
from integrations.vendors import VENDORS
from tests.integrations import zabbix
from tests.integrations.conftest import make_integration, work_off

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        zabbix.engine() is None, reason="no zabbix_js (Debian: zabbix-server-pgsql)"
    ),
]

PROBLEM = {
    "{EVENT.ID}": "4321",
    "{EVENT.VALUE}": "1",
    "{EVENT.NAME}": "Disk is 97 % full on /var",
    "{EVENT.UPDATE.STATUS}": "0",
    "{EVENT.UPDATE.ACTION}": "",
    "{EVENT.ACK.STATUS}": "No",
    "{EVENT.SEVERITY}": "High",
    "{EVENT.NSEVERITY}": "4",
    "{EVENT.SOURCE}": "0",
    "{EVENT.OPDATA}": "97.2 %",
    "{EVENT.TAGS}": "scope: capacity",
    "{EVENT.DATE}": "2026.03.02",
    "{EVENT.TIME}": "03:00:00",
    "{HOST.NAME}": "db-1",
    "{HOST.IP}": "10.0.0.5",
    "{TRIGGER.ID}": "23500",
    "{TRIGGER.DESCRIPTION}": "Look for old backups.",
    "{ALERT.SUBJECT}": "Problem: Disk is 97 % full on /var",
    "{ALERT.MESSAGE}": 'Problem started at 03:00:00. "C:\\" is full.',
    "{$ZABBIX.URL}": "https://zabbix.example.com",
}
ACKNOWLEDGED = {
    **PROBLEM,
    "{EVENT.UPDATE.STATUS}": "1",
    "{EVENT.UPDATE.ACTION}": "acknowledged, commented",
    "{EVENT.ACK.STATUS}": "Yes",
}
OVER = {**PROBLEM, "{EVENT.VALUE}": "0"}


def filled(parameters: dict[str, str], macros: dict[str, str]) -> dict[str, str]:
    """The parameters of a media type with the macros of an event in them."""
    return {name: macros.get(value, value) for name, value in parameters.items()}


def pasted(integration: Integration, url: str) -> tuple[str, dict[str, str]]:
    """The script and the parameters as our set-up page says to type them in."""
    page = VENDORS["zabbix"].setup.format(url=f"{url}/integrations/{integration.key}/")
    parts = [textwrap.dedent(part) for part in page.split("\n\n") if part.startswith("    ")]
    lines = (line.split(None, 1) for line in parts[0].splitlines())
    return parts[1], {name: value for name, value in lines}  # noqa: C416 - lists of two


@pytest.fixture(params=["as pasted", "PagerDuty"])
def media(
    request: pytest.FixtureRequest, payments: Group, live_server: LiveServer
) -> tuple[str, dict[str, str]]:
    """A media type: ours, and Zabbix's own for PagerDuty with our host in it."""
    if request.param == "as pasted":
        return pasted(make_integration(payments, "zabbix"), live_server.url)
    script, parameters = zabbix.shipped()["PagerDuty"]
    assert "https://events.pagerduty.com/" in script
    here = script.replace("https://events.pagerduty.com", live_server.url)
    return here, {**parameters, "token": make_integration(payments, "pagerduty").key}


def test_a_problem_its_acknowledgement_and_its_recovery_are_one_alert(
    media: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    script, parameters = media
    for macros, wanted in (
        (PROBLEM, "triggered"),
        (ACKNOWLEDGED, "acknowledged"),
        (OVER, "resolved"),
    ):
        zabbix.run(script, filled(parameters, macros), tmp_path)
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
    script, parameters = pasted(integration, live_server.url)
    parameters["url"] = parameters["url"].replace(integration.key, "f" * 32)
    with pytest.raises(AssertionError, match=r"AlertOps answered 404.*No active integration"):
        zabbix.run(script, filled(parameters, PROBLEM), tmp_path)
