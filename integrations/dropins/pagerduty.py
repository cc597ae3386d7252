"""PagerDuty's Events API: https://developer.pagerduty.com/docs/events-api-v2/overview/

    /v2/enqueue                                 version 2
    /v2/change/enqueue                          change events: kept and shown, nobody is paged
    /generic/2010-04-15/create_event.json       version 1

The key is in the body, so the body is read before it is stored; still nothing that could be a page
is lost. Older clients of PagerDuty's own have it in the header X-Routing-Key and nowhere else
(https://github.com/PagerDuty/pdpyras/issues/53). A trigger that PagerDuty would refuse is answered
with PagerDuty's 400, and kept: the sender learns what is wrong with it and somebody is paged all
the same.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request

from integrations import texts
from integrations.dropins.contract import Dialect, Heard, Remark
from integrations.dropins.door import Delivery, DropInDoor, Stranger, keep, receive
from integrations.ingest import answer
from integrations.store import KEPT
from integrations.vendors.pagerduty import pagerduty
from integrations.vocabulary import ACKNOWLEDGE, RESOLVE, TRIGGER

_ACTIONS = (TRIGGER, ACKNOWLEDGE, RESOLVE)
_SEVERITIES = ("critical", "error", "warning", "info")
_LONGEST_KEY = 255
Complain = Callable[[dict[str, Any]], list[str]]


def complaints(event: dict[str, Any]) -> list[str]:
    """What PagerDuty would refuse, in its way of saying it."""
    action = event.get("event_action")
    if action not in _ACTIONS:
        return ["'event_action' must be one of trigger, acknowledge, resolve"]
    key = event.get("dedup_key")
    if key is not None and (not isinstance(key, str) or len(key) > _LONGEST_KEY):
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


def complaints_v1(event: dict[str, Any]) -> list[str]:
    """The same of version 1."""
    action = event.get("event_type")
    if action not in _ACTIONS:
        return ["Event type must be one of trigger, acknowledge, resolve"]
    key = event.get("incident_key")
    if key is not None and (not isinstance(key, str) or len(key) > _LONGEST_KEY):
        return ["Incident key must be a string of at most 255 characters"]
    if action == TRIGGER:
        return [] if event.get("description") else ["Description is missing or blank"]
    return [] if key else ["Incident key is missing or blank"]


def complaints_of_change(event: dict[str, Any]) -> list[str]:
    """The same of a change event."""
    payload = event.get("payload")
    summary = payload.get("summary") if isinstance(payload, dict) else None
    return [] if isinstance(summary, str) and summary else ["'payload.summary' is missing or blank"]


@dataclass(frozen=True)
class Version:
    """The names that differ between the three addresses."""

    dialect: str
    key: str
    dedup_key: str
    action: str
    status: int
    message: str
    complaints: Complain

    def found_key(self, body: bytes) -> str:
        """The key of a body that is broken otherwise."""
        wanted = rb'"' + self.key.encode() + rb'"\s*:\s*"([0-9a-zA-Z_-]{1,128})"'
        found = re.search(wanted, body[:KEPT])
        return found[1].decode() if found else ""


V2 = Version(
    "pagerduty", "routing_key", "dedup_key", "event_action", 202, "Event processed", complaints
)
V1 = Version(
    "pagerduty", "service_key", "incident_key", "event_type", 200, "Event processed",
    complaints_v1,
)  # fmt: skip
CHANGE = Version(
    "pagerduty-change", "routing_key", "", "", 202, "Change event processed", complaints_of_change
)


class _Events(DropInDoor):
    """One address. PagerDuty answers an unknown key with 400, like any other invalid event."""

    http_method_names = ("post",)
    unknown_key = 400
    version: Version

    def post(self, request: Request) -> HttpResponse:
        version, delivery = self.version, receive(request)
        event = delivery.fields
        key = delivery.text(version.key) or request.headers.get("X-Routing-Key", "").strip()
        key = key or version.found_key(delivery.body)
        wrong = [] if key else [f"'{version.key}' is missing or blank"]
        if not delivery.oversized:
            wrong += version.complaints(event) if event else ["The body is not a JSON object"]
        closes = event.get(version.action) in (ACKNOWLEDGE, RESOLVE)
        if not key or (wrong and closes):
            return self.invalid(wrong)
        return self._keep(delivery, key, wrong)

    def _keep(self, delivery: Delivery, key: str, wrong: list[str]) -> HttpResponse:
        version = self.version
        given = delivery.fields.get(version.dedup_key)
        said, made = given if isinstance(given, str) else "", uuid.uuid4().hex
        try:
            keep(delivery, key, version.dialect, own_key="" if said else made)
        except Stranger:
            return self.invalid([f"No active integration has this {version.key}"])
        if wrong:
            return self.invalid(wrong)
        told = {"status": "success", "message": version.message}
        if version.dedup_key:
            told[version.dedup_key] = said or made
        return answer(version.status, told)

    def invalid(self, errors: list[str]) -> HttpResponse:
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
class Enqueue(_Events):
    version = V2


class CreateEvent(_Events):
    version = V1


class EnqueueChange(_Events):
    version = CHANGE


def _change(said: Any, heard: Heard) -> Remark:
    """A deploy or the like: it goes into the log, where whoever asks "what changed?" finds it."""
    payload = said.get("payload") if isinstance(said, dict) else None
    fields = payload if isinstance(payload, dict) else {}
    summary, source = texts.words(fields.get("summary")), texts.words(fields.get("source"))
    return Remark(f"Change: {summary or 'no summary'}" + (f" ({source})" if source else ""))


_V1 = "generic/2010-04-15/create_event.json"
urls = (
    path("v2/enqueue", Enqueue.as_view(), name="enqueue"),
    path("v2/enqueue/", Enqueue.as_view()),
    path("v2/change/enqueue", EnqueueChange.as_view()),
    path("v2/change/enqueue/", EnqueueChange.as_view()),
    path(_V1, CreateEvent.as_view()),
    path(f"{_V1}/", CreateEvent.as_view()),
)
dialects = (
    Dialect("pagerduty", pagerduty),
    Dialect("pagerduty-change", pagerduty, _change),
)
