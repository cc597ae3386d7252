"""Who may ask what of this app's API."""

import re
from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.api_auth import Scoped
from alertops import clock
from integrations.models import Integration
from integrations.vendors import may_read

_KEY = re.compile(r"Bearer\s+([0-9a-f]{32})", re.IGNORECASE)


class KeyAuthentication(BaseAuthentication):
    """The key an event was sent with also shows what became of it: `Bearer <key>`."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        given = _KEY.fullmatch(request.headers.get("Authorization", "").strip())
        if given is None:
            return None
        found = Integration.objects.with_key(given[1].lower(), clock.now())
        integration = found.first()
        if integration is None or not may_read(integration.kind):
            return None
        return AnonymousUser(), integration

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class _KeyInSchema(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document describes it."""

    target_class = "integrations.api_auth.KeyAuthentication"
    name = "integrationKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An integration's own key"}


class HasKeyOrSignsIn(Scoped):
    """An integration's key, a token, or a person who is signed in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Integration) or super().has_permission(request, view)


class ManagesIntegrations(Scoped):
    """Those whose role manages integrations; a token must have been made for changes, too."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not super().has_permission(request, view):
            return False
        self.message = "Only those who manage integrations may do this."
        verb = "view" if request.method in SAFE_METHODS else "change"
        return bool(request.user.has_perm(f"integrations.{verb}_integration"))
