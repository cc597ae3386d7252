"""The cast, the movable clock and the phones. Real PostgreSQL; only the edges are doubled."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from django.db.models import Min
from pytest_django import Settings

from accounts.models import User
from alertops import clock as the_clock
from alertops import doorbell, notices
from alerts import wakes
from escalation import dispatch, engine
from escalation.models import Notification
from escalation.states import State
from integrations import inbox
from tests import builders
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioDouble

pytest_plugins = ["tests.doubles.fixtures"]

PUBLIC_URL = "https://alerts.example.org"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


# A machine that is busy with something else is no reason to fail.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


@pytest.fixture(autouse=True)
def _no_page_leans_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pages remember for some seconds is asked already: a page of a test asks for its own."""
    monkeypatch.setattr(notices, "FRESH", 600.0)
    monkeypatch.setattr(notices, "_kept", (time.monotonic(), []))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves this machine, whatever a test forgets to double."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        if host not in {"unix", "127.0.0.1", "::1", "localhost"}:
            raise OSError(f"a test wanted to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def _quiet_doorbell(django_db_setup: None) -> Iterator[None]:
    """The bell's own connection must be gone before the database is dropped."""
    yield
    doorbell.close()


@pytest.fixture(autouse=True)
def _local_outbox(settings: Settings) -> None:
    """Messages stay in the outbox unless a test plugs in a double."""
    settings.OUTBOX_ONLY = True


@pytest.fixture
def twilio(twilio_double: TwilioDouble, settings: Settings) -> TwilioDouble:
    """The phone company: takes messages and calls, calls nobody back by itself."""
    settings.OUTBOX_ONLY = False
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.TWILIO_FROM, settings.TWILIO_API_URL = "+15005550006", twilio_double.base_url
    settings.PUBLIC_URL = PUBLIC_URL
    twilio_double.knobs.turn(callbacks=False, step_seconds=0.0)  # delivered at once
    return twilio_double


@pytest.fixture
def smtp(smtp_double: SmtpDouble, settings: Settings) -> SmtpDouble:
    """The mail server: takes mails and hands none on."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_double.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = ""
    settings.DEFAULT_FROM_EMAIL = "AlertOps <alertops@example.org>"
    return smtp_double


class Clock:
    """Stands still; `forward` moves it and lets the inbox, the engine and the outbox look,
    at every instant something becomes due on the way."""

    def now(self) -> datetime:
        return the_clock.now()

    def set(self, at: datetime) -> None:
        the_clock.freeze(at)

    def look(self) -> None:
        """Let everything that is due now happen."""
        for _ in range(50):
            worked = inbox.process(self.now())
            engine.tick(self.now())
            sent = dispatch.run_once(self.now())
            due = wakes.next_wake(self.now())
            if not sent and (due is None or due > self.now()) and not worked:
                return
        raise AssertionError("the loops do not come to rest")

    def forward(self, **by: float) -> None:
        """Move on by e.g. `minutes=5`."""
        target = self.now() + timedelta(**by)
        self.look()
        while (due := self._next()) is not None and due <= target:
            the_clock.freeze(max(due, self.now()))
            self.look()
        the_clock.freeze(target)
        self.look()

    def _next(self) -> datetime | None:
        queued = Notification.objects.filter(state__in=[State.PENDING, State.UNKNOWN])
        proof = Notification.objects.filter(state=State.ACCEPTED, proof_due_at__isnull=False)
        found = [
            wakes.next_wake(self.now()),
            queued.aggregate(at=Min("due_at"))["at"],
            proof.aggregate(at=Min("proof_due_at"))["at"],
        ]
        later = [at for at in found if at is not None and at > self.now()]
        return min(later) if later else None


@pytest.fixture
def clock() -> Iterator[Clock]:
    the_clock.freeze(MONDAY)
    yield Clock()
    the_clock.release()


class Phones:
    """Who was notified since the last look, in the order the messages left."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def take(self, *, channels: bool = False) -> list[str]:
        sent = Notification.objects.filter(accepted_at__isnull=False).exclude(pk__in=self._seen)
        rows = list(sent.select_related("user").order_by("accepted_at", "id"))
        self._seen.update(row.pk for row in rows)
        names = [row.user.name.lower() if row.user else "group" for row in rows]
        if channels:
            return [f"{name} {row.channel}" for name, row in zip(names, rows, strict=True)]
        return names


@pytest.fixture
def phones() -> Phones:
    return Phones()


@pytest.fixture
def alice(db: None) -> User:
    return builders.person("Alice")


@pytest.fixture
def bob(db: None) -> User:
    return builders.person("Bob")


@pytest.fixture
def carol(db: None) -> User:
    return builders.person("Carol")


@pytest.fixture
def mallory(db: None) -> User:
    """A colleague of another team: may sign in, may not see ours."""
    return builders.person("Mallory")
