"""System checks of the installation itself: what is misconfigured, one clear sentence each.

Errors stop `serve`; warnings are printed and the house opens. Each app checks its own things.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

LEAST_KEY = 32


@register
def installation(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Everything below, in one go."""
    return [*_addresses(), *_keys(), *_channels(), *_clockwork()]


def is_public() -> bool:
    """Whether PUBLIC_URL points at more than this machine."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _addresses() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    provider = settings.EMAIL_HOST or settings.ANYMAIL_ESP or settings.TWILIO_ACCOUNT_SID
    if provider and not is_public():
        text = f"PUBLIC_URL is {settings.PUBLIC_URL}: links in the messages sent open on no phone."
        found.append(Warning(text, id="alertops.W001"))
    if is_public() and not settings.IS_HTTPS:
        text = "PUBLIC_URL is not https: sign-ins and acknowledge links can be read on the way."
        found.append(Warning(text, id="alertops.W002"))
    if is_public() and settings.DEBUG:
        text = "DEBUG is on while PUBLIC_URL is public: every error page would show secrets."
        found.append(Error(text, id="alertops.E001"))
    if is_public() and not settings.METRICS_TOKEN:
        text = "METRICS_TOKEN is not set: anybody who reaches /metrics can read the figures."
        found.append(Warning(text, id="alertops.W003"))
    if "*" in settings.ALLOWED_HOSTS:
        text = "ALLOWED_HOSTS contains *: a forged Host header would be believed."
        found.append(Error(text, id="alertops.E002"))
    return found


def _keys() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < LEAST_KEY or len(set(settings.SECRET_KEY)) < 8:
        text = f"SECRET_KEY is too simple: use {LEAST_KEY} random characters, or leave it unset."
        found.append(Error(text, id="alertops.E003"))
    if any(len(key) < LEAST_KEY for key in settings.FIELD_ENCRYPTION_KEYS):
        text = f"A key in FIELD_ENCRYPTION_KEYS is shorter than {LEAST_KEY} characters."
        found.append(Error(text, id="alertops.E004"))
    return found


def _channels() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    has_mail = bool(settings.EMAIL_HOST or settings.ANYMAIL_ESP)
    twilio = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
    missing = [name for name in twilio if not getattr(settings, name)]
    if not has_mail and len(missing) == len(twilio):
        text = (
            "Neither e-mail nor SMS is set up: messages only reach the outbox page and the console."
        )
        found.append(
            Warning(text, id="alertops.W004", hint="Set EMAIL_HOST or the TWILIO_ variables.")
        )
    if 0 < len(missing) < len(twilio):
        text = f"Twilio is half set up: {', '.join(missing)} is missing."
        found.append(Error(text, id="alertops.E005"))
    return found


def _clockwork() -> list[CheckMessage]:
    """The values that the engine's safety leans on (docs/adr/0003)."""
    cluster: dict[str, Any] = settings.Q_CLUSTER
    rules = [
        (
            cluster["retry"] > cluster["timeout"],
            "retry must be longer than timeout, or tasks run twice",
        ),
        (cluster["workers"] >= 4, "workers must be at least 4: three loops and one hand-over"),
        (cluster["queue_limit"] <= cluster["workers"], "queue_limit must not exceed workers"),
        (cluster["catch_up"] is False, "catch_up must be off: missed runs are never replayed"),
        (cluster["orm"] == "default", "orm must be the default database"),
    ]
    return [
        Error(f"Q_CLUSTER: {text}.", id=f"alertops.E{number:03}")
        for number, (holds, text) in enumerate(rules, start=10)
        if not holds
    ]
