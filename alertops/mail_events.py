"""What a mail service reports about our pages: delivered, bounced, complained.

Its webhook is mounted only where ANYMAIL_WEBHOOK_SECRET is set: without it anybody could tell us
that a page had arrived.
"""

from contextlib import suppress
from typing import Any

from anymail.signals import tracking
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.channels.email import Email, tracked
from alertops import clock
from escalation import receipts


def connect() -> None:
    """Listen to the mail service's reports."""
    tracking.connect(_reported, dispatch_uid="alertops.mail_events")


def addresses() -> list[URLPattern | URLResolver]:
    """The address a mail service reports to, where it is safe to have one."""
    if not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return []
    return [path("anymail/", include("anymail.urls"))]


def _reported(sender: object, event: Any, **kwargs: object) -> None:
    """Move the page forward; a bounce uses the person's next method. Other mail is not ours."""
    received = tracked(event)
    if received is not None:
        with suppress(receipts.UnknownToken):
            receipts.handle(Email.kind, received, clock.now())
