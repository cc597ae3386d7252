"""The doubles as fixtures: each test that asks gets a fresh one, with nothing wrong yet."""

from collections.abc import Iterator

import pytest

from tests.doubles.push import PushDouble
from tests.doubles.smtp import SmtpDouble
from tests.doubles.twilio import TwilioDouble
from tests.doubles.webhook import WebhookDouble


@pytest.fixture
def twilio_double() -> Iterator[TwilioDouble]:
    """A Twilio that accepts everything; set TWILIO_API_URL to its `base_url`."""
    with TwilioDouble() as double:
        yield double


@pytest.fixture
def smtp_double() -> Iterator[SmtpDouble]:
    """A mail server that accepts everything; set EMAIL_HOST 127.0.0.1 and EMAIL_PORT `port`."""
    with SmtpDouble() as double:
        yield double


@pytest.fixture
def push_double() -> Iterator[PushDouble]:
    """A web push service; `subscribe()` gives what a browser would."""
    with PushDouble() as double:
        yield double


@pytest.fixture
def webhook_double() -> Iterator[WebhookDouble]:
    """A receiver that keeps every request it is sent."""
    with WebhookDouble() as double:
        yield double
