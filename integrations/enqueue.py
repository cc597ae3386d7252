"""PagerDuty's Events API v2, for every tool that speaks it: https://developer.pagerduty.com

The key is in the body, so the body is read before it is stored; still nothing that could be a page
is lost. A trigger that PagerDuty would refuse is answered with PagerDuty's 400, and kept: the
sender learns what is wrong with it and somebody is paged all the same.
"""

import re
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from integrations import payloads
from integrations.ingest import Door, TooLarge, answer, error, parcel_of, read
from integrations.store import KEPT, store
from integrations.vocabulary import ACKNOWLEDGE, RESOLVE, TRIGGER

_ROUTING_KEY = re.compile(rb'"routing_key"\s*:\s*"([0-9a-zA-Z_-]{1,128})"')
_ACTIONS = (TRIGGER, ACKNOWLEDGE, RESOLVE)
_SEVERITIES = ("critical", "error", "warning", "info")


@extend_schema(
    tags=["events"],
    summary="PagerDuty Events API v2",
    description="`routing_key` is the key of an integration. Answers the `dedup_key`.",
    request={"application/json": dict},
    responses={
        202: inline_serializer(
            "Enqueued",
            {
                "status": serializers.CharField(),
                "message": serializers.CharField(),
                "dedup_key": serializers.CharField(),
            },
        ),
        400: OpenApiResponse(description="What PagerDuty calls an invalid event."),
        413: OpenApiResponse(description="Over 1 MiB; an alert says so."),
        429: OpenApiResponse(description="Too many events; see Retry-After."),
    },
)
class Enqueue(Door):
    def post(self, request: Request) -> HttpResponse:
        plain: HttpRequest = request._request
        try:
            body = read(plain)
        except TooLarge as large:
            return _oversized(plain, large.start)
        meta = plain.META
        content = payloads.decode(
            body, meta.get("CONTENT_TYPE", ""), meta.get("HTTP_CONTENT_ENCODING", "")
        )
        event = content.value if isinstance(content.value, dict) else {}
        said = event.get("routing_key")
        key = said if isinstance(said, str) and said else _found_key(body)
        wrong = [] if key else ["'routing_key' is missing or blank"]
        wrong += complaints(event) if event else ["The body is not a JSON object"]
        if not key or (wrong and event.get("event_action") in (ACKNOWLEDGE, RESOLVE)):
            return invalid(wrong)
        return _keep(plain, body, key, event, wrong)


def _keep(
    request: HttpRequest, body: bytes, key: str, event: dict[str, Any], wrong: list[str]
) -> HttpResponse:
    # The key is a secret that nothing needs any more: what is stored has stars in its place.
    parcel = parcel_of(request, key, body.replace(key.encode(), b"*" * len(key)))
    parcel.dialect = "pagerduty"
    dedup_key = event.get("dedup_key")
    if not dedup_key or not isinstance(dedup_key, str):
        dedup_key = parcel.own_key = uuid.uuid4().hex
    if store(parcel) is None:
        return invalid(["No active integration has this routing_key"])
    if wrong:
        return invalid(wrong)
    return answer(202, {"status": "success", "message": "Event processed", "dedup_key": dedup_key})


def _oversized(request: HttpRequest, start: bytes) -> HttpResponse:
    sentence = "The event is larger than 1 MiB."
    if key := _found_key(start):
        parcel = parcel_of(request, key, start.replace(key.encode(), b"*" * len(key)))
        parcel.dialect, parcel.oversized = "pagerduty", True
        if store(parcel) is not None:
            sentence = "The event is larger than 1 MiB; an alert was opened that says so."
    return error(413, sentence)


def invalid(errors: list[str]) -> HttpResponse:
    """PagerDuty's own answer, with our sentence for those who look for it."""
    return answer(
        400,
        {
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": errors,
            "error": f"Event object is invalid: {'; '.join(errors)}.",
        },
    )


def complaints(event: dict[str, Any]) -> list[str]:
    """What PagerDuty would refuse, in its way of saying it."""
    action = event.get("event_action")
    if action not in _ACTIONS:
        return ["'event_action' must be one of trigger, acknowledge, resolve"]
    key = event.get("dedup_key")
    if key is not None and (not isinstance(key, str) or len(key) > 255):
        return ["'dedup_key' must be a string of at most 255 characters"]
    if action != TRIGGER:
        return [] if key else ["'dedup_key' is missing or blank"]
    payload = event.get("payload")
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    wrong = [
        f"'payload.{name}' is missing or blank"
        for name in ("summary", "source", "severity")
        if not payload.get(name)
    ]
    if payload.get("severity") and payload["severity"] not in _SEVERITIES:
        wrong.append("'payload.severity' must be one of critical, error, warning, info")
    return wrong


def _found_key(body: bytes) -> str:
    """The key of a body that is broken otherwise."""
    found = _ROUTING_KEY.search(body[:KEPT])
    return found[1].decode() if found else ""
