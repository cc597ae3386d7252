"""Heartbeats below /api/v1/."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from alertops import clock
from alerts.api_fields import ErrorFields
from alerts.states import Severity
from integrations import actions_heartbeats as actions
from integrations.actions import NotAllowed
from integrations.api import Conflict, Managed
from integrations.api_fields import TargetFields
from integrations.models import Heartbeat

PAGE_SIZE = 100
_ERRORS = {400: ErrorFields, 401: ErrorFields, 403: ErrorFields, 404: ErrorFields}


class HeartbeatFields(TargetFields):
    """A heartbeat. Its `key` and `url` are told once: when it is made or gets a new key."""

    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    period_seconds = serializers.IntegerField(required=False, allow_null=True)
    grace_seconds = serializers.IntegerField(required=False)
    key = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Heartbeat
        fields = (
            "id", "name", "group", "assignee", "policy", "severity", "period_seconds", "cron",
            "time_zone", "grace_seconds", "state", "due_at", "last_ping_at", "last_said",
            "ping_count", "prefix", "key", "url",
        )  # fmt: skip
        read_only_fields = (
            "state", "due_at", "last_ping_at", "last_said", "ping_count", "prefix",
        )  # fmt: skip

    def get_key(self, beat: Heartbeat) -> str | None:
        return beat.key or None

    def get_url(self, beat: Heartbeat) -> str | None:
        return f"{settings.PUBLIC_URL}/heartbeats/{beat.key}/" if beat.key else None


class HeartbeatPage(serializers.Serializer[Any]):
    results = HeartbeatFields(many=True)
    next = serializers.CharField(allow_null=True, help_text="The name to give as `after`.")


class Heartbeats(Managed):
    @extend_schema(
        operation_id="heartbeats_list",
        parameters=[OpenApiParameter("after", str, description="The last name of the page before")],
        responses={200: HeartbeatPage, **_ERRORS},
    )
    def get(self, request: Request) -> Response:
        """List heartbeats by name, a page at a time."""
        after = str(request.query_params.get("after", ""))
        if "\x00" in after:
            raise ValidationError("This name cannot be.")
        rows = Heartbeat.objects.visible_to(self.user).select_related("group", "assignee")
        found = list(rows.filter(name__gt=after).order_by("name")[: PAGE_SIZE + 1])
        page = found[:PAGE_SIZE]
        following = page[-1].name if len(found) > PAGE_SIZE else None
        return Response({"results": HeartbeatFields(page, many=True).data, "next": following})

    @extend_schema(request=HeartbeatFields, responses={201: HeartbeatFields, **_ERRORS})
    def post(self, request: Request) -> Response:
        """Add a heartbeat. The answer holds its key, which is told only now."""
        return Response(HeartbeatFields(_saved(self, Heartbeat(), partial=False)).data, status=201)


class OneHeartbeat(Managed):
    def _beat(self, pk: int) -> Heartbeat:
        return get_object_or_404(Heartbeat.objects.visible_to(self.user), pk=pk)

    @extend_schema(responses={200: HeartbeatFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return one heartbeat."""
        return Response(HeartbeatFields(self._beat(pk)).data)

    @extend_schema(request=HeartbeatFields, responses={200: HeartbeatFields, **_ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given."""
        return Response(HeartbeatFields(_saved(self, self._beat(pk), partial=True)).data)

    @extend_schema(responses={204: None, **_ERRORS, 409: ErrorFields})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a heartbeat that never opened an alert."""
        try:
            actions.delete(self._beat(pk), actor=self.user, now=clock.now())
        except NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


def _saved(view: Managed, beat: Heartbeat, *, partial: bool) -> Heartbeat:
    fields = HeartbeatFields(beat, data=view.request.data, partial=partial)
    fields.is_valid(raise_exception=True)
    for name, value in fields.validated_data.items():
        setattr(beat, name, value)
    return actions.save(beat, actor=view.user, now=clock.now())


class HeartbeatVerb(Managed):
    @extend_schema(
        operation_id="heartbeats_verb",
        request=None,
        responses={200: HeartbeatFields, **_ERRORS},
    )
    def post(self, request: Request, pk: int, verb: str) -> Response:
        """Pause or resume it, or give it a new key, which is told only now."""
        beat = get_object_or_404(Heartbeat.objects.visible_to(self.user), pk=pk)
        {"pause": actions.pause, "resume": actions.resume, "rotate-key": actions.new_key}[verb](
            beat, actor=self.user, now=clock.now()
        )
        key = beat.key
        beat.refresh_from_db()
        beat.key = key
        return Response(HeartbeatFields(beat).data)
