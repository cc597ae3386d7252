"""Warnings, quality and hours of one schedule, below /api/v1/: the pages' figures."""

from datetime import datetime, timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.signed_in import person
from alertops import clock
from schedules.api_answers import LONGEST_WINDOW, NamedSerializer, instant
from schedules.findings import Finding, Kind, Level
from schedules.hours import HOUR, Hours
from schedules.models import Schedule
from schedules.moving import AHEAD
from schedules.quality import YEAR
from schedules.review import Review, hours_of, review
from schedules.states import Role
from schedules.walltime import zone_of


class WarningSerializer(serializers.Serializer[Any]):
    """One thing that is wrong; what does not apply is null."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    level = serializers.ChoiceField(choices=[level.value for level in Level])
    text = serializers.CharField()
    person = NamedSerializer(allow_null=True)
    role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    layer = serializers.CharField(allow_null=True)
    start = serializers.DateTimeField(allow_null=True)
    end = serializers.DateTimeField(allow_null=True)


class LoadSerializer(serializers.Serializer[Any]):
    person = NamedSerializer()
    hours = serializers.FloatField()
    against_mean = serializers.FloatField(help_text="1 is the mean.")


class QualitySerializer(serializers.Serializer[Any]):
    """Of the 52 weeks to come."""

    score = serializers.IntegerField(min_value=0, max_value=100)
    coverage = serializers.FloatField(min_value=0, max_value=1)
    balance = serializers.FloatField(min_value=0, max_value=1)
    role = serializers.ChoiceField(choices=Role.choices, help_text="Whose coverage it is.")
    uncovered_hours = serializers.FloatField()
    advice = serializers.ListField(child=serializers.CharField())
    people = LoadSerializer(many=True)


class ReviewSerializer(serializers.Serializer[Any]):
    schedule = serializers.IntegerField()
    at = serializers.DateTimeField()
    until = serializers.DateTimeField()
    warnings = WarningSerializer(many=True)
    quality = QualitySerializer(allow_null=True)


class PersonHoursSerializer(serializers.Serializer[Any]):
    person = NamedSerializer()
    shifts = serializers.IntegerField()
    nights = serializers.FloatField()
    weekends = serializers.FloatField()
    holidays = serializers.FloatField()
    total = serializers.FloatField()
    so_far = serializers.FloatField()


class HoursSerializer(serializers.Serializer[Any]):
    """Hours; a Saturday night counts as night and as weekend."""

    schedule = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    time_zone = serializers.CharField()
    people = PersonHoursSerializer(many=True)


class WarningsView(APIView):
    """What is wrong with a schedule, and how good it is."""

    @extend_schema(responses=ReviewSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Warnings, the worst first; the score and what would raise it."""
        schedule = _schedule(request, pk)
        found = review(schedule, clock.now())
        return Response(
            {
                "schedule": schedule.pk,
                "at": found.now.isoformat(),
                "until": (found.now + YEAR).isoformat(),
                "warnings": [_warning(each, text, found) for each, text in found.findings],
                "quality": _quality(found),
            }
        )


class HoursView(APIView):
    """Hours per person."""

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="Default: now."),
            OpenApiParameter("until", OpenApiTypes.DATETIME, description="Default: 12 weeks on."),
            OpenApiParameter("zone", str, description="Whose nights; default: the schedule's."),
            OpenApiParameter("role", str, enum=Role.values, description="Default: either."),
        ],
        responses=HoursSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Nights, weekends, holidays and all, the longest first; the past from the record."""
        schedule, now = _schedule(request, pk), clock.now()
        since = instant(request, "since") or now
        until = instant(request, "until") or since + AHEAD
        if until <= since:
            raise exceptions.ValidationError({"until": "The end must be after the start."})
        if until - since > LONGEST_WINDOW:
            raise exceptions.ValidationError(f"The window is at most {LONGEST_WINDOW.days} days.")
        role = request.query_params.get("role", "")
        if role not in ("", *Role.values):
            raise exceptions.ValidationError({"role": "Choose primary or secondary."})
        name = request.query_params.get("zone", "") or schedule.time_zone
        zone = zone_of(name)
        if zone.key != name and name != schedule.time_zone:
            raise exceptions.ValidationError({"zone": "Name a zone such as Europe/Vienna."})
        found, people = hours_of(
            schedule, since, until, zone, now=now, role=Role(role) if role else None
        )
        return Response(
            {
                "schedule": schedule.pk,
                "since": since.isoformat(),
                "until": until.isoformat(),
                "time_zone": zone.key,
                "people": [_person_hours(each, people[each.user].name) for each in found],
            }
        )


def _schedule(request: Request, pk: int) -> Schedule:
    visible = Schedule.objects.visible_to(person(request)).select_related("group")
    return get_object_or_404(visible, pk=pk)


def _warning(finding: Finding, text: str, found: Review) -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "level": finding.level.value,
        "text": text,
        "person": _person(finding.user, found) if finding.user is not None else None,
        "role": finding.role.value if finding.role else None,
        "layer": found.names.layers.get(finding.layer, "") if finding.layer else None,
        "start": _iso(finding.start),
        "end": _iso(finding.end),
    }


def _quality(found: Review) -> dict[str, Any] | None:
    quality = found.quality
    if quality is None:
        return None
    return {
        "score": quality.score,
        "coverage": round(quality.coverage, 4),
        "balance": round(quality.balance, 4),
        "role": quality.role.value,
        "uncovered_hours": _hours(quality.uncovered),
        "advice": found.advice,
        "people": [
            {
                "person": _person(load.user, found),
                "hours": _hours(load.hours),
                "against_mean": round(load.times_mean, 4),
            }
            for load in quality.loads
        ],
    }


def _person_hours(hours: Hours, name: str) -> dict[str, Any]:
    return {
        "person": {"id": hours.user, "name": name},
        "shifts": hours.shifts,
        "nights": _hours(hours.nights),
        "weekends": _hours(hours.weekends),
        "holidays": _hours(hours.holidays),
        "total": _hours(hours.total),
        "so_far": _hours(hours.past),
    }


def _person(user: int, found: Review) -> dict[str, Any]:
    return {"id": user, "name": found.people[user].name if user in found.people else ""}


def _hours(span: timedelta) -> float:
    return round(span / HOUR, 2)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
