"""What goes wrong, said in one sentence: `{"error": "sentence"}` to programs, a page to people."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework.exceptions import APIException
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import exception_handler

_PROGRAMS = re.compile(r"/(?:api|v2|integrations/[\w-]{16,}|healthz|readyz|health|metrics)(?:/|$)")

SENTENCES = {
    400: "This request cannot be understood.",
    403: "You may not do this.",
    404: "There is nothing here.",
    500: "Something went wrong here; it has been logged.",
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
    """500."""
    return _answer(request, 500)


def csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old page, or a stranger's."""
    return _answer(request, 403)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    if _PROGRAMS.match(request.path):
        return JsonResponse({"error": SENTENCES[status]}, status=status)
    return render(request, f"{status}.html", status=status)
