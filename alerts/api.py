"""Alerts below /api/v1/: the same list, the same verbs and the same rules as the pages."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import (
    APIException,
    PermissionDenied,
    ValidationError,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts import actions, paging
from alerts.api_fields import (
    AlertFields,
    AlertPage,
    AssignFields,
    CreateFields,
    ErrorFields,
    NotedFields,
    NoteFields,
    SnoozeFields,
    Timeline,
)
from alerts.forms import by_status, search
from alerts.models import Alert, Source
from alerts.states import Severity, Status, Verb
from alerts.story import entries
from groups.models import Group

DEFAULT_LIMIT, MOST = 50, 200
TIMELINE_LIMIT = 500
_JOINS = ("group", "assignee", "source")
_ERRORS = {400: ErrorFields, 401: ErrorFields, 403: ErrorFields, 404: ErrorFields}
_LARGEST = 2**63 - 1


class Conflict(APIException):
    """The alert's state does not allow it."""

    status_code = 409
    default_code = "conflict"


def responder(request: Request) -> User:
    """Who is asking, provided they may answer alerts: all but Stakeholders."""
    user = person(request)
    if user.is_stakeholder:
        raise PermissionDenied("Stakeholders are informed; they do not answer alerts.")
    return user


_FILTERS = [
    OpenApiParameter("status", str, description="triggered, acknowledged, resolved, open, snoozed"),
    OpenApiParameter("severity", str, enum=Severity.values),
    OpenApiParameter("group", str, description="A group's slug or id"),
    OpenApiParameter("integration", str, description="An integration's name or id"),
    OpenApiParameter("dedup_key", str),
    OpenApiParameter("q", str, description="Words of the title, or a number"),
    OpenApiParameter("limit", int, description=f"1 to {MOST}; {DEFAULT_LIMIT} when left out"),
    OpenApiParameter("after", str, description="Where the page before ended; see `next`"),
    OpenApiParameter("before", str, description="Where the page after began; see `previous`"),
]


class Alerts(APIView):
    @extend_schema("alerts_list", parameters=_FILTERS, responses={200: AlertPage, **_ERRORS})
    def get(self, request: Request) -> Response:
        """List alerts, newest first."""
        asked = request.query_params
        alerts = Alert.objects.visible_to(person(request)).select_related(*_JOINS)
        cursors = {name: asked.get(name, "") for name in ("after", "before")}
        limit = _limit(asked.get("limit"), DEFAULT_LIMIT, MOST)
        try:
            page = paging.page(_filtered(alerts, request), size=limit, **cursors)
        except paging.BadCursor as error:
            raise ValidationError(str(error)) from error
        return Response(
            {
                "results": AlertFields(page.alerts, many=True).data,  # type: ignore[arg-type]
                "next": _page_url(request, "after", page.older),
                "previous": _page_url(request, "before", page.newer),
            }
        )

    @extend_schema(request=CreateFields, responses={201: AlertFields, **_ERRORS, 409: ErrorFields})
    def post(self, request: Request) -> Response:
        """Open an alert by hand; paging starts at once."""
        user = responder(request)
        data = _read(CreateFields, request)
        try:
            alert = actions.create(
                title=data["title"],
                description=data.get("description", ""),
                severity=Severity(data["severity"]),
                group=data.get("group"),
                assignee=data.get("assignee"),
                actor=user,
                now=clock.now(),
                via="api",
            )
        except actions.NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(AlertFields(alert).data, status=201)


class OneAlert(APIView):
    @extend_schema(responses={200: AlertFields, **_ERRORS})
    def get(self, request: Request, alert_id: int) -> Response:
        """Show one alert."""
        return Response(AlertFields(_visible(person(request), alert_id)).data)


class AlertTimeline(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("after", int, description="The id of the last fact already seen"),
            OpenApiParameter("limit", int, description=f"1 to {TIMELINE_LIMIT}"),
        ],
        responses={200: Timeline, **_ERRORS},
    )
    def get(self, request: Request, alert_id: int) -> Response:
        """Tell what happened, oldest first."""
        alert = _visible(person(request), alert_id)
        limit = _limit(request.query_params.get("limit"), TIMELINE_LIMIT, TIMELINE_LIMIT)
        after = _limit(request.query_params.get("after"), 0, _LARGEST, least=0, name="after")
        facts = alert.events.select_related("actor").filter(pk__gt=after).order_by("pk")
        found = list(facts[: limit + 1])
        more = found[limit - 1].pk if len(found) > limit else None
        results = Timeline({"results": entries(found[:limit]), "next": None}).data["results"]
        return Response({"results": results, "next": _page_url(request, "after", more)})


class Act(APIView):
    """One verb on one alert; a subclass says which, and what its body may hold."""

    verb: Verb
    body: type[Serializer[Any]] = NotedFields

    def move(self, data: dict[str, Any], now: datetime) -> dict[str, Any]:
        """Turn the body into what the verb needs."""
        return {"note": data.get("note", "")}

    def post(self, request: Request, alert_id: int) -> Response:
        user, now = responder(request), clock.now()
        alert = _visible(user, alert_id)
        extra = self.move(_read(self.body, request), now)
        try:
            actions.apply(
                self.verb, alert.pk, actions.Move(actor=user, now=now, via="api", **extra)
            )
        except actions.NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(AlertFields(_any(alert_id)).data)


def _verb(verb: Verb, body: type[Serializer[Any]], description: str) -> type[Act]:
    """Make the view of a verb, described for the schema."""
    responses = {200: AlertFields, **_ERRORS, 409: ErrorFields}
    described = extend_schema(request=body, responses=responses, description=description)
    view = type(f"{verb.name.title()}Alert", (Act,), {"verb": verb, "body": body})
    view.post = described(view.post)  # type: ignore[attr-defined]
    return view


class AssignAlert(Act):
    verb, body = Verb.ASSIGN, AssignFields

    def move(self, data: dict[str, Any], now: datetime) -> dict[str, Any]:
        return {"assignee": data.get("assignee"), "group": data.get("group"), **_note(data)}

    @extend_schema(request=AssignFields, responses={200: AlertFields, **_ERRORS, 409: ErrorFields})
    def post(self, request: Request, alert_id: int) -> Response:
        """Hand the alert to a person, who is paged at once, or to another group."""
        return super().post(request, alert_id)


class SnoozeAlert(Act):
    verb, body = Verb.SNOOZE, SnoozeFields

    def move(self, data: dict[str, Any], now: datetime) -> dict[str, Any]:
        until = data.get("until") or now + timedelta(minutes=data.get("minutes", 0))
        return {"until": until, **_note(data)}

    @extend_schema(request=SnoozeFields, responses={200: AlertFields, **_ERRORS, 409: ErrorFields})
    def post(self, request: Request, alert_id: int) -> Response:
        """Page nobody until then; afterwards paging starts anew."""
        return super().post(request, alert_id)


def _note(data: dict[str, Any]) -> dict[str, str]:
    return {"note": data.get("note", "")}


VERBS: dict[Verb, type[Act]] = {
    Verb.ACKNOWLEDGE: _verb(Verb.ACKNOWLEDGE, NotedFields, "Take it; nobody else is paged."),
    Verb.UNACKNOWLEDGE: _verb(Verb.UNACKNOWLEDGE, NotedFields, "Give it back; paging restarts."),
    Verb.RESOLVE: _verb(Verb.RESOLVE, NotedFields, "It is over."),
    Verb.ESCALATE: _verb(Verb.ESCALATE, NotedFields, "Page the next level now."),
    Verb.ASSIGN: AssignAlert,
    Verb.SNOOZE: SnoozeAlert,
    Verb.NOTE: _verb(Verb.NOTE, NoteFields, "Write on the timeline."),
}


def _visible(user: User, alert_id: int) -> Alert:
    visible = Alert.objects.visible_to(user).select_related(*_JOINS)
    return get_object_or_404(visible, pk=alert_id)


def _any(alert_id: int) -> Alert:
    return Alert.objects.select_related(*_JOINS).get(pk=alert_id)


def _read(body: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    fields = body(data=request.data, context={"request": request})
    fields.is_valid(raise_exception=True)
    return dict(fields.validated_data)


def _filtered(alerts: QuerySet[Alert], request: Request) -> QuerySet[Alert]:
    asked = request.query_params
    if status := asked.get("status"):
        _known("status", status, {*Status.values, "open", "snoozed", "all"})
        alerts = by_status(alerts, status)
    if severity := asked.get("severity"):
        _known("severity", severity, set(Severity.values))
        alerts = alerts.filter(severity=severity)
    if group := _clean(asked.get("group", "")):
        alerts = alerts.filter(group=_group(group, person(request)))
    if integration := _clean(asked.get("integration", "")):
        alerts = alerts.filter(source__in=_sources(integration))
    if dedup_key := _clean(asked.get("dedup_key", "")):
        alerts = alerts.filter(dedup_key=dedup_key)
    return search(alerts, _clean(asked.get("q", "")))


def _group(name: str, user: User) -> Group:
    visible = Group.objects.visible_to(user)
    found = visible.filter(slug=name).first() or visible.filter(pk=_id(name)).first()
    if found is None:
        raise ValidationError(f"There is no group {name!r} that you can see.")
    return found


def _sources(name: str) -> QuerySet[Source]:
    named = Source.objects.filter(name=name)
    return named if named.exists() else Source.objects.filter(pk=_id(name))


def _id(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _clean(text: str) -> str:
    if "\x00" in text:
        raise ValidationError("A filter cannot contain the NUL character.")
    return text.strip()[:255]


def _known(name: str, value: str, words: set[str]) -> None:
    if value not in words:
        raise ValidationError(f"{name} is one of {', '.join(sorted(words))}.")


def _limit(text: str | None, default: int, most: int, least: int = 1, name: str = "limit") -> int:
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
    if not least <= number <= most:
        raise ValidationError(f"{name} is a number from {least} to {most}.")
    return number


def _page_url(request: Request, name: str, cursor: object) -> str | None:
    if cursor is None:
        return None
    asked = request.query_params.items()
    kept = {key: str(value) for key, value in asked if key not in {"after", "before"}}
    return f"{settings.PUBLIC_URL}{request.path}?{urlencode({**kept, name: str(cursor)})}"
