"""Groups, members and the groups' own contact methods below /api/v1/. The rules are `actions`'."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import verification
from accounts.api import CodeSerializer, Pages
from accounts.api_errors import refusals
from accounts.channels import CHANNELS, KINDS
from accounts.models import User
from accounts.signed_in import person
from alertops import clock
from groups import actions
from groups.models import Group, GroupContactMethod, Member

METHODS = ["get", "head", "options", "post", "patch", "delete"]


class GroupSerializer(serializers.ModelSerializer[Group]):
    slug = serializers.SlugField(max_length=80, required=False)
    topics = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=50
    )

    class Meta:
        model = Group
        fields = [
            "id",
            "slug",
            "name",
            "description",
            "time_zone",
            "visibility",
            "is_active",
            "topics",
            "created_at",
        ]
        read_only_fields = ["created_at"]

    def to_representation(self, instance: Group) -> dict[str, Any]:
        names = [topic.name for topic in instance.topics.all()]
        shown = {
            name: field.to_representation(field.get_attribute(instance))
            for name, field in self.fields.items()
            if name != "topics"
        }
        return shown | {"topics": names}


class GroupViewSet(viewsets.ModelViewSet[Group]):
    """The groups I may see; only those who may edit one change it, only admins make one."""

    serializer_class = GroupSerializer
    pagination_class = Pages
    lookup_field = "slug"
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[Group]:
        groups = Group.objects.visible_to(self.request.user)
        return groups.order_by("name").prefetch_related("topics")

    def _save(self, serializer: Any, group: Group) -> None:
        facts = dict(serializer.validated_data)
        topics = facts.pop("topics", None)
        for name, value in facts.items():
            setattr(group, name, value)
        user, now = person(self.request), clock.now()
        with refusals():
            serializer.instance = actions.save_group(group, actor=user, now=now)
            if topics is not None:
                actions.set_topics(group, topics, actor=user, now=now)
        serializer.instance = self.get_queryset().get(pk=group.pk)

    def perform_create(self, serializer: Any) -> None:
        self._save(serializer, Group())

    def perform_update(self, serializer: Any) -> None:
        self._save(serializer, Group.objects.get(pk=serializer.instance.pk))

    def perform_destroy(self, instance: Group) -> None:
        with refusals():
            actions.delete_group(instance, actor=person(self.request), now=clock.now())


class OfGroup(viewsets.GenericViewSet[Any]):
    """Below /groups/<slug>/: who may not see the group gets 404, whatever they send."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.group()

    def group(self) -> Group:
        """The group of the address, or 404."""
        groups = Group.objects.visible_to(self.request.user)
        return get_object_or_404(groups, slug=self.kwargs["slug"])


class MemberSerializer(serializers.ModelSerializer[Member]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.active())
    name = serializers.CharField(source="user.name", read_only=True)

    class Meta:
        model = Member
        fields = ["id", "user", "name", "sequence", *actions.FLAGS]
        read_only_fields = ["sequence"]
        validators: list[Any] = []

    def validate_user(self, value: User) -> User:
        if self.instance is not None and value != self.instance.user:
            raise serializers.ValidationError("A member stays who they are; add the other one.")
        return value


class OrderSerializer(serializers.Serializer[Any]):
    members = serializers.ListField(child=serializers.IntegerField(), max_length=500)


class MemberViewSet(viewsets.ModelViewSet[Member], OfGroup):
    """Members in their order."""

    serializer_class = MemberSerializer
    pagination_class = Pages
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[Member]:
        if getattr(self, "swagger_fake_view", False):
            return Member.objects.none()
        return self.group().members.select_related("user", "group").order_by("sequence")

    def perform_create(self, serializer: Any) -> None:
        facts = dict(serializer.validated_data)
        with refusals():
            serializer.instance = actions.add_member(
                self.group(),
                facts.pop("user"),
                actor=person(self.request),
                now=clock.now(),
                **facts,
            )

    def perform_update(self, serializer: Any) -> None:
        facts = {k: v for k, v in serializer.validated_data.items() if k in actions.FLAGS}
        with refusals():
            serializer.instance = actions.change_member(
                serializer.instance, actor=person(self.request), now=clock.now(), **facts
            )

    def perform_destroy(self, instance: Member) -> None:
        with refusals():
            actions.remove_member(instance, actor=person(self.request), now=clock.now())

    @extend_schema(request=OrderSerializer)
    @action(detail=False, methods=["post"])
    def order(self, request: Request, slug: str) -> Response:
        """Set the order: `{"members": [ids, first asked first]}`."""
        given = OrderSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with refusals():
            actions.reorder(
                self.group(),
                given.validated_data["members"],
                actor=person(request),
                now=clock.now(),
            )
        return Response(self.get_serializer(self.get_queryset(), many=True).data)


class GroupContactMethodSerializer(serializers.ModelSerializer[GroupContactMethod]):
    """The address goes in whole and comes out masked."""

    kind = serializers.ChoiceField(choices=KINDS)
    address = serializers.CharField(max_length=2000)

    class Meta:
        model = GroupContactMethod
        fields = ["id", "kind", "label", "address", "verified_at", "disabled_at"]
        read_only_fields = ["verified_at", "disabled_at"]

    def to_representation(self, instance: GroupContactMethod) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        shown["address"] = CHANNELS[instance.kind].mask(instance.address)
        return shown


class GroupContactMethodViewSet(viewsets.ModelViewSet[GroupContactMethod], OfGroup):
    """How the group itself is reached."""

    serializer_class = GroupContactMethodSerializer
    pagination_class = Pages
    http_method_names = ["get", "head", "options", "post", "delete"]

    def get_queryset(self) -> QuerySet[GroupContactMethod]:
        if getattr(self, "swagger_fake_view", False):
            return GroupContactMethod.objects.none()
        methods = self.group().contact_methods.select_related("group")
        return methods.order_by("pk")

    def perform_create(self, serializer: Any) -> None:
        with refusals():
            serializer.instance = actions.add_contact_method(
                self.group(),
                **serializer.validated_data,
                actor=person(self.request),
                now=clock.now(),
            )

    def perform_destroy(self, instance: GroupContactMethod) -> None:
        with refusals():
            actions.remove_contact_method(instance, actor=person(self.request), now=clock.now())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def code(self, request: Request, slug: str, pk: str) -> Response:
        """Send a code to the address."""
        method, user, now = self.get_object(), person(request), clock.now()
        with refusals():
            actions.check(method.group, user)
            missing = verification.send_code(method, user=user, now=now)
        return Response({"sent": not missing, "detail": missing})

    @extend_schema(request=CodeSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, slug: str, pk: str) -> Response:
        """Give the code back."""
        given = CodeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        method, code = self.get_object(), given.validated_data["code"]
        with refusals():
            actions.verify_contact_method(method, code, actor=person(request), now=clock.now())
        return Response(self.get_serializer(method).data)
