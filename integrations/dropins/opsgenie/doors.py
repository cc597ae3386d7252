"""Opsgenie's addresses. Whatever changes something is stored first and answered with 202."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import urlencode
from rest_framework.request import Request

from alertops import clock
from alerts.models import Alert
from alerts.states import Kind
from integrations import heartbeats, texts
from integrations.dropins.door import (
    Delivery,
    DropInDoor,
    alerts_of,
    keep,
    reader,
    receive,
)
from integrations.dropins.earlier import Named
from integrations.dropins.opsgenie import search
from integrations.dropins.opsgenie.answers import (
    alert_fields,
    log_fields,
    note_fields,
    request_fields,
    whole_alert,
)
from integrations.dropins.opsgenie.names import Unknown, address_of, find
from integrations.dropins.opsgenie.verbs import VERBS, missing
from integrations.dropins.opsgenie.waiting import worked_off
from integrations.ingest import answer
from integrations.models import Heartbeat as Beat
from integrations.models import Integration

_SHOWN = 100
_COUNTED = 20_000


class _Door(DropInDoor):
    schemes = ("GenieKey",)

    def refuse(self, status: int, sentence: str, **more: Any) -> HttpResponse:
        return answer(status, {"message": sentence, **more, **_tail()})

    def tell(self, data: Any, **more: Any) -> HttpResponse:
        return answer(200, {"data": data, **more, **_tail()})

    def accept(self, event: int) -> HttpResponse:
        """Stored for good; what becomes of it is asked at requests/."""
        told = {"result": "Request will be processed", "took": 0.001, "requestId": str(event)}
        return answer(202, told)

    def unprocessable(self, name: str, why: str) -> HttpResponse:
        sentence = "Request body is not processable. Please check the errors."
        return self.refuse(422, sentence, errors={name: why})

    def asked(self, request: Request) -> Integration:
        return reader(self.key(request))

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        if isinstance(exc, Unknown):
            return self.refuse(404, str(exc))
        if isinstance(exc, search.BadQuery):
            return self.refuse(422, str(exc))
        return super().handle_exception(exc)


def _tail() -> dict[str, Any]:
    return {"took": 0.001, "requestId": f"read-{texts.digest(clock.now().isoformat())[:24]}"}


class Alerts(_Door):
    """Create, and list."""

    def post(self, request: Request) -> HttpResponse:
        delivery = receive(request)
        event = keep(delivery, self.key(request), "opsgenie")
        if delivery.content.problem or not isinstance(delivery.content.value, dict):
            return self.refuse(400, "The body is not a JSON object; it was opened as an alert.")
        if not delivery.text("message"):
            return self.unprocessable("message", "Message can not be empty.")
        return self.accept(event)

    def get(self, request: Request) -> HttpResponse:
        integration = self.asked(request)
        page = search.page_of(request.query_params)
        found = search.ordered(alerts_of(integration), request.query_params)
        rows = found.select_related("assignee", "group")[page.offset : page.offset + page.limit + 1]
        alerts = list(rows)
        more = len(alerts) > page.limit
        told = [alert_fields(alert, integration) for alert in alerts[: page.limit]]
        return self.tell(told, paging=_paging(request, page, more))


class Count(_Door):
    """How many there are; beyond 20,000 it stops counting."""

    def get(self, request: Request) -> HttpResponse:
        found = search.ordered(alerts_of(self.asked(request)), request.query_params)
        return self.tell({"count": found.values("pk")[:_COUNTED].count()})


class OneAlert(_Door):
    def get(self, request: Request, identifier: str) -> HttpResponse:
        integration, alert = _found(self, request, identifier)
        return self.tell(whole_alert(alert, integration))

    def delete(self, request: Request, identifier: str) -> HttpResponse:
        _found(self, request, identifier)
        return self.refuse(403, "Alerts are kept here; close it instead of deleting it.")


class Logs(_Door):
    """What happened to an alert."""

    def get(self, request: Request, identifier: str) -> HttpResponse:
        _, alert = _found(self, request, identifier)
        facts = alert.events.select_related("actor").order_by("-at", "-id")[:_SHOWN]
        return self.tell([log_fields(fact) for fact in facts])


class OneRequest(_Door):
    """What became of a request; 404 as long as it waits, as clients of Opsgenie expect."""

    def get(self, request: Request, request_id: str) -> HttpResponse:
        integration = self.asked(request)
        number = int(request_id) if request_id.isascii() and request_id.isdecimal() else 0
        event = worked_off(integration, number) if number < 2**63 else None
        if event is None:
            return self.refuse(404, "Request not found. It might not be processed, yet.")
        return self.tell(request_fields(event, integration))


class Act(_Door):
    """A verb for one alert. An alert nobody knows is found out later, at requests/."""

    http_method_names: Any = ("post", "put", "patch", "delete")

    def post(self, request: Request, identifier: str, word: str) -> HttpResponse:
        key, delivery = self.key(request), receive(request)
        drops = request.method == "DELETE"
        if drops and VERBS[word].drop is None:
            return self.http_method_not_allowed(request)
        if not delivery.is_empty and not isinstance(delivery.content.value, dict):
            return self.refuse(400, "The body is not a JSON object; nothing was changed.")
        delivery = _with_query(delivery, request)
        if lacks := missing(word, request.method or "", delivery.fields):
            return self.unprocessable(lacks, f"{lacks} is missing, or cannot be read.")
        address: dict[str, Any] = {"word": word, **self._named(request, key, identifier)}
        if drops:
            address["drop"] = True
        return self.accept(keep(delivery, key, "opsgenie-verb", address=address))

    put = patch = delete = post

    def _named(self, request: Request, key: str, identifier: str) -> Named:
        kind = request.query_params.get("identifierType", "id").lower()
        if kind == "alias":
            return {"alias": texts.key(identifier)}
        return address_of(reader(key), kind, identifier)


class Notes(Act):
    """What was written on an alert."""

    http_method_names = ("get", "post")

    def get(self, request: Request, identifier: str) -> HttpResponse:
        _, alert = _found(self, request, identifier)
        facts = alert.events.filter(kind=Kind.NOTED).select_related("actor")
        return self.tell([note_fields(fact) for fact in facts.order_by("-at", "-id")[:_SHOWN]])

    def post(self, request: Request, identifier: str, word: str = "notes") -> HttpResponse:
        return super().post(request, identifier, word)


class Heartbeat(_Door):
    """A ping for a heartbeat of the integration's own group or person."""

    def get(self, request: Request, name: str) -> HttpResponse:
        integration = self.asked(request)
        known = Beat.objects.filter(
            name=name, group=integration.group_id, assignee=integration.assignee_id
        )
        if "\x00" in name or not known.exists() or heartbeats.ping(name, clock.now()) is None:
            team = integration.group or integration.assignee
            return self.refuse(404, f"{team} has no heartbeat named {texts.line(name, 120)}.")
        told = {"result": "PONG - Heartbeat received", **_tail()}
        return answer(202, told)

    post = put = patch = get


class Nothing(_Door):
    """What Opsgenie has and we have in another way, or not at all."""

    def get(self, request: Request, **kwargs: str) -> HttpResponse:
        self.asked(request)
        return self.refuse(404, "AlertOps does not answer this part of Opsgenie's API.")

    post = put = patch = delete = get


def _found(door: _Door, request: Request, identifier: str) -> tuple[Integration, Alert]:
    integration = door.asked(request)
    kind = request.query_params.get("identifierType", "id").lower()
    return integration, find(integration, kind, identifier)


def _with_query(delivery: Delivery, request: Request) -> Delivery:
    """A DELETE says in its query what others say in the body; it is kept as one."""
    if not delivery.is_empty or not request.query_params:
        return delivery
    said = {name: str(value) for name, value in request.query_params.items()}
    said.pop("identifierType", None)
    if said:
        delivery.body = urlencode(said).encode()
        delivery.request.META["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        delivery.content = type(delivery.content)(said, "form")
    return delivery


def _paging(request: Request, page: search.Page, more: bool) -> dict[str, str]:
    def url(offset: int) -> str:
        asked = {name: str(value) for name, value in request.query_params.items()}
        query = urlencode({**asked, "offset": str(offset), "limit": str(page.limit)})
        return f"{settings.PUBLIC_URL}{request.path}?{query}"

    told = {"first": url(0)}
    if more:
        told["next"] = url(page.offset + page.limit)
    if page.offset:
        told["prev"] = url(max(0, page.offset - page.limit))
    return told
