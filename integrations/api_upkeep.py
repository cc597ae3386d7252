"""Technical services, maintenance windows and replays below /api/v1/."""

from datetime import datetime
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from alertops import clock
from alerts.api_fields import ErrorFields
from groups.models import Group
from integrations import actions_maintenance, actions_replays, actions_services
from integrations.actions import NotAllowed
from integrations.actions_replays import Range
from integrations.api import Conflict, Managed
from integrations.api_fields import ConditionFields
from integrations.models import Integration, MaintenanceWindow, Replay, Service
from integrations.states import Outcome

_ERRORS = {400: ErrorFields, 401: ErrorFields, 403: ErrorFields, 404: ErrorFields}
_BY_SLUG: dict[str, Any] = {"slug_field": "slug", "queryset": Group.objects.all()}


def _several(rows: Any) -> Any:
    return serializers.PrimaryKeyRelatedField(many=True, queryset=rows, required=False)


class ServiceFields(serializers.ModelSerializer[Service]):
    """A technical service. Its state is that of its integrations' open alerts."""

    group = serializers.SlugRelatedField(**_BY_SLUG)
    integrations = _several(Integration.objects.all())

    class Meta:
        model = Service
        fields = (
            "id", "name", "group", "criticality", "description", "runbook", "integrations",
        )  # fmt: skip


class WindowFields(serializers.ModelSerializer[MaintenanceWindow]):
    """A maintenance window. Days and times are those on the clocks of `time_zone`."""

    integrations = _several(Integration.objects.all())
    services = _several(Service.objects.all())
    groups = serializers.SlugRelatedField(many=True, required=False, **_BY_SLUG)
    conditions = ConditionFields(many=True, required=False)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False
    )
    goes_on_until = serializers.SerializerMethodField()

    class Meta:
        model = MaintenanceWindow
        fields = (
            "id", "name", "reason", "every", "time_zone", "first_on", "begins_at", "last_on",
            "ends_at", "weekdays", "month_day", "everything", "integrations", "services", "groups",
            "conditions", "at_end", "starts_at", "over_at", "ended_at", "goes_on_until",
        )  # fmt: skip
        read_only_fields: ClassVar[tuple[str, ...]] = ("id", "starts_at", "over_at", "ended_at")

    def get_goes_on_until(self, window: MaintenanceWindow) -> datetime | None:
        span = window.span_at(clock.now())
        return span[1] if span else None

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        scope = ("integrations", "services", "groups")
        is_new = self.instance is None
        chosen = [attrs.get(name) for name in ("everything", *scope)]
        if (is_new or any(name in attrs for name in ("everything", *scope))) and not any(chosen):
            raise serializers.ValidationError(
                "Choose what it is about: integrations, services, groups or everything."
            )
        return attrs


class ReplayFields(serializers.ModelSerializer[Replay]):
    """A range of events by number, inclusive, and how far its replay has got."""

    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False, allow_blank=True)
    is_dry = serializers.BooleanField(default=True)
    percent = serializers.IntegerField(read_only=True)

    class Meta:
        model = Replay
        fields = (
            "id", "first", "last", "integration", "outcome", "is_dry", "total", "done", "percent",
            "counts", "lines", "finished_at", "stopped",
        )  # fmt: skip
        read_only_fields = ("id", "total", "done", "counts", "lines", "finished_at", "stopped")


class _Services(Managed):
    def save(self, row: Service, data: Any, *, partial: bool) -> Any:
        fields = ServiceFields(None if row.pk is None else row, data=data, partial=partial)
        fields.is_valid(raise_exception=True)
        values = dict(fields.validated_data)
        chosen = values.pop("integrations", None)
        for name, value in values.items():
            setattr(row, name, value)
        if chosen is None:
            chosen = list(row.integrations.all()) if row.pk else []
        saved = actions_services.save_service(
            row, integrations=chosen, actor=self.user, now=clock.now()
        )
        return ServiceFields(saved).data


class Services(_Services):
    @extend_schema(responses={200: ServiceFields(many=True), **_ERRORS})
    def get(self, request: Request) -> Response:
        """List technical services by name."""
        rows = Service.objects.visible_to(self.user).select_related("group")
        return Response(ServiceFields(rows.prefetch_related("integrations"), many=True).data)

    @extend_schema(request=ServiceFields, responses={201: ServiceFields, **_ERRORS})
    def post(self, request: Request) -> Response:
        """Add a technical service."""
        return Response(self.save(Service(), request.data, partial=False), status=201)


class OneService(_Services):
    def _service(self, pk: int) -> Service:
        return get_object_or_404(Service.objects.visible_to(self.user), pk=pk)

    @extend_schema(responses={200: ServiceFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return one technical service."""
        return Response(ServiceFields(self._service(pk)).data)

    @extend_schema(request=ServiceFields, responses={200: ServiceFields, **_ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given."""
        return Response(self.save(self._service(pk), request.data, partial=True))

    @extend_schema(responses={204: None, **_ERRORS})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a service; its integrations and their alerts stay."""
        actions_services.delete_service(self._service(pk), actor=self.user, now=clock.now())
        return Response(status=204)


_SCOPE = ("integrations", "services", "groups")


class _Windows(Managed):
    def save(self, row: MaintenanceWindow, data: Any, *, partial: bool) -> Any:
        fields = WindowFields(None if row.pk is None else row, data=data, partial=partial)
        fields.is_valid(raise_exception=True)
        values = dict(fields.validated_data)
        before = {name: list(getattr(row, name).all()) if row.pk else [] for name in _SCOPE}
        chosen = {name: values.pop(name, before[name]) for name in _SCOPE}
        for name, value in values.items():
            setattr(row, name, value)
        try:
            saved = actions_maintenance.save_window(row, **chosen, actor=self.user, now=clock.now())
        except NotAllowed as error:
            raise Conflict(str(error)) from error
        return WindowFields(saved).data


class Windows(_Windows):
    @extend_schema(responses={200: WindowFields(many=True), **_ERRORS})
    def get(self, request: Request) -> Response:
        """List the maintenance windows that are not over."""
        rows = MaintenanceWindow.objects.visible_to(self.user).standing(clock.now())
        return Response(WindowFields(rows.prefetch_related(*_SCOPE), many=True).data)

    @extend_schema(request=WindowFields, responses={201: WindowFields, **_ERRORS})
    def post(self, request: Request) -> Response:
        """Plan a maintenance window."""
        return Response(self.save(MaintenanceWindow(), request.data, partial=False), status=201)


class OneWindow(_Windows):
    def window(self, pk: int) -> MaintenanceWindow:
        return get_object_or_404(MaintenanceWindow.objects.visible_to(self.user), pk=pk)

    @extend_schema(responses={200: WindowFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return one maintenance window."""
        return Response(WindowFields(self.window(pk)).data)

    @extend_schema(request=WindowFields, responses={200: WindowFields, **_ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given, of a window that is not over."""
        return Response(self.save(self.window(pk), request.data, partial=True))

    @extend_schema(responses={204: None, **_ERRORS, 409: ErrorFields})
    def delete(self, request: Request, pk: int) -> Response:
        """Call a window off: what is held back is paged."""
        try:
            actions_maintenance.call_off(self.window(pk), actor=self.user, now=clock.now())
        except NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


class Replays(Managed):
    @extend_schema(request=ReplayFields, responses={202: ReplayFields, **_ERRORS})
    def post(self, request: Request) -> Response:
        """Replay a range of events: dry unless `is_dry` is false."""
        fields = ReplayFields(data=request.data)
        fields.is_valid(raise_exception=True)
        data = fields.validated_data
        chosen = Range(
            data["first"], data["last"], data.get("integration"), data.get("outcome", "")
        )
        try:
            made = actions_replays.start(
                chosen, is_dry=data["is_dry"], actor=self.user, now=clock.now()
            )
        except NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(ReplayFields(made).data, status=202)


class OneReplay(Managed):
    @extend_schema(responses={200: ReplayFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return how far a replay has got and what it has done, or would do."""
        found = get_object_or_404(Replay.objects.visible_to(self.user), pk=pk)
        return Response(ReplayFields(found).data)
