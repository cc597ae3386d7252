"""Events, integrations and routes below /api/v1/."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from alerts.api_fields import ErrorFields
from integrations import actions
from integrations.actions import GRACES
from integrations.api_auth import HasKeyOrSignsIn, KeyAuthentication, ManagesIntegrations
from integrations.api_fields import (
    InboundEventFields,
    IntegrationFields,
    KeyFields,
    RotationFields,
    RouteFields,
)
from integrations.models import InboundEvent, Integration, Key, Route

_ERRORS = {400: ErrorFields, 401: ErrorFields, 403: ErrorFields, 404: ErrorFields}


class Conflict(APIException):
    """The state of things does not allow it."""

    status_code = 409
    default_code = "conflict"


class OneEvent(APIView):
    """What became of one event."""

    authentication_classes: Any = (
        KeyAuthentication,
        *api_settings.DEFAULT_AUTHENTICATION_CLASSES,
    )
    permission_classes = (HasKeyOrSignsIn,)

    @extend_schema(responses={200: InboundEventFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return an event to whoever sent it (`Authorization: Bearer <integration key>`) or
        manages integrations."""
        return Response(InboundEventFields(get_object_or_404(self._visible(request), pk=pk)).data)

    def _visible(self, request: Request) -> QuerySet[InboundEvent]:
        if isinstance(request.auth, Integration):
            return InboundEvent.objects.filter(integration=request.auth)
        return InboundEvent.objects.visible_to(person(request))


class Managed(APIView):
    permission_classes = (ManagesIntegrations,)

    @property
    def user(self) -> User:
        return person(self.request)

    def integration(self, pk: int) -> Integration:
        return get_object_or_404(Integration.objects.visible_to(self.user), pk=pk)


def changed(row: Any, data: dict[str, Any]) -> Any:
    """Return the row with these values, not saved yet."""
    for name, value in data.items():
        setattr(row, name, value)
    return row


class Integrations(Managed):
    @extend_schema(responses={200: IntegrationFields(many=True), **_ERRORS})
    def get(self, request: Request) -> Response:
        """List integrations by name."""
        rows = Integration.objects.visible_to(self.user).select_related("group", "assignee")
        rows = rows.prefetch_related("keys")
        return Response(IntegrationFields(rows.order_by("name"), many=True).data)

    @extend_schema(request=IntegrationFields, responses={201: IntegrationFields, **_ERRORS})
    def post(self, request: Request) -> Response:
        """Add an integration. The answer holds its key, which is told only now."""
        fields = IntegrationFields(data=request.data)
        fields.is_valid(raise_exception=True)
        made = actions.save_integration(
            changed(Integration(), fields.validated_data), actor=self.user, now=clock.now()
        )
        return Response(IntegrationFields(made).data, status=201)


class OneIntegration(Managed):
    @extend_schema(responses={200: IntegrationFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return one integration."""
        return Response(IntegrationFields(self.integration(pk)).data)

    @extend_schema(request=IntegrationFields, responses={200: IntegrationFields, **_ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given."""
        row = self.integration(pk)
        fields = IntegrationFields(row, data=request.data, partial=True)
        fields.is_valid(raise_exception=True)
        saved = actions.save_integration(
            changed(row, fields.validated_data), actor=self.user, now=clock.now()
        )
        return Response(IntegrationFields(saved).data)

    @extend_schema(responses={204: None, **_ERRORS, 409: ErrorFields})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove an integration that never opened an alert."""
        try:
            actions.delete_integration(self.integration(pk), actor=self.user, now=clock.now())
        except actions.NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


class RotateKey(Managed):
    @extend_schema(
        request=None, parameters=[RotationFields], responses={200: IntegrationFields, **_ERRORS}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Make a new key, told this once. The old one is void at once, unless `grace` is given."""
        fields = RotationFields(data=request.query_params)
        fields.is_valid(raise_exception=True)
        grace = GRACES[fields.validated_data["grace"]][1]
        row = self.integration(pk)
        actions.rotate_key(row, grace=grace, actor=self.user, now=clock.now())
        return Response(IntegrationFields(row).data)


class Keys(Managed):
    @extend_schema(responses={200: KeyFields(many=True), **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """List the keys that are still good, newest first, and when each was last used."""
        rows = self.integration(pk).keys.valid(clock.now())
        return Response(KeyFields(rows, many=True).data)


class OneKey(Managed):
    @extend_schema(responses={204: None, **_ERRORS, 409: ErrorFields})
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke a key that has been replaced."""
        visible = Integration.objects.visible_to(self.user)
        key = get_object_or_404(Key.objects.filter(integration__in=visible), pk=pk)
        try:
            actions.revoke_key(key, actor=self.user, now=clock.now())
        except actions.NotAllowed as error:
            raise Conflict(str(error)) from error
        return Response(status=204)


class Routes(Managed):
    @extend_schema(responses={200: RouteFields(many=True), **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """List an integration's routes in the order they are asked."""
        rows = self.integration(pk).routes.select_related("group", "assignee")
        return Response(RouteFields(rows.order_by("position", "id"), many=True).data)

    @extend_schema(request=RouteFields, responses={201: RouteFields, **_ERRORS})
    def post(self, request: Request, pk: int) -> Response:
        """Add a route."""
        fields = RouteFields(data=request.data)
        fields.is_valid(raise_exception=True)
        row = changed(Route(integration=self.integration(pk)), fields.validated_data)
        saved = actions.save_route(row, actor=self.user, now=clock.now())
        return Response(RouteFields(saved).data, status=201)


class OneRoute(Managed):
    def _route(self, pk: int) -> Route:
        visible = Integration.objects.visible_to(self.user)
        return get_object_or_404(Route.objects.filter(integration__in=visible), pk=pk)

    @extend_schema(responses={200: RouteFields, **_ERRORS})
    def get(self, request: Request, pk: int) -> Response:
        """Return one route."""
        return Response(RouteFields(self._route(pk)).data)

    @extend_schema(request=RouteFields, responses={200: RouteFields, **_ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given."""
        row = self._route(pk)
        fields = RouteFields(row, data=request.data, partial=True)
        fields.is_valid(raise_exception=True)
        saved = actions.save_route(
            changed(row, fields.validated_data), actor=self.user, now=clock.now()
        )
        return Response(RouteFields(saved).data)

    @extend_schema(responses={204: None, **_ERRORS})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a route."""
        actions.delete_route(self._route(pk), actor=self.user, now=clock.now())
        return Response(status=204)
