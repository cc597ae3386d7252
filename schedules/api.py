"""Schedules and their layers below /api/v1/: the same rules as the pages, because both go through
`actions`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers, viewsets

from accounts.api_errors import refusals
from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from groups.models import Group
from schedules import actions
from schedules.api_fields import OnShiftField, Pages, PlaceField, ThroughActions, WindowField
from schedules.models import FixedShift, ImportedCalendar, Override, Rotation, Schedule

Given = Mapping[str, Any]


class ScheduleSerializer(ThroughActions):
    group = serializers.SlugRelatedField(slug_field="slug", queryset=Group.objects.none())

    class Meta:
        model = Schedule
        fields = ["id", "group", "name", "time_zone", "is_active", "holidays"]
        validators: list[Any] = []  # the rules are the model's; actions ask them

    def act(self, thing: Schedule, beside: Given, *, actor: User, now: datetime) -> Schedule:
        return actions.save_schedule(thing, actor=actor, now=now)


class RotationSerializer(ThroughActions):
    beside = ("members", "windows")
    members = serializers.ListField(
        child=PlaceField(),
        source="members.all",
        help_text="People, in turn; null is nobody's turn; "
        '{"user", "joins_on", "leaves_on"} is a place between two days.',
    )
    windows = serializers.ListField(
        child=WindowField(),
        source="windows.all",
        required=False,
        help_text="Duty hours as [from, until] in minutes of the week; none: always.",
    )

    class Meta:
        model = Rotation
        fields = [
            "id", "schedule", "name", "unit", "count", "starts_on", "handoff_at", "ends_on",
            "fills", "rank", "people_at_once", "advance", "holidays", "on_holidays", "members",
            "windows", "takes_effect_at",
        ]  # fmt: skip
        read_only_fields = ["takes_effect_at"]
        validators: list[Any] = []

    def act(self, thing: Rotation, beside: Given, *, actor: User, now: datetime) -> Rotation:
        line, windows = (beside[name] and beside[name]["all"] for name in self.beside)
        saved = actions.save_rotation(thing, line, windows=windows, actor=actor, now=now)
        return Rotation.objects.prefetch_related("members", "windows").get(pk=saved.pk)


class FixedShiftSerializer(ThroughActions):
    beside = ("people",)
    people = serializers.ListField(
        child=OnShiftField(), required=False, source="people.all", help_text="Who is on it."
    )

    class Meta:
        model = FixedShift
        fields = [
            "id", "schedule", "name", "role", "rank", "starts_on", "starts_time", "ends_on",
            "ends_time", "rule", "is_nobody", "holidays", "on_holidays", "people",
        ]  # fmt: skip
        validators: list[Any] = []

    def act(self, thing: FixedShift, beside: Given, *, actor: User, now: datetime) -> FixedShift:
        people = beside["people"] and beside["people"]["all"]
        saved = actions.save_fixed_shift(thing, people, actor=actor, now=now)
        return FixedShift.objects.prefetch_related("people").get(pk=saved.pk)


class ImportedCalendarSerializer(ThroughActions):
    url = serializers.CharField(
        write_only=True, max_length=2000, help_text="Where it is read; never shown again."
    )

    class Meta:
        model = ImportedCalendar
        fields = [
            "id", "schedule", "name", "role", "rank", "url", "time_zone", "is_enabled", "holidays",
            "on_holidays", "fetched_at", "tried_at", "failures", "error", "unknown_names",
        ]  # fmt: skip
        read_only_fields = ["fetched_at", "tried_at", "failures", "error", "unknown_names"]
        validators: list[Any] = []

    def act(
        self, thing: ImportedCalendar, beside: Given, *, actor: User, now: datetime
    ) -> ImportedCalendar:
        return actions.save_calendar(thing, actor=actor, now=now)


class OverrideSerializer(ThroughActions):
    class Meta:
        model = Override
        fields = [
            "id", "schedule", "kind", "role", "user", "replaces", "rotation", "fixed_shift",
            "calendar", "starts_at", "ends_at", "reason", "created_by",
        ]  # fmt: skip
        read_only_fields = ["created_by"]
        validators: list[Any] = []

    def act(self, thing: Override, beside: Given, *, actor: User, now: datetime) -> Override:
        change = actions.change_override if thing.pk else actions.add_override
        return change(thing, actor=actor, now=now)


class ScheduleViewSet(viewsets.ModelViewSet[Schedule]):
    """Schedules of the groups you may see."""

    serializer_class = ScheduleSerializer
    pagination_class = Pages
    queryset = Schedule.objects.none()

    def get_queryset(self) -> QuerySet[Schedule]:
        visible = Schedule.objects.visible_to(person(self.request))
        return visible.select_related("group").order_by("pk")

    def perform_destroy(self, instance: Schedule) -> None:
        with refusals():
            actions.remove(instance, actor=person(self.request), now=clock.now())


class Layers(viewsets.ModelViewSet[Any]):
    """Layers of the schedules you may see; ?schedule= narrows them down."""

    pagination_class = Pages
    layers: QuerySet[Any]
    lines: tuple[str, ...] = ()

    def get_queryset(self) -> QuerySet[Any]:
        visible = Schedule.objects.visible_to(person(self.request))
        layers: QuerySet[Any] = self.layers.filter(schedule__in=visible).order_by("pk")
        wanted = self.request.query_params.get("schedule", "")
        if wanted:
            layers = layers.filter(schedule=int(wanted)) if wanted.isdigit() else layers.none()
        return layers.select_related("schedule__group").prefetch_related(*self.lines)

    def perform_destroy(self, instance: Any) -> None:
        with refusals():
            actions.remove(instance, actor=person(self.request), now=clock.now())


class RotationViewSet(Layers):
    """Who takes turns, in which order, how often."""

    serializer_class = RotationSerializer
    queryset = Rotation.objects.none()
    layers = Rotation.objects.all()
    lines = ("members", "windows")


class FixedShiftViewSet(Layers):
    """The same people at set times, once or again and again."""

    serializer_class = FixedShiftSerializer
    queryset = FixedShift.objects.none()
    layers = FixedShift.objects.all()
    lines = ("people",)


class ImportedCalendarViewSet(Layers):
    """Calendars elsewhere, read as a layer."""

    serializer_class = ImportedCalendarSerializer
    queryset = ImportedCalendar.objects.none()
    layers = ImportedCalendar.objects.all()


class OverrideViewSet(viewsets.ModelViewSet[Override]):
    """Somebody else, more or less, for a while. Deleting one that runs ends it now."""

    serializer_class = OverrideSerializer
    pagination_class = Pages
    queryset = Override.objects.none()

    def get_queryset(self) -> QuerySet[Override]:
        visible = Schedule.objects.visible_to(person(self.request))
        return (
            Override.objects.filter(schedule__in=visible)
            .select_related(
                "schedule__group", "user", "replaces", "rotation", "fixed_shift", "calendar"
            )
            .order_by("-starts_at", "-pk")
        )

    def perform_destroy(self, instance: Override) -> None:
        with refusals():
            actions.end_override(instance, actor=person(self.request), now=clock.now())
