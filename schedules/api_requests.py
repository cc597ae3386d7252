"""What people ask of each other and of calendars, below /api/v1/: time off, swaps, temporary
schedules, feeds, notices, holidays."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_errors import refusals
from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from groups.models import Group
from schedules import (
    actions,
    actions_away,
    actions_feeds,
    actions_swaps,
    actions_temporary,
    public_holidays,
)
from schedules.api_fields import Pages, PersonField, ThroughActions
from schedules.models import (
    CalendarFeed,
    HolidayCalendar,
    NoticeSettings,
    Schedule,
    SwapRequest,
    TemporarySchedule,
    TemporaryShift,
    TimeOff,
)

Given = Mapping[str, Any]


class TimeOffSerializer(ThroughActions):
    group = serializers.SlugRelatedField(
        slug_field="slug", queryset=Group.objects.none(), allow_null=True, required=False
    )

    class Meta:
        model = TimeOff
        fields = [
            "id", "user", "group", "covered_by", "starts_at", "ends_at", "reason", "answer",
            "answered_at", "created_by",
        ]  # fmt: skip
        read_only_fields = ["answer", "answered_at", "created_by"]
        validators: list[Any] = []

    def act(self, thing: TimeOff, beside: Given, *, actor: User, now: datetime) -> TimeOff:
        change = actions_away.change_time_off if thing.pk else actions_away.add_time_off
        return change(thing, actor=actor, now=now)


class AnswerSerializer(serializers.Serializer[Any]):
    """Whether one covers."""

    accepted = serializers.BooleanField()


class TimeOffViewSet(viewsets.ModelViewSet[TimeOff]):
    """Who is away, and who covers. Deleting one that runs ends it now."""

    serializer_class = TimeOffSerializer
    pagination_class = Pages
    queryset = TimeOff.objects.none()

    def get_queryset(self) -> QuerySet[TimeOff]:
        seen = actions_away.visible_to(person(self.request))
        return seen.select_related("user", "group", "covered_by").order_by("-starts_at", "-pk")

    def perform_destroy(self, instance: TimeOff) -> None:
        with refusals():
            actions_away.end_time_off(instance, actor=person(self.request), now=clock.now())

    @extend_schema(request=AnswerSerializer, responses=TimeOffSerializer)
    @action(detail=True, methods=["post"])
    def answer(self, request: Request, pk: str | None = None) -> Response:
        """Say whether you cover."""
        given = AnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        accepted = given.validated_data["accepted"]
        with refusals():
            changed = actions_away.answer_time_off(
                self.get_object(), accepted, actor=person(request), now=clock.now()
            )
        return Response(self.get_serializer(changed).data)


class SwapSerializer(ThroughActions):
    class Meta:
        model = SwapRequest
        fields = [
            "id", "schedule", "user", "offered_to", "starts_at", "ends_at", "return_starts_at",
            "return_ends_at", "note", "state", "taken_by", "decided_at", "created_by",
        ]  # fmt: skip
        read_only_fields = ["state", "taken_by", "decided_at", "created_by"]
        validators: list[Any] = []

    def act(self, thing: SwapRequest, beside: Given, *, actor: User, now: datetime) -> SwapRequest:
        return actions_swaps.request(thing, actor=actor, now=now)


class SwapViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet[SwapRequest],
):
    """Requests to cover or to swap. Made once, then taken, declined or cancelled."""

    serializer_class = SwapSerializer
    pagination_class = Pages
    queryset = SwapRequest.objects.none()

    def get_queryset(self) -> QuerySet[SwapRequest]:
        seen = actions_swaps.visible_to(person(self.request))
        return seen.select_related("schedule__group", "user").order_by("-starts_at", "-pk")

    @extend_schema(request=None, responses=SwapSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str | None = None) -> Response:
        """Take all of it over."""
        return self._decide(actions_swaps.take)

    @extend_schema(request=None, responses=SwapSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str | None = None) -> Response:
        """Say no."""
        return self._decide(actions_swaps.decline)

    @extend_schema(request=None, responses=SwapSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Take it back; what was taken goes back from now on."""
        return self._decide(actions_swaps.cancel)

    def _decide(self, decide: Callable[..., SwapRequest]) -> Response:
        swap = self.get_object()
        with refusals():
            changed = decide(swap.pk, actor=person(self.request), now=clock.now())
        return Response(self.get_serializer(changed).data)


class TemporaryShiftSerializer(serializers.ModelSerializer[TemporaryShift]):
    user = PersonField()

    class Meta:
        model = TemporaryShift
        fields = ["user", "role", "starts_at", "ends_at"]


class TemporarySerializer(ThroughActions):
    beside = ("shifts",)
    shifts = TemporaryShiftSerializer(many=True, help_text="All of them; they replace the former.")

    class Meta:
        model = TemporarySchedule
        fields = ["id", "schedule", "name", "starts_at", "ends_at", "shifts", "created_by"]
        read_only_fields = ["created_by"]
        validators: list[Any] = []

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        user: Any = fields["shifts"].child.fields["user"]
        request = self.context.get("request")
        if request is not None:
            groups = Group.objects.visible_to(request.user)
            user.queryset = User.objects.filter(memberships__group__in=groups).distinct()
        return fields

    def act(
        self, thing: TemporarySchedule, beside: Given, *, actor: User, now: datetime
    ) -> TemporarySchedule:
        given = beside["shifts"]
        shifts = [TemporaryShift(**each) for each in given or ()]
        if given is None and thing.pk:
            shifts = list(thing.shifts.select_related("user"))
        saved = actions_temporary.save_temporary(thing, shifts, actor=actor, now=now)
        return TemporarySchedule.objects.prefetch_related("shifts").get(pk=saved.pk)


class TemporaryViewSet(viewsets.ModelViewSet[TemporarySchedule]):
    """For a while only these shifts count. Deleting one that runs ends it now."""

    serializer_class = TemporarySerializer
    pagination_class = Pages
    queryset = TemporarySchedule.objects.none()

    def get_queryset(self) -> QuerySet[TemporarySchedule]:
        visible = Schedule.objects.visible_to(person(self.request))
        found = TemporarySchedule.objects.filter(schedule__in=visible)
        found = found.select_related("schedule__group").prefetch_related("shifts")
        return found.order_by("-starts_at", "-pk")

    def perform_destroy(self, instance: TemporarySchedule) -> None:
        with refusals():
            actions_temporary.end_temporary(instance, actor=person(self.request), now=clock.now())


class FeedSerializer(ThroughActions):
    group = serializers.SlugRelatedField(
        slug_field="slug", queryset=Group.objects.none(), allow_null=True, required=False
    )
    url = serializers.CharField(
        read_only=True, allow_null=True, default=None, help_text="Shown once, when it is made."
    )

    class Meta:
        model = CalendarFeed
        fields = ["id", "schedule", "group", "prefix", "created_at", "used_at", "url"]
        read_only_fields = ["prefix", "created_at", "used_at"]
        validators: list[Any] = []

    def act(self, thing: CalendarFeed, beside: Given, *, actor: User, now: datetime) -> Any:
        feed, url = actions_feeds.create_feed(
            actor, schedule=thing.schedule, group=thing.group, now=now
        )
        made: Any = CalendarFeed.objects.get(pk=feed.pk)
        made.url = url
        return made


class FeedViewSet(
    mixins.CreateModelMixin,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[CalendarFeed],
):
    """Your calendar feeds: of a schedule, of a group, or (neither) of your own shifts. Deleting
    one revokes its address."""

    serializer_class = FeedSerializer
    pagination_class = Pages
    queryset = CalendarFeed.objects.none()

    def get_queryset(self) -> QuerySet[CalendarFeed]:
        mine = CalendarFeed.objects.live().filter(user=person(self.request))
        return mine.select_related("group").order_by("-created_at", "-pk")

    def perform_destroy(self, instance: CalendarFeed) -> None:
        with refusals():
            actions_feeds.revoke_feed(instance, actor=person(self.request), now=clock.now())


class NoticesSerializer(serializers.ModelSerializer[NoticeSettings]):
    class Meta:
        model = NoticeSettings
        fields = ["starts", "ends", "next", "ahead_seconds", "to_group"]


class NoticesView(APIView):
    """Who is told about hand-offs of a schedule."""

    @extend_schema(responses=NoticesSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """What is told now."""
        return Response(NoticesSerializer(self._notices(request, pk)).data)

    @extend_schema(request=NoticesSerializer, responses=NoticesSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Say what is to be told."""
        given = NoticesSerializer(self._notices(request, pk), data=request.data, partial=True)
        given.is_valid(raise_exception=True)
        notices = given.instance
        assert notices is not None
        for name, value in given.validated_data.items():
            setattr(notices, name, value)
        with refusals():
            actions.save_notices(notices, actor=person(request), now=clock.now())
        return Response(NoticesSerializer(notices).data)

    def _notices(self, request: Request, pk: int) -> NoticeSettings:
        schedule = get_object_or_404(Schedule.objects.visible_to(person(request)), pk=pk)
        found = NoticeSettings.objects.filter(schedule=schedule).first()
        return found or NoticeSettings(schedule=schedule)


class HolidaysSerializer(serializers.ModelSerializer[HolidayCalendar]):
    class Meta:
        model = HolidayCalendar
        fields = ["id", "country", "subdivision", "filled_until"]
        read_only_fields = ["filled_until"]
        validators: list[Any] = []


class HolidaysViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[HolidayCalendar]
):
    """Public holidays of countries and their parts, to be named by schedules and layers."""

    serializer_class = HolidaysSerializer
    pagination_class = Pages
    queryset = HolidayCalendar.objects.order_by("country", "subdivision")

    @extend_schema(request=HolidaysSerializer, responses={201: HolidaysSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The one of a country, made where it is new."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        made = public_holidays.calendar_of(
            wanted["country"], wanted.get("subdivision", ""), now=clock.now()
        )
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)
