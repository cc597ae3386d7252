"""What an apprise address may not say: read a file of ours, hold a sender."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.channels import CHANNELS, apprise_target
from accounts.channels.base import TryLater, Undeliverable
from tests.accounts.conftest import a_message
from tests.doubles.webhook import WebhookDouble

APPRISE = CHANNELS["apprise"]
WITH_TEMPLATES = (
    "workflows://127.0.0.1:1/workflow/signature",
    "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
    "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/",
    "tgram://123456789:abcdefg_hijklmnop/12315544/",
)


@pytest.mark.parametrize("address", WITH_TEMPLATES)
def test_no_file_of_this_machine_becomes_a_message(address: str, tmp_path: Path) -> None:
    """apprise reads a template wherever it is told to; the address is typed by anybody here."""
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"content": "the key", "embeds": []}))
    for there in (str(secret), f"file://{secret}", "http://127.0.0.1:1/template.json"):
        typed = f"{address}?template={there}"
        with pytest.raises(ValidationError, match="Templates cannot be used here"):
            APPRISE.clean(typed)
        with pytest.raises(Undeliverable, match="cannot be used"):  # it was saved earlier
            APPRISE.send(typed, a_message())
    assert APPRISE.clean(address) == address


class Drip:
    """Answers a byte at a time, and never to the end."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            visitor, _ = self._socket.accept()
            with visitor:
                visitor.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                while True:
                    visitor.sendall(b"x")
                    time.sleep(0.05)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def drip() -> Iterator[Drip]:
    made = Drip()
    yield made
    made.close()


def test_a_service_that_answers_for_ever_is_cut_off(
    drip: Drip, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    monkeypatch.setattr(apprise_target, "SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(TryLater):
        APPRISE.send(f"ntfy://127.0.0.1:{drip.port}/pages?rto=99999&cto=99999", a_message())
    assert time.monotonic() - began < 10


def test_two_targets_of_one_address_are_told_without_a_rest(
    webhook_double: WebhookDouble, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    where = webhook_double.base_url.replace("http://", "ntfy://")
    began = time.monotonic()
    APPRISE.send(f"{where}/one/two/three", a_message())
    assert len(webhook_double.wait(3)) == 3
    assert time.monotonic() - began < 5
