"""Whatever address a user types, wherever one can be typed: nothing of it reaches this machine.

A canary listens on 127.0.0.1 and ::1. Every form of address goes through every door of the product
that visits an address somebody named; the canary must stay alone.
"""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pytest_django import Settings

from accounts.channels import CHANNELS
from accounts.channels.base import TryLater, Undeliverable
from alertops import net, operators
from groups.models import Group
from integrations import sns_door
from integrations.outbound.contract import Tool
from integrations.outbound.delivery import Claimed, deliver
from integrations.outbound.examples import EXAMPLE
from integrations.outbound.tools import TOOLS
from integrations.store import Parcel
from schedules import calendars
from schedules.models import ImportedCalendar
from tests.accounts.conftest import a_message
from tests.alertops.addresses import FORMS, PUBLIC, Names
from tests.integrations.conftest import make_integration
from tests.test_architecture import APPS

Door = Callable[[str], None]
ROOT = Path(__file__).resolve().parents[2]


class Canary:
    """Listens where nobody may come, and answers like a web server so that nothing hangs."""

    def __init__(self) -> None:
        self.visits = 0
        self.tried: list[Any] = []
        """Whatever somebody wanted to connect to that is not public."""
        self._sockets = [socket.socket(socket.AF_INET), socket.socket(socket.AF_INET6)]
        self._sockets[1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for each in self._sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._sockets[0].bind(("127.0.0.1", 0))
        self.port = self._sockets[0].getsockname()[1]
        self._sockets[1].bind(("::1", self.port))
        for each in self._sockets:
            each.listen(64)
            threading.Thread(target=self._wait, args=(each,), daemon=True).start()

    def _wait(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = door.accept()
                self.visits += 1
                with visitor, suppress(OSError):
                    visitor.settimeout(0.2)
                    visitor.recv(65536)
                    visitor.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin")

    def close(self) -> None:
        for each in self._sockets:
            each.close()


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Canary]:
    settings.ALLOW_PRIVATE_TARGETS = []
    settings.PUSH_ALLOW_PRIVATE = False
    monkeypatch.setattr(socket, "getaddrinfo", Names(socket.getaddrinfo))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    made = Canary()
    connect = socket.socket.connect

    def noted(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in (PUBLIC, "2606:2800:220:1::1"):
            made.tried.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", noted)
    with socket.create_connection(("127.0.0.1", made.port)), \
            socket.create_connection(("::1", made.port)):  # fmt: skip
        pass
    while made.visits < 2:  # it sings
        pass
    made.visits = 0
    made.tried.clear()
    yield made
    made.close()


def webhook(url: str) -> None:
    with suppress(TryLater, Undeliverable):
        CHANNELS["webhook"].send(url, a_message())


def push(url: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": pack(point), "auth": pack(b"0123456789abcdef")}
    with suppress(TryLater, Undeliverable):
        CHANNELS["push"].send(json.dumps({"endpoint": url, "keys": keys}), a_message())


def pack(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


APPRISE = (
    "bark://{host}/devicekey", "gotify://{host}/Atoken0123456789", "hassio://{host}/longlivedtoken",
    "lametric://8b799edf-6f98-4d3a-9be7-2862fb4e5752@{host}", "matrix://user:pass@{host}/%23room",
    "mmost://{host}/3ccdd113474722377935511fc85d3dd4", "nctalk://user:pass@{host}/room",
    "ntfy://{host}/topic", "rocket://user:pass@{host}/%23room",
    "signal://{host}/+14155550101/+14155550102", "workflows://{host}/workflow/signature",
)  # fmt: skip
"""Of services one runs oneself: their host is the user's to name."""


def apprise(form: str) -> Door:
    def door(url: str) -> None:
        rest = url.partition("://")[2] or url
        with suppress(TryLater, Undeliverable):
            address = form.format(host=rest.partition("/")[0])
            CHANNELS["apprise"].send(address, a_message())

    return door


def calendar(url: str) -> None:
    with suppress(calendars.Unfetched):
        calendars.fetch(ImportedCalendar(url=url))


SETTINGS = {"repository": "our/house", "channel": "C024BE91L", "project": "7", "token": "t"}


def outbound(tool: Tool, named: str) -> Door:
    """A message of an outbound connection, as its sender hands it over."""

    def door(url: str) -> None:
        values = {each.name: each.default or SETTINGS.get(each.name, "") for each in tool.settings}
        values = {name: value for name, value in values.items() if name not in _ways(tool)}
        settings = {**values, named: url}
        deliver(Claimed(1, 1, 1, tool, settings, ("s",), "", EXAMPLE), EXAMPLE.at)

    return door


def _ways(tool: Tool) -> set[str]:
    return {each.name for each in tool.settings if each.is_address}


def client(url: str) -> None:
    with suppress(net.NotSent, net.MaybeSent):
        net.Client(seconds=2).request("GET", url)


DOORS: dict[str, Door] = {
    "webhook": webhook, "push": push, "calendar": calendar, "client": client,
    **{form.partition(":")[0]: apprise(form) for form in APPRISE},
    **{f"{tool.slug}'s {named}": outbound(tool, named)
       for tool in TOOLS.values() for named in sorted(_ways(tool))},
}  # fmt: skip


def test_there_is_no_door_but_these() -> None:
    """Whoever adds a way out adds it here: every file that opens connections is known."""
    ways = re.compile(
        r"net\.Client\(|guarded_sockets\(|urlopen|^import (requests|httpx|urllib3)|"
        r"HTTPS?Connection\(|create_connection\(|smtplib\.SMTP",
        re.MULTILINE,
    )
    found = {
        str(path.relative_to(ROOT))
        for app in sorted(APPS | {"alertops"})
        for path in (ROOT / app).rglob("*.py")
        if ways.search(path.read_text("utf-8"))
    }
    assert found == {
        "accounts/channels/apprise_target.py",  # webhook, and apprise's
        "accounts/channels/push.py",
        "integrations/outbound/delivery.py",
        "integrations/sns_door.py",
        "schedules/calendars.py",
        "accounts/channels/email.py",  # from here on: the operator's own addresses
        "accounts/channels/twilio_client.py",
        "alertops/echo.py",
        "alertops/operators.py",
        "alertops/guarded.py",  # the guard
        "integrations/vendors/checkmk.py",  # a script to be pasted over there
    }, found


def test_there_are_enough_forms() -> None:
    assert len(set(FORMS)) >= 200


def test_the_canary_would_hear_it(canary: Canary, settings: Settings) -> None:
    """Else the rest of this file proves nothing: where it is allowed, each door leads there."""
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    settings.PUSH_ALLOW_PRIVATE = True
    for name, door in DOORS.items():
        before = canary.visits
        door(f"http://127.0.0.1:{canary.port}/")
        assert canary.visits > before, name


@pytest.mark.parametrize("door", DOORS)
def test_no_form_of_address_leads_inside(door: str, canary: Canary) -> None:
    for form in FORMS:
        url = form.replace("PORT", str(canary.port))
        for _ in range(2 if "rebind" in form else 1):
            DOORS[door](url)
        assert canary.visits == 0, f"{door} went to {url}"
        assert canary.tried == [], f"{door} tried {url}"


@pytest.mark.django_db
def test_no_form_of_address_in_a_message_of_amazon_leads_inside(
    canary: Canary, db: None, payments_group: Group
) -> None:
    key = make_integration(payments_group, "cloudwatch").key
    hosts = ("sns.eu-west-1.amazonaws.com", "sns.eu-west-1.amazonaws.com.")
    theirs = [f"{scheme}://{host}:PORT/x.pem" for scheme in ("http", "https") for host in hosts]
    theirs += [f"https://sns.eu-west-1.amazonaws.com{end}"
               for end in ("@127.0.0.1:PORT/x.pem", ".example.org:PORT/x.pem", "#@x:PORT/x.pem",
                           "\\@127.0.0.1:PORT/x.pem", "/x.pem")]  # fmt: skip
    for form in [*FORMS, *theirs]:
        url = form.replace("PORT", str(canary.port))
        message = {
            "Type": "SubscriptionConfirmation", "MessageId": "1", "Token": "t", "TopicArn": "arn",
            "Message": "x", "SubscribeURL": url, "Timestamp": "2026-03-02T03:00:00.000Z",
            "SignatureVersion": "1", "Signature": "x", "SigningCertURL": url,
        }  # fmt: skip
        sns_door.look(Parcel("", json.dumps(message).encode()), key)
        assert canary.visits == 0, f"SNS went to {url}"


@pytest.fixture
def payments_group(db: None) -> Group:
    return Group.objects.create(name="Payments", slug="payments")


class Redirector:
    """A host the operator allowed, which sends its visitors on to where they may not go."""

    def __init__(self) -> None:
        self.status, self.location, self.visits = 302, "", 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visits += 1
                with visitor, suppress(OSError):
                    visitor.settimeout(0.5)
                    visitor.recv(65536)
                    head = (
                        f"HTTP/1.1 {self.status} Go\r\nLocation: {self.location}\r\n"
                        f'Refresh: 0;url={self.location}\r\nAlt-Svc: h2="{self.location}"\r\n'
                        "Content-Length: 0\r\nConnection: close\r\n\r\n"
                    )
                    visitor.sendall(head.encode())

    def close(self) -> None:
        self._socket.close()


@pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
def test_no_redirect_leads_inside(canary: Canary, settings: Settings, status: int) -> None:
    settings.ALLOW_PRIVATE_TARGETS = ["redirector.example"]
    redirector = Redirector()
    redirector.status = status
    for there in ("http://127.0.0.1:PORT/", "//127.0.0.1:PORT/", "http://inside.example:PORT/",
                  "http://[::1]:PORT/", "http://2130706433:PORT/",
                  "http://example.org@127.0.0.1:PORT/"):  # fmt: skip
        redirector.location = there.replace("PORT", str(canary.port))
        for name, door in DOORS.items():
            before = redirector.visits
            door(f"http://redirector.example:{redirector.port}/")
            assert redirector.visits > before, f"{name} did not even go to the redirector"
            assert canary.visits == 0, f"{name} followed {status} to {redirector.location}"
        operators.post(f"http://127.0.0.1:{redirector.port}/", {"status": "ok"})
        assert canary.visits == 0, "the operator's own address was left for another"
    redirector.close()


def test_a_public_address_is_allowed(canary: Canary) -> None:
    """The guard is no wall: what it lets through fails only at the edge of this test's network."""
    with pytest.raises(net.NotSent) as raised:
        net.Client(seconds=2).request("GET", f"http://{PUBLIC}:8080/")
    assert not isinstance(raised.value, net.Blocked)
