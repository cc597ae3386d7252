"""Who a program is (`Authorization: Bearer <token>`), and how much its token may do."""

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts import tokens
from accounts.models import ApiToken, User
from alertops import clock

if TYPE_CHECKING:  # the views themselves import this module
    from rest_framework.views import APIView

# What a token needs for a request: administering includes changing, changing includes reading.
_ENOUGH = {
    ApiToken.Scope.READ: {"read", "write", "admin"},
    ApiToken.Scope.WRITE: {"write", "admin"},
    ApiToken.Scope.ADMIN: {"admin"},
}


class TokenAuthentication(BaseAuthentication):
    """Unknown, expired and revoked tokens are answered alike."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != self.keyword.lower():
            return None
        token = tokens.find(raw.strip(), clock.now()) if raw.isascii() and len(raw) < 200 else None
        if token is None:
            raise AuthenticationFailed("This token is not good.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


def administers(request: Request) -> bool:
    """Whether nothing about the way somebody came keeps them from administering: a token does
    that lacks the scope."""
    token = request.auth
    return not isinstance(token, ApiToken) or ApiToken.Scope.ADMIN in token.scopes


class Scoped(BasePermission):
    """Signed in, within the token's scope, and an admin where the view says `admin_only`.

    `admin_only` is True or a set of methods. A Stakeholder only reads.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return False
        only = getattr(view, "admin_only", ())
        is_admin_call = only is True or (only and request.method in only)
        changes = request.method not in SAFE_METHODS
        if is_admin_call and not user.is_admin:
            self.message = "Only an Owner or App Admin may do this."
            return False
        if changes and user.is_stakeholder:
            self.message = "A Stakeholder may look, and change nothing."
            return False
        need = ApiToken.Scope.WRITE if changes else ApiToken.Scope.READ
        if is_admin_call and changes:
            need = ApiToken.Scope.ADMIN
        token = request.auth
        if isinstance(token, ApiToken) and _ENOUGH[need].isdisjoint(token.scopes):
            self.message = f"This token lacks the scope {need.value}."
            return False
        return True


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The token in the OpenAPI description."""

    target_class = "accounts.api_auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
