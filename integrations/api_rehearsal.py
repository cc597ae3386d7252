"""POST /api/v1/simulate/: what would become of an alert of a group, or of an event of a tool."""

from typing import Any

import orjson
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.signed_in import person
from alertops import clock
from alerts.api_fields import ErrorFields
from escalation.api import Simulate, simulation_answer
from escalation.api_fields import SimulateFields, SimulationFields
from integrations.models import Integration
from integrations.rehearsal import LONGEST, Imagined, rehearse


class PastedEventFields(serializers.Serializer[Any]):
    """An event nobody sent, as this integration would receive it."""

    integration = serializers.PrimaryKeyRelatedField(queryset=Integration.objects.none())
    payload = serializers.JSONField(
        help_text="What the tool would send; a string is taken as the whole body."
    )

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        user = getattr(self.context.get("request"), "user", None)
        visible = Integration.objects.visible_to(user) if user else Integration.objects.none()
        fields["integration"].queryset = visible
        return fields

    def validate_payload(self, payload: Any) -> str:
        body = payload if isinstance(payload, str) else orjson.dumps(payload).decode()
        if len(body) > LONGEST:
            raise serializers.ValidationError("A body of at most 256 KiB can be tried here.")
        return body


class ImaginedFields(serializers.Serializer[Imagined]):
    """One thing the event says. `simulation`: whom it would page when; null where it pages nobody
    anew, or beyond the first five."""

    title = serializers.CharField()
    dedup_key = serializers.CharField()
    action = serializers.CharField()
    severity = serializers.CharField()
    routed_by = serializers.CharField(help_text="The route that wins, or integration.")
    remark = serializers.CharField()
    is_dropped = serializers.BooleanField()
    group = serializers.CharField(source="group.slug", default=None)
    assignee = serializers.CharField(source="assignee.email", default=None)
    open_alert = serializers.SerializerMethodField(
        help_text="The alert it would be added to, or that it would close."
    )
    held_until = serializers.DateTimeField(source="hold.until", default=None)
    maintenance = serializers.CharField(source="hold.window", default=None)
    simulation = serializers.SerializerMethodField()

    def get_open_alert(self, found: Imagined) -> int | None:
        return found.open_alert.pk if found.open_alert else None

    @extend_schema_field(SimulationFields(allow_null=True))
    def get_simulation(self, found: Imagined) -> dict[str, Any] | None:
        if found.simulation is None or found.group is None:
            return None
        return simulation_answer(found.group, found.severity, found.simulation)


class RehearsalFields(serializers.Serializer[Any]):
    """What would become of an event. Nothing is stored, nobody is notified."""

    detail = serializers.CharField(help_text="The reader's own remark.")
    is_error = serializers.BooleanField()
    rest = serializers.IntegerField(help_text="Alerts of the body that are not listed.")
    found = ImaginedFields(many=True)


def _either(name: str, one: Any, other: Any) -> PolymorphicProxySerializer:
    return PolymorphicProxySerializer(
        component_name=name, serializers=[one, other], resource_type_field_name=None
    )


class SimulateAlertOrEvent(Simulate):
    @extend_schema(
        request=_either("SimulationWanted", SimulateFields, PastedEventFields),
        responses={
            200: _either("Simulated", SimulationFields, RehearsalFields),
            400: ErrorFields,
            401: ErrorFields,
            403: ErrorFields,
        },
    )
    def post(self, request: Request) -> Response:
        """Lay out what would happen to an alert of a `group`, or to a `payload` of an
        `integration`: what it opens, which route wins, who is paged when. Nothing is stored,
        nobody is notified."""
        if not (isinstance(request.data, dict) and "integration" in request.data):
            return super().post(request)
        if not person(request).has_perm("integrations.view_integration"):
            raise PermissionDenied("Only those who manage integrations may do this.")
        asked = PastedEventFields(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        found = rehearse(wanted["integration"], wanted["payload"], clock.now())
        return Response(RehearsalFields(found).data)
