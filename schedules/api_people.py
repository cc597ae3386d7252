"""Who is on call over all groups in sight, and whose shifts are when, below /api/v1/."""

from datetime import datetime
from typing import Any

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
from schedules import oncall, rosters, rota
from schedules.api_answers import (
    LONGEST_WINDOW,
    WINDOW,
    NamedSerializer,
    ShiftSerializer,
    instant,
)
from schedules.api_fields import Pages
from schedules.oncall import OnCall
from schedules.states import Role, Why

MOST_GROUPS = 100


class OnCallNowSerializer(serializers.Serializer[Any]):
    """Who is on call in one group."""

    group = serializers.CharField()
    primary = NamedSerializer(many=True)
    secondary = NamedSerializer(many=True)
    manager = NamedSerializer(many=True)
    source = serializers.CharField()  # type: ignore[assignment]
    has_schedule = serializers.BooleanField()


class OnCallListSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = OnCallNowSerializer(many=True)


class PersonShiftSerializer(ShiftSerializer):
    group = serializers.CharField()
    schedule = serializers.IntegerField()


class PersonShiftsSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    shifts = PersonShiftSerializer(many=True)


class OnCallListView(APIView):
    """Who is on call in every group you may see."""

    @extend_schema(
        parameters=[
            OpenApiParameter("at", OpenApiTypes.DATETIME, description="Default: now."),
            OpenApiParameter("person", int, description="Only groups in which they are on call."),
            OpenApiParameter("role", str, enum=["primary", "secondary", "manager"]),
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
        ],
        responses=OnCallListSerializer,
    )
    def get(self, request: Request) -> Response:
        """One line a group, by name; in a number of queries that does not grow."""
        at = instant(request, "at") or clock.now()
        groups = Group.objects.visible_to(person(request)).active().order_by("name", "pk")
        whose, role = request.query_params.get("person", ""), request.query_params.get("role", "")
        if role not in ("", *Role.values, "manager"):
            raise exceptions.ValidationError({"role": "Choose primary, secondary or manager."})
        if whose:
            groups = groups.filter(pk__in=_on_call_of(groups, _number(whose), role, at))
        pages = Pages()
        page = pages.paginate_queryset(groups, request, view=self) or []
        answers = oncall.on_call([group.pk for group in page], at)
        people = {pk for answer in answers.values() for pk in answer.people}
        names = dict(User.objects.filter(pk__in=people).values_list("pk", "name"))
        return pages.get_paginated_response(
            [
                {
                    "group": group.slug,
                    **_posts(answers[group.pk], role, names),
                    "source": answers[group.pk].source,
                    "has_schedule": answers[group.pk].has_schedule,
                }
                for group in page
            ]
        )


class PersonShiftsView(APIView):
    """The final shifts of one person over all groups you may see."""

    @extend_schema(
        parameters=[
            OpenApiParameter("person", int, description="Default: yourself."),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="Default: now."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Default: 14 days on."),
        ],
        responses=PersonShiftsSerializer,
    )
    def get(self, request: Request) -> Response:
        """By start, in a window of at most 366 days. A standing order is no shift."""
        since, until = _window(request)
        user = person(request)
        whose = _number(request.query_params.get("person", "") or str(user.pk))
        groups = Group.objects.visible_to(user).filter(members__user=whose)
        slugs = dict(groups.order_by("pk").values_list("pk", "slug")[:MOST_GROUPS])
        found = [
            (shift, roster)
            for roster in rosters.load(slugs, since, until).values()
            for shift in rota.shifts(roster.plan, since, until)
            if shift.user == whose and shift.source and shift.source.why != Why.MEMBER
        ]
        found.sort(key=lambda each: (each[0].start, each[1].group, each[0].role))
        names = dict(User.objects.filter(pk=whose).values_list("pk", "name")) if found else {}
        shifts = [
            {
                "person": {"id": whose, "name": names[whose]},
                "role": shift.role.value,
                "start": shift.start.isoformat(),
                "end": shift.end.isoformat(),
                "source": oncall.why(roster, shift.source),
                "group": slugs[roster.group],
                "schedule": roster.schedule,
            }
            for shift, roster in found
        ]
        return Response({"since": since.isoformat(), "until": until.isoformat(), "shifts": shifts})


def _on_call_of(groups: Any, person: int, role: str, at: datetime) -> list[int]:
    """Return the groups in which somebody is on call at `at`."""
    theirs = list(groups.filter(members__user=person).values_list("pk", flat=True))
    return [
        group
        for group, answer in oncall.on_call(theirs, at).items()
        if person in (getattr(answer, role) if role else answer.people)
    ]


def _posts(answer: OnCall, role: str, names: dict[int, str]) -> dict[str, Any]:
    return {
        post: [{"id": pk, "name": names[pk]} for pk in getattr(answer, post)]
        for post in (*Role.values, "manager")
        if role in ("", post)
    }


def _window(request: Request) -> tuple[datetime, datetime]:
    since = instant(request, "since") or clock.now()
    until = instant(request, "until") or since + WINDOW
    if until <= since:
        raise exceptions.ValidationError({"until": "The end must be after the start."})
    if until - since > LONGEST_WINDOW:
        raise exceptions.ValidationError(f"The window is at most {LONGEST_WINDOW.days} days.")
    return since, until


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise exceptions.ValidationError({"person": "Name a person by their number."})
    return int(text)
