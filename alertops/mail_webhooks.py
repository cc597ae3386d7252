"""Mails that a mail service takes for us and hands over by webhook: `/integrations/email/…`.

Mounted only where ANYMAIL_WEBHOOK_SECRET is set; anymail checks it, and the service's own
signature where it has one. An error answers 5xx, so that the service comes back.
"""

import logging
from email.utils import getaddresses
from typing import Any

from anymail.signals import inbound
from django.conf import settings
from django.urls import URLPattern, path

from integrations import mail_door
from integrations.mail_door import Box

logger = logging.getLogger(__name__)


def connect() -> None:
    """Listen to what mail services hand over."""
    inbound.connect(_received, dispatch_uid="alertops.mail_webhooks")


def addresses() -> list[URLPattern]:
    """One address per mail service, where it is safe to have them."""
    if not (settings.ANYMAIL.get("WEBHOOK_SECRET") and settings.EMAIL_IN_DOMAIN):
        return []
    from anymail import urls as anymail_urls  # brings all services; few houses need one

    found = []
    for pattern in anymail_urls.urlpatterns:
        service, _, what = str(pattern.name or "").rpartition("_inbound_webhook")
        if service and not what:
            where = f"integrations/email/{service}/inbound/"
            found.append(path(where, pattern.callback, name=f"email-in-{service}"))
            if service == "mailgun":  # whose webhook hands over the raw mail where it says "mime"
                found.append(path("integrations/email/mailgun/inbound_mime/", pattern.callback))
    return found


def _received(sender: object, event: Any, **kwargs: object) -> None:
    """Keep one mail. Raises store.TooMany and store.Unavailable: the service tries again."""
    message = event.message
    boxes = _boxes(message)
    if not boxes:
        logger.warning("A mail service handed over a mail for nobody")
        return
    sender_named = message.envelope_sender
    if sender_named is None:  # some services do not tell; an empty one is a delivery report's
        sender_named = message.from_email or ""
    mail_door.deliver(_raw(message), boxes, str(sender_named), "")


def _boxes(message: Any) -> list[Box]:
    """Whose it is: by its envelope, else by its headers."""
    named = [message.envelope_recipient] if message.envelope_recipient else []
    if not named:
        fields = [
            str(value)
            for name in ("Delivered-To", "X-Original-To", "To", "Cc")
            for value in message.get_all(name, [])
        ]
        named = [address for _, address in getaddresses(fields)]
    return [box for each in named if (box := mail_door.box(str(each))) is not None]


def _raw(message: Any) -> bytes:
    """The mail's bytes; of one that cannot be written again, what can be read of it."""
    try:
        raw: bytes = message.as_bytes()
    except Exception:  # noqa: BLE001 - whatever a stranger's mail does to the library
        logger.warning("A mail could not be written as it came")
        lines = [f"{name}: {message.get(name, '')!s}" for name in ("From", "Subject", "Date")]
        head = "\r\n".join(" ".join(line.split()) for line in lines)
        raw = f"{head}\r\n\r\n{message.text or ''}".encode("utf-8", "replace")
    return raw
