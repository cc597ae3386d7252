"""While PostgreSQL is away every door says so with 503 and when to come back, never 500."""

import logging
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from accounts import tokens
from accounts.models import User
from alertops import clock, errors
from alerts.links import make_link_token
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

SENTENCE = errors.SENTENCES[503]


@pytest.fixture
def root() -> User:
    return builders.person("Root", roles=["owner"])


@pytest.fixture
def asker(root: User) -> Client:
    """Signed in, and what a view raises is answered as in production."""
    client = Client(raise_request_exception=False)
    client.force_login(root)
    return client


@pytest.fixture
def bearer(root: User) -> dict[str, str]:
    _, secret = tokens.create(
        root, name="test", scopes=["read", "write"], actor=root, now=clock.now()
    )
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def away(asker: Client, bearer: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database that refuses connections: a port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", str(port))
        yield
    connection.close()


def says_come_back(answer: Any) -> bool:
    return answer.status_code == 503 and answer["Retry-After"] == str(errors.RETRY_AFTER)


@pytest.mark.parametrize("path", ["/", "/alerts/", "/me/", "/admin/", "/on-call/"])
@pytest.mark.usefixtures("away")
def test_a_page_is_the_designed_one(asker: Client, path: str) -> None:
    answer = asker.get(path)
    assert says_come_back(answer)
    assert "cannot be reached right now" in answer.content.decode()
    assert answer["Content-Type"].startswith("text/html")


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_acknowledge_link_of_a_message_says_try_again(method: str) -> None:
    token = make_link_token(1, 1, 1, clock.now())
    stranger = Client(raise_request_exception=False)
    answer = getattr(stranger, method)(f"/a/{token}/")
    assert says_come_back(answer)
    assert "Try again" in answer.content.decode()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/api/v1/alerts/"),
        ("get", "/api/v1/events/1/"),
        ("post", "/api/v1/alerts/1/acknowledge/"),
        ("post", "/api/v1/simulate/"),
    ],
)
@pytest.mark.usefixtures("away")
def test_the_api_says_it_in_a_sentence(
    asker: Client, bearer: dict[str, str], method: str, path: str
) -> None:
    answer = getattr(asker, method)(path, headers=bearer)
    assert says_come_back(answer)
    assert answer.json() == {"error": SENTENCE}


@pytest.mark.parametrize("path", ["/integrations/" + "k" * 32 + "/", "/v2/enqueue"])
@pytest.mark.usefixtures("away")
def test_senders_of_events_are_asked_to_send_again(path: str) -> None:
    from integrations import store

    store.close()
    answer = Client(raise_request_exception=False).post(
        path, {"routing_key": "k" * 32}, content_type="application/json"
    )
    store.close()
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["error"]


@pytest.mark.usefixtures("away")
def test_a_providers_callback_is_to_be_repeated(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", "token"
    settings.PUBLIC_URL = "http://testserver"
    path, fields = "/channels/sms/receipt/tok-1/", {"MessageSid": "SM1", "MessageStatus": "sent"}
    signature = RequestValidator("token").compute_signature(f"http://testserver{path}", fields)
    answer = Client(raise_request_exception=False).post(
        path,
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )
    assert says_come_back(answer)
    assert answer.json() == {"error": SENTENCE}


@pytest.mark.usefixtures("away")
def test_the_log_has_a_line_and_no_traceback(
    asker: Client, caplog: pytest.LogCaptureFixture
) -> None:
    asker.get("/alerts/")
    assert [record.exc_info for record in caplog.records] == [None]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_backend_killed_under_a_request_is_the_same(asker: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    outside = connection.copy()
    with outside.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    outside.close()
    assert says_come_back(asker.get("/alerts/"))
    connection.close()
    assert asker.get("/alerts/").status_code == 200


def test_a_bug_stays_a_500(asker: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ImproperlyConfigured("somebody's mistake")

    monkeypatch.setattr("alertops.health.loop_ages", broken)
    answer = asker.get("/health/engine")
    assert answer.status_code == 500
    assert "Retry-After" not in answer
