"""Who is on call, and the final shifts of a schedule, below /api/v1/."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from groups.models import Group
from schedules import oncall, rota
from schedules.models import EARLIEST, LATEST, Schedule
from schedules.resolver import ROLES
from schedules.rota import Segment
from schedules.states import Role

WINDOW, LONGEST_WINDOW = timedelta(days=14), timedelta(days=366)


class NamedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class OnDutySerializer(NamedSerializer):
    """Somebody on call, and why."""

    source = serializers.CharField()  # type: ignore[assignment]
    until = serializers.DateTimeField(allow_null=True)


class OnCallSerializer(serializers.Serializer[Any]):
    """Who is on call in a group at one instant."""

    group = serializers.CharField()
    at = serializers.DateTimeField()
    primary = OnDutySerializer(many=True)
    secondary = OnDutySerializer(many=True)
    manager = OnDutySerializer(many=True)
    source = serializers.CharField()  # type: ignore[assignment]
    has_schedule = serializers.BooleanField()
    schedule = serializers.IntegerField(allow_null=True)
    next_handoff = serializers.DateTimeField(allow_null=True)


class ShiftSerializer(serializers.Serializer[Any]):
    """One final shift; without a person it is a gap."""

    person = NamedSerializer(allow_null=True)
    role = serializers.ChoiceField(choices=Role.choices)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment]


class ShiftsSerializer(serializers.Serializer[Any]):
    """The final shifts of a schedule, by start."""

    schedule = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    shifts = ShiftSerializer(many=True)


class OnCallView(APIView):
    """Who is on call in a group."""

    @extend_schema(
        parameters=[OpenApiParameter("at", OpenApiTypes.DATETIME, description="Default: now.")],
        responses=OnCallSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who is on call at an instant, why, and until when."""
        group = get_object_or_404(Group.objects.visible_to(person(request)), slug=slug)
        return Response(_board_of(group, instant(request, "at") or clock.now()))


class ShiftsView(APIView):
    """The final calendar of a schedule."""

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="Default: now."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Default: 14 days on."),
        ],
        responses=ShiftsSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Final shifts in a window of at most 366 days, gaps included."""
        schedule = get_object_or_404(Schedule.objects.visible_to(person(request)), pk=pk)
        since = instant(request, "since") or clock.now()
        until = instant(request, "until") or since + WINDOW
        if until <= since:
            raise exceptions.ValidationError({"until": "The end must be after the start."})
        if until - since > LONGEST_WINDOW:
            raise exceptions.ValidationError("The window is at most 366 days.")
        return Response(_shifts_of(schedule, since, until))


def instant(request: Request, name: str) -> datetime | None:
    """Read an instant from the query, or None; anything without a zone is refused."""
    text = request.query_params.get(name, "").strip()
    text = text[:11] + text[11:].replace(" ", "+")  # a bare + in a query is read as a blank
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        sentence = "Write an instant with its zone, such as 2026-03-29T09:00:00+02:00."
        raise exceptions.ValidationError({name: sentence})
    if not EARLIEST.year < at.year < LATEST.year:
        raise exceptions.ValidationError({name: "This must lie between 2001 and 2199."})
    return at.astimezone(UTC)


def _board_of(group: Group, at: datetime) -> dict[str, Any]:
    entry = oncall.board([group.pk], at)[group.pk]
    answer, changes = entry.now, entry.changes
    names = dict(User.objects.filter(pk__in=answer.people).values_list("pk", "name"))
    people: dict[Role, list[dict[str, Any]]] = {role: [] for role in ROLES}
    for duty in answer.duties:
        why, until = oncall.why(entry.roster, duty.source), _start(changes[duty.role])
        people[duty.role].append(_person(duty.user, names) | {"source": why, "until": until})
    managers = [
        _person(pk, names) | {"source": oncall.MEMBERS, "until": None} for pk in answer.manager
    ]
    return {
        "group": group.slug,
        "at": at.isoformat(),
        "primary": people[Role.PRIMARY],
        "secondary": people[Role.SECONDARY],
        "manager": managers,
        "source": answer.source,
        "has_schedule": answer.has_schedule,
        "schedule": answer.schedule_id,
        "next_handoff": min(filter(None, map(_start, changes.values())), default=None),
    }


def _shifts_of(schedule: Schedule, since: datetime, until: datetime) -> dict[str, Any]:
    roster = oncall.roster_of(schedule, since, until)
    found = rota.shifts(roster.plan, since, until)
    users = {shift.user for shift in found if shift.user is not None}
    names = dict(User.objects.filter(pk__in=users).values_list("pk", "name"))
    return {
        "schedule": schedule.pk,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "shifts": [
            {
                "person": _person(shift.user, names) if shift.user is not None else None,
                "role": shift.role.value,
                "start": shift.start.isoformat(),
                "end": shift.end.isoformat(),
                "source": oncall.why(roster, shift.source),
            }
            for shift in found
        ],
    }


def _person(pk: int, names: dict[int, str]) -> dict[str, Any]:
    return {"id": pk, "name": names.get(pk, "")}


def _start(change: Segment | None) -> str | None:
    return change.start.isoformat() if change else None
