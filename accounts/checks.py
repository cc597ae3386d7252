"""System checks of people and channels: what is half configured, in one sentence each."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

from accounts.channels.push import public_key

TWILIO = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")


@register
def channels(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Half of a provider's settings is worse than none: it looks as if it worked."""
    found: list[CheckMessage] = []
    given = [name for name in TWILIO if getattr(settings, name)]
    if given and len(given) < len(TWILIO):
        missing = next(name for name in TWILIO if name not in given)
        text = f"{given[0]} is set but {missing} is not: no text message or call can leave."
        found.append(Error(text, id="accounts.E001"))
    if settings.EMAIL_USE_TLS and settings.EMAIL_USE_SSL:
        text = "EMAIL_USE_TLS and EMAIL_USE_SSL exclude each other; set one."
        found.append(Error(text, id="accounts.E002"))
    for code in settings.SMS_COUNTRIES:
        if len(code) != 2 or not code.isalpha() or not code.isupper():
            text = f"SMS_COUNTRIES: {code!r} is not a country code of two capital letters."
            found.append(Error(text, id="accounts.E003"))
    if settings.PUSH_ALLOW_PRIVATE and not settings.DEBUG:
        text = "PUSH_ALLOW_PRIVATE is on: people can make this host post to private addresses."
        found.append(Warning(text, id="accounts.W001"))
    return found + _vapid()


def _vapid() -> list[CheckMessage]:
    if not settings.VAPID_PRIVATE_KEY:
        return []
    try:
        public_key()
    except ValueError:
        text = "VAPID_PRIVATE_KEY is not a private key of 32 bytes in URL-safe base64."
        return [Error(text, id="accounts.E004")]
    return []
