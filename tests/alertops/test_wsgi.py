"""The switch in front of Django, asked as a server asks it."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from pytest_django import Settings

from accounts.models import User
from alertops import wsgi
from integrations import store
from integrations.models import InboundEvent
from tests import builders
from tests.integrations.conftest import make_integration

KEY = "k" * 32


class Answer:
    """What came back."""

    def __init__(self, method: str, path: str, body: bytes = b"", **environ: Any) -> None:
        self.status, self.headers = "", dict[str, str]()
        full = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            **environ,
        }
        self.body = b"".join(wsgi.application(full, self._start))

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        self.status, self.headers = status, dict(headers)


@pytest.fixture(autouse=True)
def _keep_the_connection() -> Iterator[None]:
    """Django closes a connection in a transaction at the end of a request: not the test's own."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize(
    ("method", "path", "light"),
    [
        ("POST", f"/integrations/{KEY}/", True),
        ("POST", f"/integrations/{KEY}", True),
        ("GET", f"/integrations/{KEY}/", False),
        ("POST", "/integrations/7/edit/", False),
        ("GET", "/integrations/", False),
        ("POST", "/v2/enqueue", True),
        ("POST", "/v2/change/enqueue", True),
        ("POST", "/generic/2010-04-15/create_event.json", True),
        ("POST", "/v2/alerts", True),
        ("POST", "/api/alert", True),
        ("POST", f"/integrations/v1/webhook/{KEY}/", True),
        ("POST", f"/integrations/generic/20131114/alert/{KEY}/database", True),
        ("POST", f"/integrations/{KEY}/api/v2/alerts", True),
        ("POST", "/api/v2/alerts", True),
        ("POST", "/api/v1/alerts/", False),
        ("GET", "/healthz", True),
        ("GET", "/healthz/more", False),
        ("GET", "/alerts/", False),
        ("GET", "/admin/", False),
    ],
)
def test_programs_with_their_own_key_skip_the_middleware(
    method: str, path: str, light: bool
) -> None:
    handler = wsgi.handler_for({"REQUEST_METHOD": method, "PATH_INFO": path})
    assert isinstance(handler, wsgi.LightHandler) is light


@pytest.mark.django_db
def test_a_programs_answer_is_whole_bare_and_safe() -> None:
    answer = Answer("GET", "/healthz")
    assert answer.status == "200 OK"
    assert answer.body == b'{"status": "ok"}'
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/v2/nothing", "/api/v2/nothing"])
def test_a_program_is_told_in_json_that_nothing_is_there(path: str) -> None:
    answer = Answer("POST", path)
    assert answer.status == "404 Not Found"
    assert answer.body == b'{"error": "There is nothing here."}'


def test_nobody_can_pretend_to_be_somewhere_else(settings: Settings) -> None:
    environ = {"HTTP_X_FORWARDED_FOR": "6.6.6.6, 198.51.100.7, 10.0.0.2", "REMOTE_ADDR": "10.0.0.1"}
    assert wsgi.client_address(environ, 1) == "10.0.0.2"
    assert wsgi.client_address(environ, 2) == "198.51.100.7"
    assert wsgi.client_address({"REMOTE_ADDR": "10.0.0.1"}, 1) == "10.0.0.1"
    assert settings.TRUSTED_PROXIES == 0


@pytest.mark.django_db
def test_half_a_body_is_refused_not_taken_for_a_whole_one() -> None:
    answer = Answer("POST", f"/integrations/{KEY}/", b'{"half', CONTENT_LENGTH="100")
    assert answer.status == "408 Request Timeout"
    assert answer.body == b'{"error": "The body did not arrive in time."}'


@pytest.mark.django_db
def test_a_body_in_chunks_is_taken_like_any_other() -> None:
    environ = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = Answer("POST", f"/integrations/{KEY}/", b"{}", **environ)
    assert answer.status == "404 Not Found"
    assert b"error" in answer.body


@pytest.mark.django_db
def test_a_flood_is_turned_away_before_django_in_the_same_words(alice: User) -> None:
    payments = builders.group(primary=(alice,))
    tool = make_integration(payments, rate_per_minute=60, burst=settings.WEB_WORKERS)
    path = f"/integrations/{tool.key}/"
    store.forget_limits()
    assert Answer("POST", path, b"{}").status == "202 Accepted"
    long_way = Answer("POST", path, b"{}")
    short_way = Answer("POST", path, b"{}")
    assert long_way.status == short_way.status == "429 Too Many Requests"
    assert long_way.body == short_way.body
    assert long_way.headers == short_way.headers
    assert InboundEvent.objects.filter(refused=1).count() == 1
    assert Answer("GET", path).status.startswith("405")
