"""What goes wrong, said in one sentence: `{"error": "sentence"}` to programs, a page to people."""

import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError
from django.db.utils import InternalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from rest_framework.exceptions import APIException
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler

logger = logging.getLogger(__name__)

_PROGRAMS = re.compile(
    r"/(?:api|v2|generic|channels|anymail|integrations/(?:[\w-]{16,}|v1|generic)"
    r"|healthz|readyz|health|metrics)(?:/|$)"
)
RETRY_AFTER = 3
"""Seconds. A PostgreSQL that crashed is usually back before that."""

SENTENCES = {
    400: "This request cannot be understood.",
    403: "You may not do this.",
    404: "There is nothing here.",
    500: "Something went wrong here; it has been logged.",
    503: "The database cannot be reached right now; please try again in a few seconds.",
}


def api_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view of the API raised into `{"error": "sentence"}` with the right status."""
    if isinstance(error, ValidationError):
        error = ApiValidationError(as_serializer_error(error))
    response = exception_handler(error, context)
    if response is not None:
        detail = error.detail if isinstance(error, APIException) else response.data
        response.data = {"error": " ".join(_sentences(detail)) or SENTENCES[400]}
    return response


def _sentences(detail: Any, name: str = "") -> Iterator[str]:
    """Flatten nested messages; each says which field it is about."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            plain = key in {"detail", "non_field_errors", "__all__"}
            yield from _sentences(value, name if plain else f"{name}.{key}" if name else str(key))
    elif isinstance(detail, list | tuple):
        for value in detail:
            yield from _sentences(value, name)
    else:
        yield f"{name}: {detail}" if name else str(detail)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: not there, or not yours."""
    return _answer(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """500; or 503 when it was the database that was away, which asking again will mend."""
    if not _is_database_away(sys.exc_info()[1]):
        return _answer(request, 500)
    logger.warning("Answered 503: the database is away")
    response = _answer(request, 503)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response._has_been_logged = True  # type: ignore[attr-defined]  # one line, no traceback
    return response


def _is_database_away(error: BaseException | None) -> bool:
    """Down, restarting, out of connections, too busy to answer in time, or a read-only stand-in.

    A bug is none of these: it would still be one at the next try.
    """
    if isinstance(error, (OperationalError, InterfaceError)):
        return True
    return isinstance(error, InternalError) and "read-only" in str(error)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old page, or a stranger's."""
    return _answer(request, 403)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if _PROGRAMS.match(request.path):
        return JsonResponse({"error": SENTENCES[status]}, status=status)
    if status == 503:  # without what pages usually know: the session is in the database as well
        return HttpResponse(render_to_string("503.html", {"request": request}), status=503)
    return render(request, f"{status}.html", status=status)
