"""A provider that is half set up stops the start with one sentence."""

from typing import Any

import pytest
from django.core.checks import CheckMessage

from accounts.checks import channels

FULL = {
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "t",
    "TWILIO_FROM": "+15005550006",
    "SMS_COUNTRIES": ["AT"],
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "PUSH_ALLOW_PRIVATE": False,
    "VAPID_PRIVATE_KEY": "Dt1CLgQlkiaA-tmCkATyKZeoF1-Gtw1-gdEP6pOCqj4",
}


def found(settings: Any, **changes: Any) -> list[CheckMessage]:
    for name, value in (FULL | changes).items():
        setattr(settings, name, value)
    return channels(None)


def test_a_whole_configuration_is_silent(settings: Any) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TWILIO_FROM", "", "TWILIO_ACCOUNT_SID is set but TWILIO_FROM is not"),
        ("TWILIO_ACCOUNT_SID", "", "TWILIO_AUTH_TOKEN is set but TWILIO_ACCOUNT_SID is not"),
        ("EMAIL_USE_SSL", True, "EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other"),
        ("SMS_COUNTRIES", ["Austria"], "'Austria' is not a country code"),
        ("VAPID_PRIVATE_KEY", "nonsense!", "VAPID_PRIVATE_KEY is not a private key"),
        ("VAPID_PRIVATE_KEY", "AAAA", "VAPID_PRIVATE_KEY is not a private key"),
        ("PUSH_ALLOW_PRIVATE", True, "PUSH_ALLOW_PRIVATE is on"),
    ],
)
def test_each_half_configuration_is_named(
    settings: Any, name: str, value: Any, sentence: str
) -> None:
    [message] = found(settings, **{name: value})
    assert sentence in str(message.msg)
