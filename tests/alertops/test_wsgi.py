"""The switch in front of Django, asked as a server asks it."""

import io
from typing import Any

import pytest
from pytest_django import Settings

from alertops import wsgi

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


@pytest.mark.parametrize(
    ("method", "path", "light"),
    [
        ("POST", f"/integrations/{KEY}/", True),
        ("POST", f"/integrations/{KEY}", True),
        ("GET", f"/integrations/{KEY}/", False),
        ("POST", "/integrations/7/edit/", False),
        ("GET", "/integrations/", False),
        ("POST", "/v2/enqueue", True),
        ("POST", "/v2/alerts", True),
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


def test_a_chunked_body_is_measured_and_never_read_without_end(settings: Settings) -> None:
    class Endless:
        given = 0

        def read(self, size: int) -> bytes:
            self.given += size
            return b"x" * size

    source = Endless()
    environ = {"wsgi.input": source}
    wsgi._measure(environ)
    assert source.given == settings.BODY_BYTES + 1
    assert environ["CONTENT_LENGTH"] == str(settings.BODY_BYTES + 1)
