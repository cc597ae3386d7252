"""What allauth asks us: nobody signs up by themselves, and links lead to our public address."""

import logging
from smtplib import SMTPException
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

logger = logging.getLogger(__name__)
HOUSE = SimpleNamespace(name="AlertOps", domain=urlsplit(settings.PUBLIC_URL).netloc)


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """People are invited by an admin."""
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The Host header is the caller's; the link in a mail must not be."""
        user, _, secret = key.partition("-")
        ids = {"uidb36": user, "key": secret}
        return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=ids)

    def format_email_subject(self, subject: str) -> str:
        return f"AlertOps: {subject}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down is logged; the page answers as always."""
        try:
            super().send_mail(template_prefix, email, {"current_site": HOUSE} | context)
        except (OSError, SMTPException):
            logger.exception("The mail %s could not be sent.", template_prefix)
