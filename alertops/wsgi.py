"""The WSGI application: two Django handlers behind one small switch.

Machines' requests (events coming in, health, metrics) need no session, no sign-in and no forms:
they take a handler without middleware. Everything else takes the full chain.
"""

import io
import os
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alertops.settings")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402
from django.core.handlers.exception import convert_exception_to_response  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402

from alertops import bodies  # noqa: E402
from integrations import store  # noqa: E402
from integrations.ingest import TOO_MANY  # noqa: E402

StartResponse = Callable[..., Any]
Environ = dict[str, Any]

_API = re.compile(
    r"/(?:v2|api/v2|api/(?:alerts?|heartbeat|config)"
    r"|integrations/(?:v1|generic|[\w-]{16,}/api/v2))(?:/|$)"
)
_HEALTH = re.compile(r"/(?:healthz|readyz|health/engine|metrics)$")
_EVENT = re.compile(
    r"/(?:integrations/[\w-]{16,}|v2/(?:change/)?enqueue|generic/2010-04-15/create_event\.json)/?$"
)
_WEBHOOK = re.compile(r"/integrations/([\w-]{16,})/?$")
_PING = re.compile(r"/heartbeats/[0-9a-f]{32}(?:/|$)")
_HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
]
_TURNED_AWAY = [
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(TOO_MANY))),
    *_HEADERS,
]
_SCHEME = urlsplit(settings.PUBLIC_URL).scheme


class LightHandler(WSGIHandler):
    """Django's request handling without any middleware, among the addresses of `urlconf`."""

    def __init__(self, urlconf: str) -> None:
        self.urlconf = urlconf
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        view: Any = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]

        def answer(request: HttpRequest) -> HttpResponse:
            request.urlconf = self.urlconf
            return _finished(view(request))

        self._middleware_chain = answer


def _finished(response: HttpResponse) -> HttpResponse:
    """Add the few headers a program's answer needs."""
    response.headers["Content-Length"] = str(len(response.content))
    for name, value in _HEADERS:
        response.headers[name] = value
    return response


_full = WSGIHandler()
_light = LightHandler(settings.ROOT_URLCONF)
_lightest = LightHandler("alertops.machine_urls")


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one request: first its body, then Django."""
    environ["wsgi.url_scheme"] = _SCHEME  # known from PUBLIC_URL; no header is believed
    environ["REMOTE_ADDR"] = bodies.plain(environ.get("REMOTE_ADDR", ""))
    try:
        body = bodies.read(environ, settings.BODY_BYTES + 1)
    except bodies.Incomplete:
        start_response("408 Request Timeout", [("Content-Type", "application/json")])
        return [b'{"error": "The body did not arrive in time."}']
    if wait := turned_away(environ):
        start_response("429 Too Many Requests", [*_TURNED_AWAY, ("Retry-After", str(wait))])
        return [TOO_MANY]
    environ["wsgi.input"] = io.BytesIO(body)
    if not environ.get("CONTENT_LENGTH"):
        environ["CONTENT_LENGTH"] = str(len(body))  # it came in chunks
    if settings.TRUSTED_PROXIES:
        environ["REMOTE_ADDR"] = client_address(environ, settings.TRUSTED_PROXIES)
    response = handler_for(environ)(environ, start_response)
    if not isinstance(response, HttpResponse) or response.streaming:
        return response
    whole = [response.content]  # a plain list goes out in one piece
    response.close()
    return whole


def handler_for(environ: Environ) -> WSGIHandler:
    """Choose by address: is this a program that carries its own key, if it needs any?"""
    path = environ.get("PATH_INFO", "")
    if (environ.get("REQUEST_METHOD") == "POST" and _EVENT.match(path)) or _HEALTH.match(path):
        return _lightest
    if _PING.match(path):
        return _lightest
    return _light if _API.match(path) else _full


def turned_away(environ: Environ) -> int:
    """Seconds to wait, where a flooding tool is to be refused and nothing else is to be done.

    Before Django, which would cost the house ten times as much: what a flood costs, the events of
    all others wait for.
    """
    found = _WEBHOOK.match(environ.get("PATH_INFO", ""))
    if found is None or environ.get("REQUEST_METHOD") != "POST":
        return 0
    return store.turn_away(found[1])


def client_address(environ: Environ, proxies: int) -> str:
    """Return who is behind `proxies` proxies of ours; what stands further left may be invented."""
    hops = [
        hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()
    ]
    return hops[-proxies] if len(hops) >= proxies else str(environ.get("REMOTE_ADDR", ""))
