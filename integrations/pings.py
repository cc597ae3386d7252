"""The door for pings: `/heartbeats/<key>/`, with `/start`, `/fail`, `/log` or an exit code.

Answers as the users of Healthchecks know them: `OK`. GET and HEAD count, because that is all that
many a cron job can do; the key in the address is what permits.
"""

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from alertops import clock
from integrations import heartbeats
from integrations.ingest import error
from integrations.states import Said

NOTE = 10_000
_METHODS = ("GET", "HEAD", "POST", "PUT")
_WORDS: dict[str, Said] = {
    "": Said.SUCCESS, "start": Said.START, "fail": Said.FAIL, "log": Said.LOG, "0": Said.SUCCESS,
}  # fmt: skip


@csrf_exempt  # the key is what permits
def ping(request: HttpRequest, key: str, what: str = "") -> HttpResponse:
    """Take one ping."""
    if request.method not in _METHODS:
        answer = error(405, "Ping with GET, HEAD or POST; nothing was changed.")
        answer["Allow"] = ", ".join(_METHODS)
        return answer
    said = _WORDS.get(what, Said.FAIL)
    note = request.read(NOTE).decode("utf-8", "replace").strip()
    if said is Said.FAIL and what.isdecimal():
        note = f"exit code {what}\n{note}".strip()
    facts: dict[str, Any] = {"note": note, "remote": request.META.get("REMOTE_ADDR", "")}
    try:
        beat = heartbeats.ping(key, clock.now(), said, by_name=False, **facts)
    except DatabaseError:
        answer = error(503, "The ping could not be kept; send it again.")
        answer["Retry-After"] = "2"
        return answer
    if beat is None:
        return error(404, "No heartbeat has this key.")
    return HttpResponse("OK", content_type="text/plain")
