"""Alerta's addresses. Whatever changes something is stored first."""

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from alertops import clock
from alerts.models import Alert
from alerts.states import Status
from integrations import heartbeats, texts
from integrations.dropins.alerta.answers import FILTERS, SEVERITIES, instant, posted, told_of
from integrations.dropins.alerta.verbs import lacks
from integrations.dropins.door import DropInDoor, alerts_of, keep, reader, receive
from integrations.dropins.earlier import Named, alert_of
from integrations.ingest import answer
from integrations.models import Heartbeat as Beat
from integrations.models import Integration
from integrations.vendors.alerta import alerta

_EVENT = re.compile(r"event-([0-9]{1,18})")
_PAGE, _MOST = 50, 1000
_HARMLESS = {"page", "page-size", "sort-by", "reverse", "api-key"}


class _Door(DropInDoor):
    schemes = ("Key", "Bearer")

    def key(self, request: Request) -> str:
        """Alerta takes it in several places."""
        plain = request.headers.get("X-API-Key") or request.query_params.get("api-key") or ""
        return super().key(request) or str(plain).strip()

    def refuse(self, status: int, sentence: str) -> HttpResponse:
        told = {"status": "error", "message": sentence, "code": status, "errors": [sentence]}
        return answer(status, told)

    def asked(self, request: Request) -> Integration:
        return reader(self.key(request))


class Post(_Door):
    http_method_names = ("post",)

    def post(self, request: Request) -> HttpResponse:
        delivery = receive(request)
        event = keep(delivery, self.key(request), "alerta")
        fields = delivery.fields
        for name in ("resource", "event"):
            if not texts.words(fields.get(name)).strip():
                return self.refuse(
                    400, f"missing mandatory value for {name}; it was opened anyway."
                )
        name = f"event-{event}"
        return answer(201, {"status": "ok", "id": name, "alert": posted(fields, name)})


class OneAlert(_Door):
    http_method_names = ("get", "delete")

    def get(self, request: Request, name: str) -> HttpResponse:
        integration = self.asked(request)
        alert = _found(integration, name)
        if alert is None:
            return self.refuse(404, "not found; it may not have been worked off yet.")
        return answer(200, {"status": "ok", "total": 1, "alert": told_of(alert, integration)})

    def delete(self, request: Request, name: str) -> HttpResponse:
        self.asked(request)
        return self.refuse(403, "Alerts are kept here; close it instead of deleting it.")


class Act(_Door):
    http_method_names = ("put", "post")

    def put(self, request: Request, name: str, word: str) -> HttpResponse:
        key, delivery = self.key(request), receive(request)
        if not delivery.fields:
            return self.refuse(400, "The body is not a JSON object; nothing was changed.")
        if wrong := lacks(word, delivery.fields):
            return self.refuse(400, wrong)
        named = _named(reader(key), name)
        if "unknown" in named:
            return self.refuse(404, str(named["unknown"]))
        keep(delivery, key, "alerta-verb", address={"word": word, **named})
        return answer(202, {"status": "ok"})

    post = put


class Alerts(_Door):
    """Lists and counts. A filter that is not known is refused: its caller may be about to close
    all that it finds."""

    http_method_names = ("get",)

    def get(self, request: Request, count: str = "") -> HttpResponse:
        integration = self.asked(request)
        asked = request.query_params
        names = {name.removesuffix("!") for name in asked} - _HARMLESS
        if unknown := names - set(FILTERS):
            return self.refuse(400, f"{', '.join(sorted(unknown))} cannot be filtered by here.")
        alerts = alerts_of(integration)
        for name in names:
            found = Q()
            for value in asked.getlist(name)[:100]:
                found |= FILTERS[name](value.replace("\x00", ""))
            alerts = alerts.filter(found)
        if count:
            total = alerts.values("pk")[:20_000].count()
            return answer(200, {"status": "ok", "total": total, **_no_counts()})
        return answer(200, _page(alerts, integration, asked))


def _page(
    alerts: QuerySet[Alert], integration: Integration, asked: Mapping[str, str]
) -> dict[str, Any]:
    page, size = _number(asked, "page", 1), min(_number(asked, "page-size", _PAGE), _MOST)
    start = min((page - 1) * size, 20_000)
    rows = list(alerts.order_by("-opened_at", "-pk")[start : start + size + 1])
    return {
        "status": "ok",
        "alerts": [told_of(alert, integration) for alert in rows[:size]],
        "total": start + len(rows),
        "page": page,
        "pageSize": size,
        "pages": page + (len(rows) > size),
        "more": len(rows) > size,
        "autoRefresh": True,
        "lastTime": instant(rows[0].last_event_at if rows else clock.now()),
        **_no_counts(),
    }


def _no_counts() -> dict[str, Any]:
    return {"severityCounts": {}, "statusCounts": {}}


class Heartbeat(_Door):
    """A ping for the heartbeat that is named like the origin, of the integration's own group."""

    http_method_names = ("post",)

    def post(self, request: Request) -> HttpResponse:
        integration, delivery = self.asked(request), receive(request)
        origin = delivery.text("origin").replace("\x00", "")
        known = Beat.objects.filter(
            name=origin, group=integration.group_id, assignee=integration.assignee_id
        )
        if not known.exists() or heartbeats.ping(origin, clock.now()) is None:
            team = integration.group or integration.assignee
            return self.refuse(404, f"{team} has no heartbeat named {texts.line(origin, 120)}.")
        now = instant(clock.now())
        beat: dict[str, Any] = {
            "id": origin,
            "origin": origin,
            "status": "ok",
            "tags": [],
            "attributes": {},
        }
        beat |= {"type": "Heartbeat", "createTime": now, "receiveTime": now, "timeout": 86400}
        return answer(201, {"status": "ok", "id": origin, "heartbeat": beat})


class Config(_Door):
    """What the command line asks before anything else, without a key. It tells nothing of ours."""

    http_method_names = ("get",)

    def get(self, request: Request) -> HttpResponse:
        order = {name: rank for rank, name in enumerate(SEVERITIES.values(), start=1)}
        levels: dict[str, int] = {**order, "normal": 6, "ok": 6, "cleared": 6}
        return answer(200, {"alarm_model": {"name": "AlertOps", "severity": levels}})


def _named(integration: Integration, name: str) -> Named:
    if found := _EVENT.fullmatch(name):
        return alert_of(integration, int(found[1]), alerta)
    number = int(name) if name.isascii() and name.isdecimal() and len(name) < 19 else 0
    if alerts_of(integration).filter(pk=number).exists():
        return {"alert": number}
    return {"unknown": "not found"}


def _found(integration: Integration, name: str) -> Alert | None:
    named = _named(integration, name)
    alerts = alerts_of(integration)
    if "alert" in named:
        return alerts.filter(pk=named["alert"]).first()
    if "alias" in named:
        is_over = Q(status=Status.RESOLVED)
        return alerts.exclude(is_over).filter(dedup_key=named["alias"]).first()
    return None


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 6 else default
