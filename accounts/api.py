"""People and their contact methods below /api/v1/. The rules are those of `actions`."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import actions, verification
from accounts.api_auth import administers
from accounts.api_errors import refusals
from accounts.channels import CHANNELS, KINDS
from accounts.models import ContactMethod, NotificationRule, User
from accounts.roles import Role
from accounts.signed_in import person
from alertops import clock


class Pages(LimitOffsetPagination):
    """`limit` and `offset`, with a cap."""

    default_limit = 100
    max_limit = 500


class UserSerializer(serializers.ModelSerializer[User]):
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=Role.choices), min_length=1, required=False
    )

    class Meta:
        model = User
        fields = ["id", "email", "name", "time_zone", "roles", "is_active", "created_at"]
        read_only_fields = ["created_at"]

    def validate_email(self, value: str) -> str:
        """Keep it in small letters; it cannot be changed here once it is a sign-in."""
        value = value.strip().lower()
        if self.instance is not None and value != self.instance.email:
            raise serializers.ValidationError("The e-mail address is changed in the console.")
        return value


class UserViewSet(viewsets.ModelViewSet[User]):
    """People. For administrators; everybody reads their own under `me`."""

    queryset = User.objects.order_by("pk")
    serializer_class = UserSerializer
    pagination_class = Pages
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    @property
    def admin_only(self) -> bool:
        return self.action != "me"

    @action(detail=False, methods=["get"])
    def me(self, request: Request) -> Response:
        """Whoever is asking."""
        return Response(UserSerializer(person(request)).data)

    def perform_create(self, serializer: Any) -> None:
        facts = serializer.validated_data
        with refusals():
            serializer.instance = actions.invite(
                email=facts["email"],
                name=facts["name"],
                roles=facts.get("roles") or [Role.BASIC],
                time_zone=facts.get("time_zone", "UTC"),
                actor=person(self.request),
                now=clock.now(),
            )

    def perform_update(self, serializer: Any) -> None:
        facts = {k: v for k, v in serializer.validated_data.items() if k != "email"}
        with refusals():
            serializer.instance = actions.change_user(
                serializer.instance, actor=person(self.request), now=clock.now(), **facts
            )

    def perform_destroy(self, instance: User) -> None:
        with refusals():
            actions.delete_user(instance, actor=person(self.request), now=clock.now())


class ContactMethodSerializer(serializers.ModelSerializer[ContactMethod]):
    """The address goes in whole and comes out masked."""

    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False)
    kind = serializers.ChoiceField(choices=KINDS)
    address = serializers.CharField(max_length=2000)

    class Meta:
        model = ContactMethod
        fields = [
            "id",
            "user",
            "kind",
            "label",
            "address",
            "verified_at",
            "disabled_at",
            "disabled_reason",
        ]
        read_only_fields = ["verified_at", "disabled_at", "disabled_reason"]

    def to_representation(self, instance: ContactMethod) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        shown["address"] = CHANNELS[instance.kind].mask(instance.address)
        return shown


class CodeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=12)


class ContactMethodViewSet(viewsets.ModelViewSet[ContactMethod]):
    """My contact methods; administrators see and add everybody's, which are still to be verified
    by their owners."""

    serializer_class = ContactMethodSerializer
    pagination_class = Pages
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def get_queryset(self) -> QuerySet[ContactMethod]:
        if getattr(self, "swagger_fake_view", False):
            return ContactMethod.objects.none()
        user = person(self.request)
        methods = ContactMethod.objects.order_by("pk")
        wanted = self.request.query_params.get("user", "")
        if self.action in {"code", "verify", "test"} or not self._reaches_others():
            methods = methods.filter(user=user)
        return methods.filter(user=int(wanted)) if wanted.isdecimal() else methods

    def _reaches_others(self) -> bool:
        """Whether this call is an administrator's; to change, its token must administer too."""
        may_change = administers(self.request) or self.request.method in SAFE_METHODS
        return person(self.request).is_admin and may_change

    def perform_create(self, serializer: Any) -> None:
        user, facts = person(self.request), dict(serializer.validated_data)
        owner = facts.pop("user", user)
        if owner != user and not self._reaches_others():
            raise serializers.ValidationError({"user": "You add only your own."})
        with refusals():
            serializer.instance = actions.add_contact_method(
                owner, **facts, actor=user, now=clock.now()
            )

    def perform_update(self, serializer: Any) -> None:
        facts = {k: v for k, v in serializer.validated_data.items() if k in {"label", "address"}}
        with refusals():
            serializer.instance = actions.change_contact_method(
                serializer.instance, actor=person(self.request), now=clock.now(), **facts
            )

    def perform_destroy(self, instance: ContactMethod) -> None:
        with refusals():
            actions.remove_contact_method(instance, actor=person(self.request), now=clock.now())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def code(self, request: Request, pk: str) -> Response:
        """Send a code to the address."""
        with refusals():
            missing = verification.send_code(
                self.get_object(), user=person(request), now=clock.now()
            )
        return Response({"sent": not missing, "detail": missing})

    @extend_schema(request=CodeSerializer)
    @action(detail=True, methods=["post"])
    def verify(self, request: Request, pk: str) -> Response:
        """Give the code back."""
        given = CodeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        method, code = self.get_object(), given.validated_data["code"]
        with refusals():
            actions.verify(method, code, user=person(request), now=clock.now())
        method.refresh_from_db()
        return Response(self.get_serializer(method).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a test message there."""
        with refusals():
            missing = verification.send_test(
                self.get_object(), user=person(request), now=clock.now()
            )
        return Response({"sent": not missing, "detail": missing})


class RuleSerializer(serializers.ModelSerializer[NotificationRule]):
    """One line: which method, how many seconds after the page began."""

    contact_method = serializers.PrimaryKeyRelatedField(queryset=ContactMethod.objects.all())
    delay_seconds = serializers.IntegerField(min_value=0, max_value=86400, default=0)

    class Meta:
        model = NotificationRule
        fields = ["contact_method", "delay_seconds"]


class RuleSetsSerializer(serializers.Serializer[Any]):
    """Both sets, or the one to replace."""

    high = RuleSerializer(many=True, required=False)
    low = RuleSerializer(many=True, required=False)


@extend_schema_field(RuleSetsSerializer)
class RuleSets(mixins.ListModelMixin, viewsets.GenericViewSet[NotificationRule]):
    """My notification rules: `{"high": [...], "low": [...]}`; PUT replaces the sets it names."""

    serializer_class = RuleSetsSerializer
    queryset = NotificationRule.objects.none()

    def _sets(self) -> dict[str, Any]:
        rules = person(self.request).notification_rules.all()
        return {
            urgency: RuleSerializer([r for r in rules if r.urgency == urgency], many=True).data
            for urgency in NotificationRule.Urgency.values
        }

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._sets())

    def replace(self, request: Request) -> Response:
        """Replace one set or both."""
        given = RuleSetsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user, now = person(request), clock.now()
        with refusals():
            for urgency, lines in given.validated_data.items():
                wanted = [actions.Line(i["contact_method"].pk, i["delay_seconds"]) for i in lines]
                actions.set_rules(user, urgency, wanted, actor=user, now=now)
        return Response(self._sets(), status=status.HTTP_200_OK)
