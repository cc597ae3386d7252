"""VictorOps' (Splunk On-Call's) REST endpoint, with key and routing key in the address:

    POST /integrations/generic/20131114/alert/<key>/<routing key>

https://help.victorops.com/knowledge-base/rest-endpoint-integration-guide/
"""

import uuid
from typing import Any

from django.http import HttpResponse
from django.urls import re_path
from rest_framework.request import Request

from integrations import texts
from integrations.dropins.contract import Dialect, Heard
from integrations.dropins.door import DropInDoor, keep, receive
from integrations.ingest import answer
from integrations.vendors.victorops import victorops

_ENDS = {"acknowledgement", "acknowledgment", "ack", "recovery", "resolve", "ok"}


class Message(DropInDoor):
    http_method_names = ("post",)
    unknown_key = 404

    def refuse(self, status: int, sentence: str) -> HttpResponse:
        return answer(status, {"result": "failure", "message": sentence})

    def post(self, request: Request, key: str, routing_key: str = "") -> HttpResponse:
        delivery = receive(request)
        kind = delivery.text("message_type").lower()
        said, made = texts.words(delivery.fields.get("entity_id")).strip(), uuid.uuid4().hex
        if kind in _ENDS and not said:
            return self.refuse(400, f"A message of type {kind.upper()} needs an entity_id.")
        address = {"routing_key": texts.line(routing_key, 200)} if routing_key else None
        keep(delivery, key, "victorops", address=address, own_key="" if said else made)
        if not delivery.fields:
            return self.refuse(400, "The body is not a JSON object; it was opened as an alert.")
        if not kind:
            return self.refuse(400, "message_type is missing; the message was opened as an alert.")
        return answer(200, {"result": "success", "entity_id": said or made})


def _prepare(said: Any, heard: Heard) -> Any:
    """What the address says about the route belongs to the message."""
    return {**said, **heard.address} if isinstance(said, dict) else said


urls = (
    re_path(
        r"^integrations/generic/20131114/alert/(?P<key>[^/]+)(?:/(?P<routing_key>[^/]*))?/?$",
        Message.as_view(),
    ),
)
dialects = (Dialect("victorops", victorops, _prepare),)
