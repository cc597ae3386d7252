"""The link by which somebody sets a password: for the invited, and for the locked out."""

import logging
import secrets

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils.html import escape

from accounts.channels.base import Message, TryLater, Undeliverable
from accounts.channels.email import Email
from accounts.models import User

logger = logging.getLogger(__name__)


def link(user: User) -> str:
    """Return the address where this person sets a password. Good once, for three days."""
    key = default_token_generator.make_token(user)
    ids = {"uidb36": user_pk_to_url_str(user), "key": key}
    return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=ids)


def send(user: User) -> str:
    """Mail the link. Returns "" or, where no mail could leave, a sentence saying why."""
    email = Email()
    if settings.OUTBOX_ONLY:
        return "Nothing leaves this installation (OUTBOX_ONLY)."
    if missing := email.configured():
        return missing
    try:
        email.send(user.email, _message(user))
    except (TryLater, Undeliverable) as error:
        logger.warning("An invitation could not be sent: %s", error.reason)
        return f"The mail could not be sent. {error.reason}"
    return ""


def _message(user: User) -> Message:
    address = link(user)
    text = (
        f"Hello {user.get_short_name()},\n\nset your AlertOps password here, within three days:\n"
        f"{address}\n\nAfterwards add how you want to be reached under {settings.PUBLIC_URL}/me/"
    )
    return Message(
        subject="Set your AlertOps password",
        title="Set your AlertOps password",
        text=text,
        html=f"<p>Hello {escape(user.get_short_name())},</p>"
        f'<p><a href="{escape(address)}">Set your AlertOps password</a> within three days.</p>',
        short="",
        speech="",
        url=address,
        ack_url="",
        token="",
        key=f"invitation-{secrets.token_hex(8)}",
        severity="info",
        test=True,
    )
