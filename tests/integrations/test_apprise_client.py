"""Apprise itself against a running server: what is told by it opens and closes an alert."""

import apprise
import pytest
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert
from groups.models import Group
from tests.integrations.conftest import make_integration, work_off


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["json", "form", "xml"])
def test_a_failure_opens_an_alert_and_a_success_closes_it(
    payments: Group, live_server: LiveServer, way: str
) -> None:
    integration = make_integration(payments, "apprise")
    host = live_server.url.removeprefix("http://")
    voice = apprise.Apprise()
    assert voice.add(f"{way}://{host}/integrations/{integration.key}/?:dedup_key=backup")

    told = {"title": "Backup <failed>", "body": "No space left\nfor 3 h"}
    assert voice.notify(notify_type=apprise.NotifyType.FAILURE, **told)
    work_off()
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.dedup_key, alert.status) == (
        "Backup <failed>", "critical", "backup", "triggered",
    )  # fmt: skip
    assert alert.description == told["body"]

    assert voice.notify(title="Done", body="ok", notify_type=apprise.NotifyType.SUCCESS)
    work_off()
    alert.refresh_from_db()
    assert alert.status == "resolved"
