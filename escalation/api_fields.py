"""What the API of escalation reads and shows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.channels import KINDS
from accounts.models import User
from alerts.api_fields import Named
from alerts.states import Severity
from escalation import outlook, preview
from escalation.history import Line
from escalation.models import Policy
from escalation.plan import Aim, ChannelStep, LevelPlan, PolicyPlan
from escalation.policies import as_plan
from escalation.preview import Names, Row
from escalation.states import NotificationType, Purpose, State, Target
from escalation.usage import usage_words
from escalation.validity import DAY, MOST_CHANNELS, MOST_LEVELS, MOST_ROUNDS, MOST_TIMES
from groups.models import Group

_FIRST, _LAST = datetime(2001, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(serializers.Field[datetime, Any, str, Any]):
    """A moment with its zone; without one it could mean two."""

    default_error_messages = {
        "invalid": "Write an instant with its zone, such as 2026-03-29T09:00:00+02:00.",
        "range": "This must lie between 2001 and 2199.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        try:
            at = datetime.fromisoformat(str(data).strip())
        except ValueError:
            self.fail("invalid")
        if at.tzinfo is None:
            self.fail("invalid")
        if not _FIRST.year < at.year < _LAST.year:
            self.fail("range")
        return at.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


class NotificationFields(serializers.Serializer[Line]):
    """One message to one contact method, and what became of it."""

    id = serializers.IntegerField(source="notification.pk")
    person = serializers.CharField(source="notification.user.email", default=None)
    name = serializers.CharField(source="whom")
    channel = serializers.CharField(source="notification.channel")
    address = serializers.CharField(help_text="Masked.")
    purpose = serializers.ChoiceField(source="notification.purpose", choices=Purpose.choices)
    round = serializers.IntegerField(source="notification.round")
    level = serializers.IntegerField(source="notification.level", allow_null=True)
    state = serializers.ChoiceField(source="notification.state", choices=State.choices)
    is_local = serializers.BooleanField(
        source="notification.is_local", help_text="No provider: it stayed in the outbox."
    )
    attempts = serializers.IntegerField(source="notification.attempts")
    error = serializers.CharField(source="notification.error")
    created_at = serializers.DateTimeField(source="notification.created_at")
    due_at = serializers.DateTimeField(source="notification.due_at")
    accepted_at = serializers.DateTimeField(source="notification.accepted_at")
    delivered_at = serializers.DateTimeField(source="notification.delivered_at")
    ended_at = serializers.DateTimeField(source="notification.ended_at")


class NotificationPage(serializers.Serializer[Any]):
    """Notifications, oldest first; `next` leads to newer ones."""

    results = NotificationFields(many=True)
    next = serializers.URLField(allow_null=True)


def _seconds(default: int) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=DAY, default=default)


class ChannelFields(serializers.Serializer[Any]):
    channel = serializers.ChoiceField(source="kind", choices=KINDS)
    delay_seconds = serializers.IntegerField(source="delay", min_value=0, max_value=DAY, default=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _require(attrs, "kind", "channel")
        return attrs


def _require(attrs: dict[str, Any], source: str, name: str = "") -> None:
    """A change of a policy may leave things out; a level inside it may not."""
    if source not in attrs:
        raise serializers.ValidationError({name or source: "This field is required."})


class LevelFields(serializers.Serializer[Any]):
    """One level: whom, how often, and how long until the next."""

    target = serializers.ChoiceField(choices=Target.choices)
    user = Named("person", "email", queryset=User.objects.none(), allow_null=True, default=None)
    group = Named("group", "slug", queryset=Group.objects.none(), allow_null=True, default=None)
    times_to_notify = serializers.IntegerField(min_value=1, max_value=MOST_TIMES, default=1)
    interval_seconds = _seconds(300)
    member_wait_seconds = _seconds(0)
    wait_seconds = _seconds(300)
    channels = ChannelFields(many=True, required=False, max_length=MOST_CHANNELS)  # type: ignore[call-arg]

    def get_fields(self) -> dict[str, Any]:
        """Only active people and visible groups exist for the caller."""
        fields: dict[str, Any] = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        visible = Group.objects.active().visible_to(user) if user else Group.objects.none()
        fields["group"].queryset = visible
        fields["user"].queryset = User.objects.active()
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        _require(attrs, "target")
        for name, target in (("user", Target.USER), ("group", Target.GROUP)):
            if (attrs.get(name) is not None) != (attrs["target"] == target):
                raise serializers.ValidationError(
                    {name: f"Name one for the target {target.value!r}, and for no other."}
                )
        return attrs


def level_plan(data: dict[str, Any]) -> LevelPlan:
    """A validated level as the plan reads it."""
    named = data.get("user") or data.get("group")
    return LevelPlan(
        aim=Aim(data["target"], named.pk if named else None),
        times=data.get("times_to_notify", 1),
        interval=data.get("interval_seconds", 300),
        member_wait=data.get("member_wait_seconds", 0),
        wait=data.get("wait_seconds", 300),
        channels=tuple(
            ChannelStep(step["kind"], step.get("delay", 0)) for step in data.get("channels", ())
        ),
    )


class PolicyFields(serializers.Serializer[Policy]):
    """A policy with its levels in order. Writing `levels` replaces all of them."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    notification_type = serializers.ChoiceField(choices=NotificationType.choices, required=False)
    repeat_rounds = serializers.IntegerField(min_value=0, max_value=MOST_ROUNDS, required=False)
    acknowledgement_timeout_seconds = serializers.IntegerField(
        min_value=10, max_value=7 * DAY, required=False, allow_null=True
    )
    levels = LevelFields(many=True, min_length=1, max_length=MOST_LEVELS)  # type: ignore[call-arg]
    used_by = serializers.CharField(read_only=True)
    preview = serializers.ListField(child=serializers.CharField(), read_only=True)

    def plan(self) -> PolicyPlan:
        """What is asked for; what is left out of a change stays as it is."""
        data: dict[str, Any] = self.validated_data
        old = as_plan(self.instance) if isinstance(self.instance, Policy) else None
        start = old or PolicyPlan(name="", levels=())
        return PolicyPlan(
            name=data.get("name", start.name),
            levels=tuple(map(level_plan, data["levels"])) if "levels" in data else start.levels,
            notification_type=data.get("notification_type", start.notification_type),
            repeat_rounds=data.get("repeat_rounds", start.repeat_rounds),
            acknowledgement_timeout=data.get(
                "acknowledgement_timeout_seconds", start.acknowledgement_timeout
            ),
        )

    def to_representation(self, instance: Policy) -> dict[str, Any]:
        plan = as_plan(instance)
        named = _names_in(instance, self.context.get("visible_groups", frozenset()))
        levels = sorted(instance.levels.all(), key=lambda level: level.position)
        return {
            "id": instance.pk,
            "name": instance.name,
            "description": instance.description,
            "notification_type": instance.notification_type,
            "repeat_rounds": instance.repeat_rounds,
            "acknowledgement_timeout_seconds": instance.acknowledgement_timeout_seconds,
            "levels": [_level(level, named) for level in levels],
            "used_by": usage_words(instance),
            "preview": [f"{row.clock} {row.text}" for row in preview.outline(plan, named)],
        }


def _names_in(policy: Policy, visible: frozenset[int]) -> Names:
    """Names of a policy whose levels are loaded; a group out of sight stays "another group"."""
    levels = policy.levels.all()
    return Names(
        {level.user_id: level.user.name for level in levels if level.user_id and level.user},
        {
            level.group_id: level.group.name
            for level in levels
            if level.group_id in visible and level.group
        },
        outlook.names([]).channels,
    )


def _level(level: Any, named: Names) -> dict[str, Any]:
    in_sight = level.group_id in named.groups
    return {
        "target": level.target,
        "user": level.user.email if level.user else None,
        "group": level.group.slug if in_sight else None,
        "times_to_notify": level.times_to_notify,
        "interval_seconds": level.interval_seconds,
        "member_wait_seconds": level.member_wait_seconds,
        "wait_seconds": level.wait_seconds,
        "channels": [
            {"channel": step.kind, "delay_seconds": step.delay_seconds}
            for step in level.channels.all()
        ],
    }


class PolicyChoice(serializers.Serializer[Any]):
    """The policy of a group by id; null: the default."""

    policy = serializers.PrimaryKeyRelatedField(queryset=Policy.objects.none(), allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        in_sight = Policy.objects.visible_to(user) if user else Policy.objects.none()
        fields["policy"].queryset = in_sight
        return fields


class GroupPolicyFields(serializers.Serializer[Any]):
    """Which policy a group uses, and whom it would page now."""

    group = serializers.CharField()
    policy = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    chosen_by = serializers.CharField()
    preview = serializers.ListField(child=serializers.CharField())


class SimulateFields(PolicyChoice):
    """An alert that is only imagined. Without `policy` the group's own is used."""

    group = Named("group", "slug", queryset=Group.objects.none())
    severity = serializers.ChoiceField(choices=Severity.choices, default=Severity.CRITICAL.value)
    at = Instant(required=False)
    policy = serializers.PrimaryKeyRelatedField(
        queryset=Policy.objects.none(), allow_null=True, default=None
    )

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        visible = Group.objects.active().visible_to(user) if user else Group.objects.none()
        fields["group"].queryset = visible
        return fields


class WayFields(serializers.Serializer[Any]):
    channel = serializers.CharField()
    delay_seconds = serializers.IntegerField(source="delay")


class ToldFields(serializers.Serializer[Any]):
    """Somebody who would be notified; `id` is null for the group's own address."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    channels = WayFields(source="ways", many=True)


class StepFields(serializers.Serializer[Row]):
    """One line of the chain. `kind`: notify, skipped (nobody answers, no time passes), fallback."""

    kind = serializers.CharField()
    at = serializers.DateTimeField()
    offset_seconds = serializers.IntegerField(source="offset")
    clock = serializers.CharField()
    text = serializers.CharField()
    round = serializers.IntegerField()
    level = serializers.IntegerField(allow_null=True)
    role = serializers.CharField()
    notification = serializers.SerializerMethodField()
    times_to_notify = serializers.IntegerField(source="times")
    people = ToldFields(source="told", many=True)
    left_out = serializers.SerializerMethodField()

    def get_notification(self, row: Row) -> int:
        return row.send + 1

    def get_left_out(self, row: Row) -> list[dict[str, str]]:
        return [{"name": name, "reason": why} for name, why in row.left_out]


class SimulationFields(serializers.Serializer[Any]):
    """What would happen, step by step, until the fallback. Nothing is sent."""

    group = serializers.CharField()
    severity = serializers.CharField()
    at = serializers.DateTimeField()
    policy = serializers.IntegerField(allow_null=True)
    policy_name = serializers.CharField()
    chosen_by = serializers.CharField()
    is_cut = serializers.BooleanField(help_text="The chain is longer than what is listed.")
    steps = StepFields(many=True)
