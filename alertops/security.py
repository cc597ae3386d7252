"""Headers that tell browsers what our pages never do, and what none of them lets in."""

import re
from collections.abc import Callable

from django.conf import settings
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse

_OWN = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
# The console's components evaluate expressions written in their markup, and set styles.
_CONSOLE = {
    **_OWN,
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
}
_DOCS = {**_OWN, "style-src": "'self' 'unsafe-inline'"}


def _policy(rules: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in rules.items())


POLICIES = [
    ("/admin/", _policy(_CONSOLE)),
    ("/api/docs/", _policy(_DOCS)),
    ("/", _policy(_OWN)),
]
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


_NUL = re.compile(r"\0|\\x00|\bNUL\b")


class NoNul:
    """Nothing in the console or the API has a NUL in its address, and what people send with one is
    refused: PostgreSQL would neither store it nor look for it. The doors of tools answer for
    themselves, since nothing they bring may be lost."""

    sentence = "There is a NUL character in what was sent; it cannot be stored."

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info and request.path_info.startswith(("/admin/", "/api/v1/")):
            raise Http404
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Searches, and fields that look a row up, ask for it before anybody has looked at the
        characters."""
        is_nul = isinstance(error, (ValueError, DataError)) and _NUL.search(str(error))
        if is_nul and request.path_info.startswith("/api/v1/"):
            return JsonResponse({"error": self.sentence}, status=400)
        if is_nul and request.user.is_authenticated:
            return HttpResponseBadRequest(self.sentence, content_type="text/plain")
        return None


class SecurityHeaders:
    """Adds the content security policy of the page's part of the house.

    A view that knows better may set the header itself. Pages of signed-in people are not stored.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = next(rules for prefix, rules in POLICIES if request.path.startswith(prefix))
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
