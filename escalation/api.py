"""Notifications, policies and the simulator below /api/v1/; the rules are `actions`'."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import Pages
from accounts.api_errors import refusals
from accounts.signed_in import person
from alertops import clock
from alerts.api_fields import ErrorFields
from alerts.models import Alert
from escalation import actions, history, outlook
from escalation.api_fields import (
    GroupPolicyFields,
    NotificationPage,
    PolicyChoice,
    PolicyFields,
    SimulateFields,
    SimulationFields,
)
from escalation.models import Policy
from escalation.policies import Choice
from escalation.usage import with_usage
from groups.models import Group

MOST = 500
_ERRORS = {400: ErrorFields, 401: ErrorFields, 403: ErrorFields, 404: ErrorFields}


class AlertNotifications(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("after", int, description="The id of the last one already seen"),
            OpenApiParameter("limit", int, description=f"1 to {MOST}"),
        ],
        responses={200: NotificationPage, **_ERRORS},
    )
    def get(self, request: Request, alert_id: int) -> Response:
        """Tell who was notified how and with what result, oldest first."""
        alert = get_object_or_404(Alert.objects.visible_to(person(request)), pk=alert_id)
        after = _number(request, "after", 0, 0, 2**63 - 1)
        limit = _number(request, "limit", MOST, 1, MOST)
        rows = alert.notifications.filter(pk__gt=after).order_by("pk")
        found = history.lines(rows, clock.now(), size=limit)
        page = NotificationPage({"results": found.lines, "next": None}).data
        if found.more is not None:
            page["next"] = f"{settings.PUBLIC_URL}{request.path}?after={found.more}&limit={limit}"
        return Response(page)


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    if not least <= number <= most:
        raise ValidationError(f"{name} is a number from {least} to {most}.")
    return number


class PolicyViewSet(viewsets.ModelViewSet[Policy]):
    """Policies; only Owners and App Admins change them. Running escalations keep their own."""

    serializer_class = PolicyFields
    pagination_class = Pages
    queryset = Policy.objects.none()
    admin_only = frozenset({"POST", "PUT", "PATCH", "DELETE"})

    def get_queryset(self) -> QuerySet[Policy]:
        policies = with_usage(Policy.objects.visible_to(person(self.request)))
        loaded = policies.prefetch_related("levels__channels", "levels__user", "levels__group")
        return loaded.order_by("name")

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            visible = Group.objects.visible_to(self.request.user).values_list("pk", flat=True)
            context["visible_groups"] = frozenset(visible)
        return context

    def perform_create(self, serializer: Any) -> None:
        self._save(serializer, Policy())

    def perform_update(self, serializer: Any) -> None:
        self._save(serializer, Policy.objects.get(pk=serializer.instance.pk))

    def perform_destroy(self, instance: Policy) -> None:
        with refusals():
            actions.delete_policy(instance, actor=person(self.request), now=clock.now())

    def _save(self, serializer: Any, policy: Policy) -> None:
        if "description" in serializer.validated_data:
            policy.description = serializer.validated_data["description"]
        plan = serializer.plan()
        saved = actions.save_policy(policy, plan, actor=person(self.request), now=clock.now())
        serializer.instance = self.get_queryset().get(pk=saved.pk)


class GroupPolicyView(APIView):
    """The policy of one group."""

    @extend_schema(responses={200: GroupPolicyFields, **_ERRORS})
    def get(self, request: Request, slug: str) -> Response:
        """Which policy the group uses, and whom it would page now."""
        return Response(_group_policy(self._group(request, slug)))

    @extend_schema(request=PolicyChoice, responses={200: GroupPolicyFields, **_ERRORS})
    def put(self, request: Request, slug: str) -> Response:
        """Choose another policy for alerts to come, or null for the default."""
        group, user = self._group(request, slug), person(request)
        if not Group.objects.editable_by(user).filter(pk=group.pk).exists():
            raise PermissionDenied("Only those who may edit the group choose its policy.")
        body = PolicyChoice(data=request.data, context={"request": request})
        body.is_valid(raise_exception=True)
        policy = body.validated_data["policy"]
        actions.choose_policy(group, policy, actor=user, now=clock.now())
        return Response(_group_policy(group))

    def _group(self, request: Request, slug: str) -> Group:
        return get_object_or_404(Group.objects.visible_to(person(request)), slug=slug)


def _group_policy(group: Group) -> dict[str, Any]:
    now = clock.now()
    chosen_by, policy_id, plan = Choice([], [group.pk]).look(None, group.pk)
    rows = outlook.chain(plan, group.pk, "high", now).rows(now, outlook.FIRST, most=60)
    return {
        "group": group.slug,
        "policy": policy_id,
        "name": plan.name,
        "chosen_by": chosen_by,
        "preview": [f"{row.clock} {row.text}" for row in rows],
    }


class Simulate(APIView):
    """What would happen."""

    @extend_schema(request=SimulateFields, responses={200: SimulationFields, **_ERRORS})
    def post(self, request: Request) -> Response:
        """Lay out the whole chain of an imagined alert. Nothing is stored, nobody is notified."""
        body = SimulateFields(data=request.data, context={"request": request})
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        found = outlook.simulate(
            asked["group"],
            asked["severity"],
            asked.get("at") or clock.now(),
            policy=asked["policy"],
        )
        return Response(simulation_answer(asked["group"], asked["severity"], found))


def simulation_answer(group: Group, severity: str, found: outlook.Simulation) -> dict[str, Any]:
    """What the API says of a simulation."""
    answer = {
        "group": group.slug,
        "severity": severity,
        "at": found.at,
        "policy": found.policy_id,
        "policy_name": found.policy.name,
        "chosen_by": found.chosen_by,
        "is_cut": found.is_cut,
        "steps": found.rows,
    }
    return dict(SimulationFields(answer).data)
