from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from pytest_django import Settings

from alertops import checks


def found() -> set[str]:
    return {message.id or "" for message in checks.installation(None)}


def sentence(identifier: str) -> str:
    messages: list[CheckMessage] = checks.installation(None)
    return next(str(message.msg) for message in messages if message.id == identifier)


def test_links_that_no_phone_can_open_are_pointed_out(settings: Settings) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"
    settings.EMAIL_HOST = "smtp.example.org"
    assert "alertops.W001" in found()


def test_a_public_house_is_https_without_debug(settings: Settings) -> None:
    settings.PUBLIC_URL, settings.IS_HTTPS = "http://alerts.example.org", False
    settings.DEBUG = True
    assert {"alertops.W002", "alertops.E001"} <= found()
    settings.PUBLIC_URL, settings.IS_HTTPS = "https://alerts.example.org", True
    settings.DEBUG = False
    assert not {"alertops.W002", "alertops.E001"} & found()


@pytest.mark.parametrize("key", ["short", "a" * 64])
def test_a_simple_secret_key_stops_the_start(settings: Settings, key: str) -> None:
    settings.SECRET_KEY = key
    assert "alertops.E003" in found()


def test_half_a_twilio_names_the_missing_half(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", ""
    settings.TWILIO_FROM = ""
    assert sentence("alertops.E005") == (
        "Twilio is half set up: TWILIO_AUTH_TOKEN, TWILIO_FROM is missing."
    )


def test_having_no_provider_is_a_warning_not_an_error(settings: Settings) -> None:
    settings.EMAIL_HOST = settings.ANYMAIL_ESP = settings.TWILIO_ACCOUNT_SID = ""
    settings.TWILIO_AUTH_TOKEN = settings.TWILIO_FROM = ""
    assert "alertops.W004" in found()


@pytest.mark.parametrize(
    ("change", "word"),
    [({"retry": 60}, "retry"), ({"workers": 2}, "workers"), ({"catch_up": True}, "catch_up")],
)
def test_clockwork_values_that_would_page_twice_are_refused(
    settings: Settings, change: dict[str, Any], word: str
) -> None:
    settings.Q_CLUSTER = {**django_settings.Q_CLUSTER, **change}
    texts = [str(m.msg) for m in checks.installation(None) if "Q_CLUSTER" in str(m.msg)]
    assert any(word in text for text in texts)


def test_the_shipped_values_are_accepted() -> None:
    assert not {name for name in found() if ".E" in name}
