"""Apprise itself against a running server: what is told by it opens and closes an alert."""

import apprise
import pytest
from apprise.plugins.opsgenie import OPSGENIE_API_LOOKUP
from apprise.plugins.pagerduty import PAGERDUTY_API_LOOKUP
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from tests.integrations.conftest import make_integration, work_off

pytestmark = pytest.mark.django_db(transaction=True)
FAILURE, SUCCESS = apprise.NotifyType.FAILURE, apprise.NotifyType.SUCCESS


@pytest.fixture
def only_the_host_differs(live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise speaks to PagerDuty and Opsgenie by fixed addresses; their hosts are ours here."""
    monkeypatch.setitem(PAGERDUTY_API_LOOKUP, "us", f"{live_server.url}/v2/enqueue")
    monkeypatch.setitem(OPSGENIE_API_LOOKUP, "us", f"{live_server.url}/v2/alerts")


@pytest.mark.parametrize("way", ["json", "form", "xml"])
def test_a_failure_opens_an_alert_and_a_success_closes_it(
    payments: Group, live_server: LiveServer, way: str
) -> None:
    integration = make_integration(payments, "apprise")
    host = live_server.url.removeprefix("http://")
    voice = apprise.Apprise()
    assert voice.add(f"{way}://{host}/integrations/{integration.key}/?:dedup_key=backup")

    told = {"title": "Backup <failed>", "body": "No space left\nfor 3 h"}
    assert voice.notify(notify_type=FAILURE, **told)
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.dedup_key, alert.status) == (
        "Backup <failed>", "critical", "backup", "triggered",
    )  # fmt: skip
    assert alert.description == told["body"]

    assert voice.notify(title="Done", body="ok", notify_type=SUCCESS)
    work_off()
    alert.refresh_from_db()
    assert alert.status == "resolved"


@pytest.mark.usefixtures("only_the_host_differs")
@pytest.mark.parametrize(
    ("kind", "url", "key"),
    [
        ("pagerduty", "pagerduty://{key}@unused/db-1/postgres?action=map&dedup=backup", "backup"),
        ("opsgenie", "opsgenie://{key}?alias=backup&action=map", "backup"),
    ],
)
def test_apprise_moves_here_from_another_product(
    payments: Group, kind: str, url: str, key: str
) -> None:
    integration = make_integration(payments, kind)
    voice = apprise.Apprise()
    assert voice.add(url.format(key=integration.key))

    for _ in range(2):
        assert voice.notify(title="Backup", body="No space left", notify_type=FAILURE)
        work_off()
    alert = Alert.objects.get()
    assert alert.title.startswith("Backup")
    assert (alert.dedup_key, alert.status, alert.event_count) == (key, "triggered", 2)

    assert voice.notify(title="Backup", body="No space left", notify_type=SUCCESS)
    work_off()
    alert.refresh_from_db()
    assert alert.status == "resolved"
