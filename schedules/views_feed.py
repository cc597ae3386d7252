"""The address a calendar client reads: a secret instead of a sign-in, and nothing to guess."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from alertops import clock
from schedules import feeds


@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the calendar, or 304 when the client has it. Whatever is wrong is a plain 404."""
    now = clock.now()
    found = feeds.find(token, now)
    if found is None:
        raise Http404
    calendar = feeds.read(found, now)
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if calendar.etag in known or f"W/{calendar.etag}" in known:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(calendar.body, content_type="text/calendar; charset=utf-8")
        response["Content-Disposition"] = 'inline; filename="on-call.ics"'
    response["ETag"] = calendar.etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    return response
