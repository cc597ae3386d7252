"""The edges as the channels see them: doubles of the providers, named in the settings."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.channels.base import Message
from alertops import clock
from tests.doubles.push import PushDouble
from tests.doubles.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioDouble

OUR_NUMBER = "+15005550006"
PUBLIC_URL = "https://alerts.example.org"


def a_message(**changes: Any) -> Message:
    facts = {
        "subject": "[critical] Disk full",
        "title": "Disk full on db1",
        "text": "Disk full on db1.\nAcknowledge: https://alerts.example.org/a/x/",
        "html": "<p>Disk full on <b>db1</b></p>",
        "short": "Disk full on db1 [K7Q2]",
        "speech": "Disk full on d b 1 & more",
        "url": f"{PUBLIC_URL}/alerts/1/",
        "ack_url": f"{PUBLIC_URL}/a/x/",
        "token": "tok-1",
        "key": "n-1",
        "reply_code": "K7Q2",
        "reply_token": "rtok",
        "callback_url": f"{PUBLIC_URL}/channels/sms/{{what}}/tok-1/",
    }
    return Message(**(facts | changes))


@pytest.fixture
def twilio(twilio_double: TwilioDouble, settings: Any) -> TwilioDouble:
    """A Twilio that accepts everything and calls nobody back."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, AUTH_TOKEN
    settings.TWILIO_FROM, settings.TWILIO_API_URL = OUR_NUMBER, twilio_double.base_url
    settings.PUBLIC_URL = PUBLIC_URL
    twilio_double.knobs.turn(callbacks=False)
    return twilio_double


@pytest.fixture
def browser(push_double: PushDouble, settings: Any) -> PushDouble:
    settings.PUSH_ALLOW_PRIVATE = True
    settings.VAPID_PRIVATE_KEY = "Dt1CLgQlkiaA-tmCkATyKZeoF1-Gtw1-gdEP6pOCqj4"
    return push_double


@pytest.fixture
def live(settings: Any) -> None:
    """Messages really leave, to the doubles."""
    settings.OUTBOX_ONLY = False


@pytest.fixture
def frozen(db: None) -> Iterator[None]:
    """The clock stands still on a Monday morning."""
    clock.freeze(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    yield
    clock.release()
