"""Schedules, rotations and overrides below /api/v1/: the same rules as the pages, because both go
through `actions`."""

from datetime import datetime
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from rest_framework import serializers, viewsets
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

from accounts.api_errors import refusals
from accounts.models import User
from alertops import clock
from groups.models import Group
from schedules import actions
from schedules.models import Override, Rotation, Schedule


class Pages(LimitOffsetPagination):
    default_limit, max_limit = 100, 500


def viewer(request: Request) -> User:
    """The signed-in person; the default permission has seen to it."""
    return cast(User, request.user)


class ThroughActions(serializers.ModelSerializer[Any]):
    """Creates and updates by an action; names only what the person may see."""

    def create(self, validated_data: dict[str, Any]) -> Any:
        return self._store(self.Meta.model(), validated_data)  # type: ignore[misc]

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        return self._store(instance, validated_data)

    def _store(self, thing: Any, values: dict[str, Any]) -> Any:
        people = values.pop("people", None)
        for name, value in values.items():
            setattr(thing, name, value)
        with refusals():
            return self.act(thing, people, actor=self.context["request"].user, now=clock.now())

    def act(self, thing: Any, people: list[User] | None, *, actor: User, now: datetime) -> Any:
        raise NotImplementedError

    def get_fields(self) -> dict[str, Any]:
        """Let fields name only groups, schedules and people in sight; others do not exist."""
        fields = super().get_fields()
        request = self.context.get("request")
        groups = Group.objects.visible_to(request.user if request else AnonymousUser())
        in_sight: dict[Any, QuerySet[Any]] = {
            Group: groups,
            Schedule: Schedule.objects.filter(group__in=groups),
            User: User.objects.filter(memberships__group__in=groups).distinct(),
        }
        for field in fields.values():
            relation: Any = getattr(field, "child_relation", field)
            if getattr(relation, "queryset", None) is not None:
                relation.queryset = in_sight[relation.queryset.model]
        return fields


class ScheduleSerializer(ThroughActions):
    group = serializers.SlugRelatedField(slug_field="slug", queryset=Group.objects.none())

    class Meta:
        model = Schedule
        fields = ["id", "group", "name", "time_zone", "is_active"]
        validators: list[Any] = []  # the rules are the model's; actions ask them

    def act(self, thing: Schedule, people: object, *, actor: User, now: datetime) -> Schedule:
        return actions.save_schedule(thing, actor=actor, now=now)


class RotationSerializer(ThroughActions):
    members = serializers.PrimaryKeyRelatedField(
        many=True, source="people", queryset=User.objects.none(), help_text="People, in turn."
    )

    class Meta:
        model = Rotation
        fields = [
            "id", "schedule", "name", "unit", "count", "starts_on", "handoff_at", "fills", "rank",
            "members",
        ]  # fmt: skip
        validators: list[Any] = []

    def act(
        self, thing: Rotation, people: list[User] | None, *, actor: User, now: datetime
    ) -> Rotation:
        saved = actions.save_rotation(thing, people, actor=actor, now=now)
        return Rotation.objects.prefetch_related("members__user").get(pk=saved.pk)


class OverrideSerializer(ThroughActions):
    class Meta:
        model = Override
        fields = [
            "id", "schedule", "role", "user", "replaces", "starts_at", "ends_at", "reason",
            "created_by",
        ]  # fmt: skip
        read_only_fields = ["created_by"]
        validators: list[Any] = []

    def act(self, thing: Override, people: object, *, actor: User, now: datetime) -> Override:
        change = actions.change_override if thing.pk else actions.add_override
        return change(thing, actor=actor, now=now)


class ScheduleViewSet(viewsets.ModelViewSet[Schedule]):
    """Schedules of the groups you may see."""

    serializer_class = ScheduleSerializer
    pagination_class = Pages
    queryset = Schedule.objects.none()

    def get_queryset(self) -> QuerySet[Schedule]:
        visible = Schedule.objects.visible_to(viewer(self.request))
        return visible.select_related("group").order_by("pk")

    def perform_destroy(self, instance: Schedule) -> None:
        with refusals():
            actions.remove(instance, actor=viewer(self.request), now=clock.now())


class RotationViewSet(viewsets.ModelViewSet[Rotation]):
    """Who takes turns, in which order, how often."""

    serializer_class = RotationSerializer
    pagination_class = Pages
    queryset = Rotation.objects.none()

    def get_queryset(self) -> QuerySet[Rotation]:
        visible = Schedule.objects.visible_to(viewer(self.request))
        rotations = Rotation.objects.filter(schedule__in=visible).order_by("pk")
        return rotations.select_related("schedule__group").prefetch_related("members__user")

    def perform_destroy(self, instance: Rotation) -> None:
        with refusals():
            actions.remove(instance, actor=viewer(self.request), now=clock.now())


class OverrideViewSet(viewsets.ModelViewSet[Override]):
    """Somebody else, for a while. Deleting one that runs ends it now."""

    serializer_class = OverrideSerializer
    pagination_class = Pages
    queryset = Override.objects.none()

    def get_queryset(self) -> QuerySet[Override]:
        visible = Schedule.objects.visible_to(viewer(self.request))
        return (
            Override.objects.filter(schedule__in=visible)
            .select_related("schedule__group", "user", "replaces")
            .order_by("-starts_at", "-pk")
        )

    def perform_destroy(self, instance: Override) -> None:
        with refusals():
            actions.end_override(instance, actor=viewer(self.request), now=clock.now())
