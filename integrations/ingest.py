"""The door for machines: thin views that store bytes and answer. They parse nothing.

Answers are a contract: 202 stored for good (200 to a tool that insists on it); 404 unknown key;
413 too large, but an alert says so; 429 too fast; 503 try again. A body that cannot be read is
202 as well, and becomes an alert.
"""

import json
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from integrations import sns, sns_door, texts
from integrations.keys import key_hash
from integrations.store import KEPT, Parcel, TooMany, Unavailable, store
from integrations.vendors import VENDORS

_KEPT_HEADERS = {
    "HTTP_USER_AGENT": "user-agent",
    "HTTP_X_GITHUB_EVENT": "x-github-event",
    "HTTP_X_GITLAB_EVENT": "x-gitlab-event",
    "HTTP_X_AMZ_SNS_MESSAGE_TYPE": "x-amz-sns-message-type",
    "HTTP_IDEMPOTENCY_KEY": "idempotency-key",
    "HTTP_X_REQUEST_ID": "x-request-id",
}


_SLOW_DOWN = "This integration sends too many events; slow down."
TOO_MANY = orjson.dumps({"error": _SLOW_DOWN})
"""The body of a 429."""


class TooLarge(Exception):
    """The body is over the cap; its beginning rides along."""

    def __init__(self, start: bytes) -> None:
        super().__init__()
        self.start = start


class RawBytes(BaseParser):
    """Takes any media type as it is, up to the cap."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return read(stream)


class NoNegotiation(BaseContentNegotiation):
    """Whatever is sent is taken, whatever is accepted gets JSON."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class Door(APIView):
    """What the doors have in common: no session, no sign-in, raw bytes, POST only."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (RawBytes,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = NoNegotiation
    http_method_names: Any = ("post",)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        answer = self.refuse(405, "Send events with POST; nothing was changed.")
        answer["Allow"] = "POST"
        return answer

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        if isinstance(exc, TooMany):
            answer = self.refuse(429, _SLOW_DOWN)
            answer["Retry-After"] = str(exc.wait)
            return answer
        if isinstance(exc, Unavailable):
            answer = self.refuse(503, "The event could not be stored; send it again.")
            answer["Retry-After"] = "2"
            return answer
        if isinstance(exc, OSError):
            return self.refuse(400, "The connection broke off before the event was complete.")
        return super().handle_exception(exc)

    def refuse(self, status: int, sentence: str) -> HttpResponse:
        """Say no, in the words of whoever's door this is."""
        return error(status, sentence)


class Ingest(Door):
    @extend_schema(
        operation_id="events_send",
        tags=["events"],
        summary="Send an event",
        description="By the integration's kind. Stored for good when answered.",
        request={"application/json": dict, "text/plain": str},
        responses={
            202: inline_serializer("Accepted", {"event": serializers.IntegerField()}),
            404: OpenApiResponse(description="No active integration has this key."),
            413: OpenApiResponse(description="Over 1 MiB; an alert says so."),
            429: OpenApiResponse(description="Too many events; see Retry-After."),
        },
    )
    def post(self, request: Request, key: str, dialect: str = "") -> HttpResponse:
        """Keep it; `dialect` says how to read it where its integration's kind does not decide."""
        plain: HttpRequest = request._request
        try:
            parcel = _with_words(parcel_of(plain, key, read(plain)))
        except TooLarge as large:
            parcel = parcel_of(plain, key, large.start)
            parcel.oversized = True
        parcel.dialect = dialect
        is_settled = sns.MARK not in parcel.body or sns_door.look(parcel, key)
        event = store(parcel)
        if event is None:
            return error(404, "No active integration has this key.")
        if parcel.oversized:
            return error(413, "The event is larger than 1 MiB; an alert was opened that says so.")
        if not is_settled:
            raise Unavailable
        vendor = VENDORS.get(parcel.kind)
        return answer(vendor.success if vendor else 202, {"event": event})


def parcel_of(request: HttpRequest, key: str, body: bytes) -> Parcel:
    """Everything worth keeping of a request."""
    meta = request.META
    return Parcel(
        key_hash(key),
        body,
        content_type=meta.get("CONTENT_TYPE", ""),
        content_encoding=meta.get("HTTP_CONTENT_ENCODING", ""),
        headers={
            name: texts.line(meta[field], 300)
            for field, name in _KEPT_HEADERS.items()
            if field in meta
        },
        query=meta.get("QUERY_STRING", ""),
        remote=meta.get("REMOTE_ADDR", ""),
    )


def _with_words(parcel: Parcel) -> Parcel:
    """Some tools send no body and say all in the address: that is a form then."""
    if not parcel.body and parcel.query:
        parcel.body = parcel.query.encode("utf-8", "replace")
        parcel.content_type, parcel.content_encoding = "application/x-www-form-urlencoded", ""
    return parcel


def read(stream: Any) -> bytes:
    """Return the whole body. Raises TooLarge over the cap, having read no more than needed."""
    cap = settings.BODY_BYTES
    meta = getattr(stream, "META", {})
    length = meta.get("CONTENT_LENGTH") or "0"
    if length.isdigit() and int(length) > cap:
        raise TooLarge(_read(stream, KEPT))
    body = _read(stream, cap + 1)
    if len(body) > cap:
        raise TooLarge(body[:KEPT])
    return body


def _read(stream: Any, most: int) -> bytes:
    first: bytes = stream.read(most)
    if not first or len(first) >= most:
        return first
    parts, have = [first], len(first)
    while have < most and (part := stream.read(most - have)):
        parts.append(part)
        have += len(part)
    return b"".join(parts) if len(parts) > 1 else first


def answer(status: int, content: dict[str, Any]) -> HttpResponse:
    """Answer with JSON, also where it repeats what no strict writer takes: half a character."""
    try:
        said = orjson.dumps(content)
    except TypeError:
        said = json.dumps(content).encode("ascii")
    return HttpResponse(said, status=status, content_type="application/json")


def error(status: int, sentence: str) -> HttpResponse:
    return answer(status, {"error": sentence})
