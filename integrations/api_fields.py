"""What the API says about events, integrations and routes, and what it takes."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from alerts.states import Severity
from escalation.models import Policy
from groups.models import Group
from integrations.actions import GRACES
from integrations.models import EventOutcome, InboundEvent, Integration, MailRule, Route
from integrations.states import Operator, Standing
from integrations.states import Outcome as Word


class EventAlertFields(serializers.Serializer[EventOutcome]):
    id = serializers.IntegerField(source="alert_id")
    number = serializers.IntegerField(source="alert_id")
    dedup_key = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Word.choices)
    routed_by = serializers.CharField(help_text="The route that won, or integration.")


class InboundEventFields(serializers.Serializer[InboundEvent]):
    """What became of an event. `outcome` is null until it is processed: milliseconds, normally."""

    id = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    processed_at = serializers.DateTimeField()
    outcome = serializers.SerializerMethodField()
    detail = serializers.CharField(help_text="What was odd about it, in words.")
    alerts = serializers.SerializerMethodField()

    def get_outcome(self, event: InboundEvent) -> str | None:
        return event.outcome or None

    @extend_schema_field(EventAlertFields(many=True))
    def get_alerts(self, event: InboundEvent) -> list[dict[str, Any]]:
        rows = event.outcomes.filter(alert__isnull=False).order_by("position")
        return [EventAlertFields(row).data for row in rows]


class TargetFields(serializers.ModelSerializer[Any]):
    """Group by slug, person by e-mail address, policy by number."""

    group = serializers.SlugRelatedField(
        slug_field="slug", queryset=Group.objects.all(), required=False, allow_null=True
    )
    assignee = serializers.SlugRelatedField(
        slug_field="email",
        queryset=User.objects.filter(is_active=True),
        required=False,
        allow_null=True,
    )
    policy = serializers.PrimaryKeyRelatedField(
        queryset=Policy.objects.all(), required=False, allow_null=True
    )


class IntegrationFields(TargetFields):
    """An integration. Its `key` and `url` are told once: when it is made or gets a new key."""

    mapping = serializers.DictField(
        child=serializers.CharField(max_length=500), required=False, help_text="JMESPath by field"
    )
    default_severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    key_prefix = serializers.CharField(read_only=True)
    key = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields = (
            "id", "name", "kind", "is_active", "group", "assignee", "policy", "default_severity",
            "rate_per_minute", "burst", "group_by", "group_seconds", "storm_after", "flap_count",
            "flap_seconds", "mapping", "key_prefix", "last_event_at", "key", "url",
        )  # fmt: skip
        read_only_fields = ("id", "last_event_at")

    def get_key(self, integration: Integration) -> str | None:
        return integration.key or None

    def get_url(self, integration: Integration) -> str | None:
        key = integration.key
        return f"{settings.PUBLIC_URL}/integrations/{key}/" if key else None


class KeyFields(serializers.Serializer[Any]):
    """One key, as far as it may be shown."""

    id = serializers.IntegerField(read_only=True)
    prefix = serializers.CharField(read_only=True)
    standing = serializers.ChoiceField(choices=Standing.choices, read_only=True)
    valid_until = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class RotationFields(serializers.Serializer[Any]):
    """How long the key that is replaced stays good."""

    grace = serializers.ChoiceField(
        choices=[(name, label) for name, (label, _) in GRACES.items()], default="none"
    )


class ConditionFields(serializers.Serializer[Any]):
    field = serializers.CharField(max_length=200)
    operator = serializers.ChoiceField(choices=Operator.choices)
    value = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class RouteFields(TargetFields):
    """A route: where all its conditions hold, it decides."""

    conditions = ConditionFields(many=True, required=False)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False, allow_blank=True)

    class Meta:
        model = Route
        fields = (
            "id", "position", "name", "conditions", "group", "assignee", "by_topic", "policy",
            "severity", "wait_seconds", "tags", "group_by", "group_seconds", "opens_incident",
            "drop",
        )  # fmt: skip
        read_only_fields = ("id",)


class MailRuleFields(serializers.ModelSerializer[MailRule]):
    """What a mail means: the first rule that fits decides."""

    class Meta:
        model = MailRule
        fields = ("id", "position", "where", "operator", "value", "action", "key_pattern")
        read_only_fields = ("id",)
