"""What the serializers of scheduling share: actions instead of saving, only what is in sight."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination

from accounts.api_errors import refusals
from accounts.models import User
from alertops import clock
from groups.models import Group
from schedules.lines_saved import Place
from schedules.models import FixedShift, HolidayCalendar, ImportedCalendar, Rotation, Schedule


class Pages(LimitOffsetPagination):
    default_limit, max_limit = 100, 500


def in_sight(user: User | AnonymousUser) -> dict[Any, QuerySet[Any]]:
    """Return what a request may name, by model; everything else does not exist."""
    groups = Group.objects.visible_to(user)
    schedules = Schedule.objects.filter(group__in=groups)
    return {
        Group: groups,
        Schedule: schedules,
        User: User.objects.filter(memberships__group__in=groups).distinct(),
        Rotation: Rotation.objects.filter(schedule__in=schedules),
        FixedShift: FixedShift.objects.filter(schedule__in=schedules),
        ImportedCalendar: ImportedCalendar.objects.filter(schedule__in=schedules),
        HolidayCalendar: HolidayCalendar.objects.all(),
    }


class ThroughActions(serializers.ModelSerializer[Any]):
    """Creates and updates by an action; names only what the person may see."""

    beside: tuple[str, ...] = ()
    """What is handed to the action beside the row itself, None where it is not given."""

    def create(self, validated_data: dict[str, Any]) -> Any:
        return self._store(self.Meta.model(), validated_data)  # type: ignore[misc]

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        return self._store(instance, validated_data)

    def _store(self, thing: Any, values: dict[str, Any]) -> Any:
        beside = {name: values.pop(name, None) for name in self.beside}
        for name, value in values.items():
            setattr(thing, name, value)
        with refusals():
            return self.act(thing, beside, actor=self.context["request"].user, now=clock.now())

    def act(self, thing: Any, beside: Mapping[str, Any], *, actor: User, now: datetime) -> Any:
        raise NotImplementedError

    def get_fields(self) -> dict[str, Any]:
        """Let fields name only groups, schedules and people in sight; others do not exist."""
        fields = super().get_fields()
        request = self.context.get("request")
        seen = in_sight(request.user if request else AnonymousUser())
        for field in fields.values():
            relation: Any = getattr(field, "child_relation", getattr(field, "child", field))
            if getattr(relation, "queryset", None) is not None:
                relation.queryset = seen[relation.queryset.model]
        return fields


class PersonField(serializers.PrimaryKeyRelatedField[User]):
    """A person in sight, by number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=User.objects.none(), **kwargs)


class OnShiftField(PersonField):
    """Somebody on a shift, by number."""

    def to_representation(self, value: Any) -> Any:
        return value.user_id


class PlaceField(PersonField):
    """A place in a line: a person, null for nobody's turn, or
    {"user", "joins_on", "leaves_on"} for one between two days."""

    class _Days(serializers.Serializer[Any]):
        joins_on = serializers.DateField(required=False, allow_null=True, default=None)
        leaves_on = serializers.DateField(required=False, allow_null=True, default=None)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        days = self._Days(data=data)
        days.is_valid(raise_exception=True)
        user = data.get("user")
        return Place(
            None if user is None else super().to_internal_value(user), **days.validated_data
        )

    def to_representation(self, value: Any) -> Any:
        if value.joins_on is None and value.leaves_on is None:
            return value.user_id
        days = {"joins_on": value.joins_on, "leaves_on": value.leaves_on}
        return {"user": value.user_id} | days

    def use_pk_only_optimization(self) -> bool:
        return False


class WindowField(serializers.ListField):
    """Duty hours: minutes of the week from and until, Monday 00:00 is 0."""

    child = serializers.IntegerField(min_value=0, max_value=20160)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=2, max_length=2, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return tuple(super().to_internal_value(data))

    def to_representation(self, data: Any) -> Any:
        return [data.starts_minute, data.ends_minute]
