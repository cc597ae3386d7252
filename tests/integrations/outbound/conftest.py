"""A receiver next door, and connections that send to it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from accounts.roles import Role
from alertops import clock as the_clock
from alerts import actions as alert_actions
from alerts.models import Alert
from groups.models import Group
from integrations.models import OutboundConnection, OutboundMessage
from integrations.outbound import actions, sender
from tests import builders
from tests.conftest import Clock
from tests.doubles.webhook import WebhookDouble
from tests.doubles.wire import Request

EVENTS = ["opened", "acknowledged", "unacknowledged", "resolved", "noted"]


@pytest.fixture
def dana(db: None) -> User:
    """Looks after the integrations."""
    return builders.person("Dana", roles=[Role.INTEGRATIONS_ADMIN.value])


@pytest.fixture
def receiver(webhook_double: WebhookDouble, settings: Settings) -> WebhookDouble:
    """A receiver on this machine, which the operator has allowed."""
    settings.OUTBOX_ONLY = False
    settings.ALLOW_PRIVATE_TARGETS = ["127.0.0.1"]
    return webhook_double


def connect(
    url: str,
    *,
    name: str = "Our program",
    tool: str = "webhook",
    events: list[str] | None = None,
    group: Group | None = None,
    actor: User | None = None,
    integrations: Any = (),
    values: dict[str, str] | None = None,
) -> OutboundConnection:
    """A connection to this address, saved as a person would."""
    link = OutboundConnection(name=name, tool=tool, events=events or EVENTS, group=group)
    return actions.save(
        link,
        values={"url": url, **(values or {})},
        integrations=integrations,
        actor=actor,
        now=the_clock.now(),
    )


def opened(group: Group, title: str = "Disk full", **fields: Any) -> Alert:
    return alert_actions.create(title=title, actor=None, now=the_clock.now(), group=group, **fields)


def states(link: OutboundConnection) -> list[str]:
    rows = OutboundMessage.objects.filter(connection=link).order_by("pk")
    return list(rows.values_list("state", flat=True))


def forward(clock: Clock, **by: float) -> int:
    """Move the clock and let the sender look at every instant something is due on the way."""
    target = clock.now() + timedelta(**by)
    count = sender.run_once(clock.now())
    while (due := _next()) is not None and due <= target:
        clock.set(max(due, clock.now() + timedelta(milliseconds=1)))
        count += sender.run_once(clock.now())
    clock.set(target)
    return count + sender.run_once(target)


def _next() -> Any:
    """When the next message may leave: it is due, and its connection does not rest."""
    found = []
    for row in OutboundMessage.objects.filter(next_try_at__isnull=False).select_related(
        "connection"
    ):
        waits = [row.next_try_at, row.connection.rest_until, row.connection.off_until]
        found.append(max(at for at in waits if at is not None))
    later = [at for at in found if at > the_clock.now()]
    return min(later) if later else None


def is_genuine(request: Request, secret: str, *, now: float, tolerance: float = 300) -> bool:
    """What docs/outbound.md tells a receiver to do."""
    parts = [part.partition("=") for part in request.headers["x-alertops-signature"].split(",")]
    seconds = next(value for name, _, value in parts if name == "t")
    if abs(now - int(seconds)) > tolerance:
        return False
    expected = hmac.new(
        secret.encode(), seconds.encode() + b"." + request.body, hashlib.sha256
    ).hexdigest()
    return any(hmac.compare_digest(expected, value) for name, _, value in parts if name == "v1")


@pytest.fixture
def payments(alice: User) -> Group:
    return builders.group("Payments", primary=(alice,))
