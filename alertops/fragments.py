"""Fragments: a page shows a piece that a higher app owns by its URL name, never by importing it."""

import copy
import logging

from django.http import Http404, HttpRequest, QueryDict
from django.template.response import SimpleTemplateResponse
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.safestring import SafeString, mark_safe

logger = logging.getLogger(__name__)


def render(request: HttpRequest, name: str, *args: object) -> SafeString:
    """Return what a GET of the URL `name` answers to the same person, as ready HTML.

    A page must not break because one of its pieces does: "not yours", a redirect and any
    error become an empty piece; errors are logged.
    """
    try:
        return _get(request, reverse(name, args=args))
    except (Http404, NoReverseMatch) as error:
        logger.debug("Fragment %s is not there: %s", name, type(error).__name__)
    except Exception:  # the piece is lost, the page is not
        logger.exception("Fragment %s failed", name)
    return SafeString("")


def is_piece(request: HttpRequest) -> bool:
    """Whether a view is asked for a piece of another page (or by htmx), not for a page itself."""
    return bool(getattr(request, "is_fragment", False)) or "HX-Request" in request.headers


def _get(request: HttpRequest, path: str) -> SafeString:
    match = resolve(path)
    inner = copy.copy(request)
    inner.is_fragment = True  # type: ignore[attr-defined]
    inner.method, inner.path, inner.path_info = "GET", path, path
    inner.resolver_match = match
    inner.GET = QueryDict()  # the page's own query is not the piece's
    response = match.func(inner, *match.args, **match.kwargs)
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    if response.status_code != 200:
        return SafeString("")
    html: str = response.content.decode(response.charset)
    return mark_safe(html)  # noqa: S308 - a view of ours
