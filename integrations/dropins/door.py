"""The door of a drop-in API: the body is read and stored whole, refusals speak as the product does.

Whoever changes something here comes through the inbox like any event; only reading is answered from
the database at once, and a key reads the alerts of its own integration, nobody else's.
"""

import base64
import binascii
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from alertops import clock
from alerts.models import Alert
from integrations import payloads
from integrations.ingest import Door, TooLarge, parcel_of, read
from integrations.keys import key_hash
from integrations.limits import Buckets
from integrations.models import Integration
from integrations.store import TooMany, store
from integrations.vendors import may_read

_reads = Buckets()


class Stranger(Exception):
    """No active integration has this key."""


class Oversized(Exception):
    """More than is taken; its beginning was stored and becomes an alert."""


@dataclass(slots=True)
class Delivery:
    """A request as a door looks at it: whatever it says, it can be kept whole."""

    request: HttpRequest
    body: bytes
    content: payloads.Decoded
    oversized: bool = False

    @property
    def fields(self) -> dict[str, Any]:
        """The object in the body; nothing where it is something else."""
        return self.content.value if isinstance(self.content.value, dict) else {}

    @property
    def is_empty(self) -> bool:
        return self.content.kind == "empty"

    def text(self, name: str) -> str:
        """One field as text; "" where there is none."""
        found = self.fields.get(name)
        return found.strip() if isinstance(found, str) else ""


def receive(request: Request) -> Delivery:
    """Read the whole body, up to the cap."""
    plain: HttpRequest = request._request
    try:
        body, oversized = read(plain), False
    except TooLarge as large:
        body, oversized = large.start, True
    meta = plain.META
    content = payloads.decode(
        body, meta.get("CONTENT_TYPE", ""), meta.get("HTTP_CONTENT_ENCODING", "")
    )
    return Delivery(plain, body, content, oversized)


def keep(
    delivery: Delivery,
    key: str,
    dialect: str,
    *,
    address: dict[str, Any] | None = None,
    own_key: str = "",
) -> int:
    """Store it for good and return the event's number. Raises Stranger, Oversized, TooMany."""
    secret = key.encode("utf-8", "surrogatepass")
    if not secret:
        raise Stranger
    # The key is a secret that nothing needs any more: what is stored has stars in its place.
    parcel = parcel_of(delivery.request, key, delivery.body.replace(secret, b"*" * len(secret)))
    parcel.query = parcel.query.replace(key, "*" * len(key))
    parcel.dialect, parcel.own_key, parcel.oversized = dialect, own_key, delivery.oversized
    if address:
        parcel.headers["address"] = address
    event = store(parcel)
    if event is None:
        raise Stranger
    if delivery.oversized:
        raise Oversized
    return event


def reader(key: str) -> Integration:
    """The integration whose alerts this key may read. Raises Stranger and TooMany: questions have
    the same limit as events, counted apart, so that a curious script stops no event."""
    digest, at = key_hash(key), time.monotonic()
    wait, _ = _reads.ask(digest, at)
    if wait:
        raise TooMany(wait)
    found = Integration.objects.with_key(key, clock.now()).first() if key else None
    if found is None or not may_read(found.kind):
        _reads.forget(digest)
        raise Stranger
    _reads.learn(digest, found.pk, found.rate_per_minute, found.burst, settings.WEB_WORKERS, at)
    return found


def alerts_of(integration: Integration) -> QuerySet[Alert]:
    """All that a key of this integration may see and touch."""
    return Alert.objects.filter(source_id=integration.pk)


def forget_limits() -> None:
    """Start with full buckets (tests)."""
    global _reads
    _reads = Buckets()


@extend_schema(exclude=True)  # the product's own documentation is the reference
class DropInDoor(Door):
    """A subclass says which key it takes and how its product says no."""

    http_method_names: Any = ("get", "post", "put", "patch", "delete")
    schemes: tuple[str, ...] = ()
    """What may stand before the key in `Authorization`, besides Basic."""
    unknown_key = 401

    def key(self, request: Request) -> str:
        """The key as the product's clients send it; "" where there is none."""
        scheme, _, given = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() == "basic":
            return _from_basic(given)
        return given.strip() if scheme.lower() in {name.lower() for name in self.schemes} else ""

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        if isinstance(exc, Stranger):
            return self.refuse(self.unknown_key, "No active integration has this key.")
        if isinstance(exc, Oversized):
            sentence = "The event is larger than 1 MiB; an alert was opened that says so."
            return self.refuse(413, sentence)
        if isinstance(exc, (OperationalError, InterfaceError)):
            answer = self.refuse(503, "The database cannot be reached right now; try again.")
            answer["Retry-After"] = "2"
            return answer
        return super().handle_exception(exc)

    def http_method_not_allowed(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        answer = self.refuse(405, f"{request.method} is not understood at this address.")
        answer["Allow"] = ", ".join(self.allowed_methods)
        return answer


def _from_basic(given: str) -> str:
    """The key as password, or as user where there is no password."""
    try:
        user, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return (password or user).strip()
