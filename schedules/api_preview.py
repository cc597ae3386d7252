"""What a change would do, below /api/v1/: who gains and loses which shifts. Nothing is saved."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from schedules import api, api_requests, preview, rota
from schedules.api_answers import LONGEST_WINDOW, NamedSerializer
from schedules.duty_hours import Span, joined, without
from schedules.models import EARLIEST, LATEST, Schedule
from schedules.moving import AHEAD
from schedules.resolver import ROLES, Plan
from schedules.rota import Shift
from schedules.states import Role

DOORS: Mapping[str, Any] = {
    "schedules": api.ScheduleViewSet,
    "rotations": api.RotationViewSet,
    "fixed-shifts": api.FixedShiftViewSet,
    "imported-calendars": api.ImportedCalendarViewSet,
    "overrides": api.OverrideViewSet,
    "temporary-schedules": api_requests.TemporaryViewSet,
    "time-off": api_requests.TimeOffViewSet,
}
"""What can be tried, by the name it has in addresses: the very views that would do it."""


class ProposalSerializer(serializers.Serializer[Any]):
    """A change that is only tried."""

    what = serializers.ChoiceField(choices=sorted(DOORS), help_text="As in /api/v1/<what>/.")
    id = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="What is changed; none: it is new."
    )
    remove = serializers.BooleanField(required=False, default=False)
    change = serializers.DictField(
        required=False, default=dict, help_text="The body that would be sent to /api/v1/<what>/."
    )
    since = serializers.DateTimeField(
        required=False,
        default=None,
        allow_null=True,
        help_text="Default, and at the earliest: now.",
    )
    until = serializers.DateTimeField(
        required=False, default=None, allow_null=True, help_text="Default: 12 weeks on."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if given["remove"] and given["id"] is None:
            raise serializers.ValidationError({"id": "Say what is to be removed."})
        for name in ("since", "until"):
            at = given[name]
            if at is not None and not EARLIEST.year < at.year < LATEST.year:
                raise serializers.ValidationError({name: "This must lie between 2001 and 2199."})
        return given


class StretchSerializer(serializers.Serializer[Any]):
    """[start, end) in one role."""

    role = serializers.ChoiceField(choices=Role.choices)
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class MovedSerializer(serializers.Serializer[Any]):
    """One person whose shifts would be others."""

    person = NamedSerializer()
    gained = StretchSerializer(many=True)
    lost = StretchSerializer(many=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """Who changes when, and where nobody would be on call who is now."""

    schedule = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    people = MovedSerializer(many=True)
    gaps_opened = StretchSerializer(many=True)
    gaps_closed = StretchSerializer(many=True)


class PreviewView(APIView):
    """A change tried, and taken back."""

    @extend_schema(request=ProposalSerializer, responses=PreviewSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Say who would gain and lose which shifts. Nothing is saved, nobody is told.

        The same rules as for the change itself: who may make it, and what is refused.
        """
        visible = Schedule.objects.visible_to(person(request)).select_related("group")
        schedule = get_object_or_404(visible, pk=pk)
        given = ProposalSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        proposal = given.validated_data
        since, until = _window(proposal, clock.now())
        change = _change(schedule, proposal, request)
        before, after = preview.proposed(schedule, change, since, until)
        return Response(_answer(schedule, before, after, since, until))


def _window(proposal: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    since = max(proposal["since"] or now, now)
    until = proposal["until"] or since + AHEAD
    if until <= since:
        raise exceptions.ValidationError({"until": "The end must be after the start, and ahead."})
    if until - since > LONGEST_WINDOW:
        raise exceptions.ValidationError(f"The window is at most {LONGEST_WINDOW.days} days.")
    return since, until


def _change(
    schedule: Schedule, proposal: Mapping[str, Any], request: Request
) -> Callable[[], None]:
    """Return what makes the change as its own address would."""
    door = DOORS[proposal["what"]](request=request, format_kwarg=None, kwargs={})
    number, body = proposal["id"], dict(proposal["change"])
    thing = None if number is None else get_object_or_404(door.get_queryset(), pk=number)
    if thing is not None and _schedule_of(thing, schedule) != schedule.pk:
        raise exceptions.NotFound
    if "schedule" in door.serializer_class.Meta.fields:
        body["schedule"] = schedule.pk

    def made() -> None:
        if proposal["remove"]:
            door.perform_destroy(thing)
            return
        serializer = door.serializer_class(
            thing, data=body, partial=thing is not None, context={"request": request}
        )
        serializer.is_valid(raise_exception=True)
        serializer.save()

    return made


def _schedule_of(thing: Any, schedule: Schedule) -> int:
    """Return the schedule something belongs to; time off is everybody's."""
    if isinstance(thing, Schedule):
        return thing.pk
    return int(getattr(thing, "schedule_id", schedule.pk))


def _answer(
    schedule: Schedule, before: Plan, after: Plan, since: datetime, until: datetime
) -> dict[str, Any]:
    moved = preview.preview(before, after, since, until)
    names = dict(User.objects.filter(pk__in=[m.user for m in moved]).values_list("pk", "name"))
    was, will = _gaps(before, since, until), _gaps(after, since, until)
    return {
        "schedule": schedule.pk,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "people": [
            {
                "person": {"id": each.user, "name": names.get(each.user, "")},
                "gained": [_stretch(s.role, (s.start, s.end)) for s in each.gained],
                "lost": [_stretch(s.role, (s.start, s.end)) for s in each.lost],
            }
            for each in moved
        ],
        "gaps_opened": [
            _stretch(role, span) for role in ROLES for span in without(will[role], was[role])
        ],
        "gaps_closed": [
            _stretch(role, span) for role in ROLES for span in without(was[role], will[role])
        ],
    }


def _gaps(plan: Plan, since: datetime, until: datetime) -> dict[Role, list[Span]]:
    empty: list[Shift] = [s for s in rota.shifts(plan, since, until) if s.user is None]
    return {role: joined([(s.start, s.end) for s in empty if s.role == role]) for role in ROLES}


def _stretch(role: Role, span: Span) -> dict[str, str]:
    return {"role": role.value, "start": span[0].isoformat(), "end": span[1].isoformat()}
