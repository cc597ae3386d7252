"""What other tools opened for an alert, below /api/v1/."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.signed_in import person
from alerts.api_fields import ErrorFields
from alerts.models import Alert
from integrations.models import OutboundLink

_ERRORS = {401: ErrorFields, 403: ErrorFields, 404: ErrorFields}


class ElsewhereFields(serializers.ModelSerializer[OutboundLink]):
    """A ticket or message. `reference` is the tool's own name of it, `name` what people call it,
    `url` where they see it; either of these may be empty."""

    connection = serializers.CharField(source="connection.name")
    tool = serializers.CharField(source="connection.tool")

    class Meta:
        model = OutboundLink
        fields = ("connection", "tool", "reference", "name", "url", "created_at")


class Elsewhere(APIView):
    @extend_schema("alerts_elsewhere", responses={200: ElsewhereFields(many=True), **_ERRORS})
    def get(self, request: Request, alert_id: int) -> Response:
        """List what other tools opened for an alert: tickets, and messages in chats."""
        alert = get_object_or_404(Alert.objects.visible_to(person(request)), pk=alert_id)
        return Response(ElsewhereFields(OutboundLink.objects.of(alert.pk), many=True).data)
