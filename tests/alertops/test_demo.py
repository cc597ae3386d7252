"""What a newcomer is shown first must work: the printed line raises an alert that pages Priya."""

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client

from alertops.management.commands import demo
from alerts.models import Alert
from escalation.models import Notification
from tests.conftest import Clock

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_printed_line_pages_priya(
    client: Client,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "HINTS", tmp_path / "demo.json")
    call_command("demo")
    printed = re.search(r"curl -H.*", capsys.readouterr().out, re.DOTALL)
    assert printed
    _curl, _h, header, url, _d, body = shlex.split(printed[0].replace("\\\n", " "))
    seeded = set(Alert.objects.values_list("pk", flat=True))

    answer = client.post(
        urlsplit(url).path, body, content_type=header.removeprefix("Content-Type: ")
    )
    assert answer.status_code == 202
    Clock().look()  # in real time: seeding the past has let go of the test's clock

    alert = Alert.objects.exclude(pk__in=seeded).get()
    assert alert.title == "Payment errors above 5 %"
    paged = Notification.objects.filter(alert=alert).values_list("user__email", flat=True)
    assert set(paged) == {"priya@example.com"}
