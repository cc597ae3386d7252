"""Outbound connections below /api/v1/: list, add, look at, change, remove."""

from typing import Any

from django.core.exceptions import ValidationError as Wrong
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from alertops import clock
from alerts.api_fields import ErrorFields
from alerts.states import Kind
from groups.models import Group
from integrations.api import Managed
from integrations.models import Integration, OutboundConnection
from integrations.outbound import actions, showing
from integrations.outbound.tools import TOOLS

_ERRORS = {400: ErrorFields, 401: ErrorFields, 403: ErrorFields, 404: ErrorFields}


class OutboundFields(serializers.ModelSerializer[OutboundConnection]):
    """A connection. `settings` are the tool's own; secret ones are told to nobody, and stay where
    a change leaves them out. `secret` and `hook` are told once, when it is made."""

    tool = serializers.ChoiceField(choices=sorted(TOOLS))
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Kind.choices), min_length=1
    )
    settings = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    integrations = serializers.PrimaryKeyRelatedField(
        many=True, queryset=Integration.objects.all(), required=False
    )
    group = serializers.PrimaryKeyRelatedField(
        queryset=Group.objects.all(), allow_null=True, required=False
    )
    state = serializers.SerializerMethodField()
    secret = serializers.SerializerMethodField()
    hook = serializers.SerializerMethodField()

    class Meta:
        model = OutboundConnection
        fields = (
            "id", "name", "tool", "is_active", "group", "integrations", "events", "settings",
            "state", "off_until", "last_sent_at", "secret", "hook",
        )  # fmt: skip
        read_only_fields = ("off_until", "last_sent_at")

    def to_representation(self, instance: OutboundConnection) -> dict[str, Any]:
        data = super().to_representation(instance)
        secret = (
            {each.name for each in instance.kind.settings if each.is_secret}
            if instance.is_known
            else set(instance.settings)
        )
        data["settings"] = {
            name: value for name, value in instance.settings.items() if name not in secret
        }
        return data

    def get_state(self, link: OutboundConnection) -> str:
        return showing.condition(link, clock.now()).words

    def get_secret(self, link: OutboundConnection) -> str | None:
        return link.secret or None

    def get_hook(self, link: OutboundConnection) -> str | None:
        return link.hook or None


class OutboundConnections(Managed):
    @extend_schema(responses={200: OutboundFields(many=True), **_ERRORS})
    def get(self, request: Request) -> Response:
        """List outbound connections by name."""
        rows = OutboundConnection.objects.visible_to(self.user).prefetch_related("integrations")
        return Response(OutboundFields(rows, many=True).data)

    @extend_schema(request=OutboundFields, responses={201: OutboundFields, **_ERRORS})
    def post(self, request: Request) -> Response:
        """Add a connection. The answer holds its secret and its hook, which are told only now."""
        return Response(
            OutboundFields(_saved(self, OutboundConnection(), partial=False)).data, status=201
        )


class OneOutboundConnection(Managed):
    def _link(self, pk: int) -> OutboundConnection:
        return get_object_or_404(OutboundConnection.objects.visible_to(self.user), pk=pk)

    @extend_schema(responses={200: OutboundFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return one connection."""
        return Response(OutboundFields(self._link(pk)).data)

    @extend_schema(request=OutboundFields, responses={200: OutboundFields, **_ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given."""
        return Response(OutboundFields(_saved(self, self._link(pk), partial=True)).data)

    @extend_schema(responses={204: None, **_ERRORS})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a connection with its log."""
        actions.delete(self._link(pk), actor=self.user, now=clock.now())
        return Response(status=204)


def _saved(view: Managed, link: OutboundConnection, *, partial: bool) -> OutboundConnection:
    fields = OutboundFields(link if partial else None, data=view.request.data, partial=partial)
    fields.is_valid(raise_exception=True)
    data = dict(fields.validated_data)
    if partial and data.pop("tool", link.tool) != link.tool:
        raise ValidationError("A connection keeps its tool; add another one.")
    values = {**({} if link.pk is None else link.settings), **data.pop("settings", {})}
    chosen = data.pop("integrations", None)
    for name, value in data.items():
        setattr(link, name, value)
    if chosen is None:
        chosen = [] if link.pk is None else list(link.integrations.all())
    try:
        return actions.save(
            link, values=values, integrations=chosen, actor=view.user, now=clock.now()
        )
    except Wrong as error:
        raise ValidationError(" ".join(error.messages)) from None
