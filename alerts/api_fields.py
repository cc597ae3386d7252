"""What the API says about alerts, and what it takes: the JSON of the contract, and nothing else."""

from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from alerts.forms import reachable_people
from alerts.models import Alert
from alerts.states import Severity, Status
from alerts.story import Entry
from alerts.views import safe_links
from groups.models import Group


class LinkFields(serializers.Serializer[Any]):
    href = serializers.URLField()
    text = serializers.CharField()


class AlertFields(serializers.Serializer[Alert]):
    """One alert. `group` is a slug, `assignee` an e-mail address, `integration` a name."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    severity = serializers.ChoiceField(choices=Severity.choices)
    group = serializers.CharField(source="group.slug", default=None)
    assignee = serializers.CharField(source="assignee.email", default=None)
    integration = serializers.CharField(source="source.name", default=None)
    dedup_key = serializers.CharField()
    event_count = serializers.IntegerField()
    links = serializers.SerializerMethodField()
    opened_at = serializers.DateTimeField()
    acknowledged_at = serializers.DateTimeField()
    resolved_at = serializers.DateTimeField()
    snoozed_until = serializers.DateTimeField()
    suppressed = serializers.BooleanField()
    url = serializers.SerializerMethodField()

    def get_links(self, alert: Alert) -> list[dict[str, str]]:
        return safe_links(alert.links)

    def get_url(self, alert: Alert) -> str:
        return f"{settings.PUBLIC_URL}{alert.get_absolute_url()}"


class AlertPage(serializers.Serializer[Any]):
    """Alerts, newest first; `next` leads to older ones."""

    results = AlertFields(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class EventFields(serializers.Serializer[Entry]):
    """One fact of the story, as stored. `people` are the names of those `data` mentions by id."""

    id = serializers.IntegerField(source="event.pk")
    at = serializers.DateTimeField(source="event.at")
    kind = serializers.CharField(source="event.kind")
    title = serializers.CharField(source="event.get_kind_display")
    actor = serializers.CharField(source="event.actor.email", default=None)
    people = serializers.SerializerMethodField()
    data = serializers.JSONField()  # type: ignore[assignment]  # a field of the contract

    def get_people(self, entry: Entry) -> list[str]:
        return [str(person) for person in entry.people]


class Timeline(serializers.Serializer[Any]):
    """Facts, oldest first; `next` leads to newer ones."""

    results = EventFields(many=True)
    next = serializers.URLField(allow_null=True)


class ErrorFields(serializers.Serializer[Any]):
    error = serializers.CharField(help_text="One sentence that says what is wrong.")


@extend_schema_field(OpenApiTypes.STR)
class Named(serializers.RelatedField[Any, Any, str]):
    """Something in sight of the caller, named by its word (slug, e-mail) or its id."""

    default_error_messages = {"unknown": "There is no {what} {name!r} that you can see."}

    def __init__(self, what: str, word: str, **kwargs: Any) -> None:
        self.what, self.word = what, word
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        name = str(data).strip()[:254]
        inside = self.get_queryset()
        assert inside is not None, "the serializer narrows it to what the caller sees"
        found = inside.filter(**{f"{self.word}__iexact": name}).first()
        if found is None and name.isascii() and name.isdecimal() and len(name) < 19:
            found = inside.filter(pk=int(name)).first()
        if found is None:
            self.fail("unknown", what=self.what, name=name)
        return found

    def to_representation(self, value: Any) -> str:
        return str(getattr(value, self.word))


class ScopedFields(serializers.Serializer[Any]):
    """A body that names groups and people: only those in sight of the caller exist."""

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        if "group" in fields:
            visible = Group.objects.active().visible_to(user) if user else Group.objects.none()
            fields["group"].queryset = visible
        if "assignee" in fields:
            fields["assignee"].queryset = reachable_people()
        return fields


class CreateFields(ScopedFields):
    """Open an alert for a group, or straight for one person."""

    title = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    severity = serializers.ChoiceField(choices=Severity.choices, default=Severity.CRITICAL.value)
    group = Named("group", "slug", queryset=Group.objects.none(), required=False)
    assignee = Named("person", "email", queryset=User.objects.none(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("group")) == bool(attrs.get("assignee")):
            raise serializers.ValidationError("Name a group or an assignee, one of the two.")
        return attrs


class NotedFields(serializers.Serializer[Any]):
    """Any verb may carry a note."""

    note = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class NoteFields(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=5000)


class AssignFields(ScopedFields, NotedFields):
    """To a person, or to another group, whose policy then starts."""

    assignee = Named("person", "email", queryset=User.objects.none(), required=False)
    group = Named("group", "slug", queryset=Group.objects.none(), required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("group")) == bool(attrs.get("assignee")):
            raise serializers.ValidationError("Name an assignee or a group, one of the two.")
        return attrs


class SnoozeFields(NotedFields):
    """For some minutes, or until an instant."""

    minutes = serializers.IntegerField(min_value=1, max_value=7 * 1440, required=False)
    until = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("minutes" in attrs) == ("until" in attrs):
            raise serializers.ValidationError("Say minutes or until, one of the two.")
        return attrs
