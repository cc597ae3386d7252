"""E-mail: by SMTP, or by a mail service through anymail."""

import contextlib
import re
import smtplib
import ssl
import time
from email.utils import parseaddr
from types import MappingProxyType
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email

from accounts.channels.base import (
    Channel,
    Message,
    Receipt,
    Received,
    State,
    TryLater,
    Undeliverable,
)

SECONDS = 10.0
SMTP = "django.core.mail.backends.smtp.EmailBackend"
GONE = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}  # RFC 3463: nobody is there
SIGN_IN = {530, 534, 535, 538}
_OURS = re.compile(r"relay|authen|denied|blocked|policy|spam", re.IGNORECASE)
"""Words of a mail server that refuses us, where it gives no code that says so."""
_SOFT = re.compile(
    r"soft.?bounce|transient|temporar|full|quota|out.?of.?office|auto.?repl", re.IGNORECASE
)
"""How mail services say that somebody is there who cannot take a mail now."""
TRACKED: dict[str, tuple[State, int]] = {  # anymail's word: ours, and how far along it is
    "queued": ("sent", 1),
    "sent": ("sent", 2),
    "delivered": ("delivered", 4),
    "opened": ("delivered", 5),
    "bounced": ("failed", 4),
    "rejected": ("failed", 4),
    "failed": ("failed", 4),
}


class Email(Channel):
    kind, label, icon = "email", "E-mail", "mail"
    answered = "by e-mail"
    noun = "e-mail"
    cap_per_quarter = 20
    rich = True
    address_label = "E-mail address"
    input_attributes = MappingProxyType({"type": "email", "autocomplete": "email"})
    hint = "An e-mail address."

    def configured(self) -> str:
        if settings.EMAIL_HOST or settings.EMAIL_BACKEND.startswith("anymail."):
            return ""
        return "No mail server is configured (EMAIL_HOST is not set)."

    def examine(self) -> str | None:
        """Sign in to the mail server and say good-bye; a mail service cannot be asked."""
        if settings.EMAIL_BACKEND != SMTP:
            return None
        wire: _Timed | None = None
        try:
            wire = _open()
            wire.noop()
        except (OSError, smtplib.SMTPException) as error:
            if isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500:
                return _words(error.smtp_code, error.smtp_error)
            raise TryLater(f"The mail server cannot be used: {type(error).__name__}.") from None
        finally:
            if wire is not None:
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    wire.quit()
                wire.close()
        return ""

    def clean(self, address: str) -> str:
        address = address.strip().lower()
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError("Write an e-mail address like name@example.org.") from None
        return address

    def mask(self, address: str) -> str:
        name, _, host = address.partition("@")
        return f"{name[:1]}•••@{host}"

    def send(self, address: str, message: Message) -> Receipt:
        """Hand over a mail with plain text and HTML; every attempt has the same Message-ID."""
        mail = compose(address, message)
        if settings.EMAIL_BACKEND == SMTP:
            return Receipt(_by_smtp(mail))
        return Receipt(_by_service(mail))


def compose(address: str, message: Message) -> EmailMultiAlternatives:
    """Return the mail. Whatever an alert is called, its subject is one line."""
    subject = " ".join(message.subject.split())[:200] or "Alert"
    headers = {
        "Message-ID": f"<{message.key}@{_domain()}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "X-AlertOps-Page": message.key,  # so that none of our own mails ever opens an alert
    }
    if message.severity == "critical" and not message.test:
        headers |= {"X-Priority": "1", "Importance": "high"}
    reply_to = None
    if settings.EMAIL_IN_DOMAIN and message.reply_token:
        reply_to = [f"reply+{message.reply_token}@{settings.EMAIL_IN_DOMAIN}"]
    mail = EmailMultiAlternatives(
        subject,
        message.text,
        settings.DEFAULT_FROM_EMAIL,
        [address],
        headers=headers,
        reply_to=reply_to,
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"


class _Timed(smtplib.SMTP):
    """One conversation with one deadline, which remembers whether the mail was handed over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.deadline = time.monotonic() + SECONDS
        self.handed_over = False
        super().__init__(*args, **kwargs)

    def _limit(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if self.sock:
            self.sock.settimeout(left)

    def send(self, s: Any) -> None:
        self._limit()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        self._limit()
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.handed_over = True
        return super().data(msg)


class _TimedTls(_Timed, smtplib.SMTP_SSL):
    pass


def _by_smtp(mail: EmailMultiAlternatives) -> str:
    wire: _Timed | None = None
    try:
        wire = _open()
        sender = sanitize_address(parseaddr(mail.from_email)[1], "utf-8")
        recipient = sanitize_address(mail.to[0], "utf-8")
        wire.sendmail(sender, [recipient], _wire_bytes(mail))
    except (OSError, smtplib.SMTPException) as error:
        _sort(error, maybe_sent=wire is not None and wire.handed_over)
    finally:
        if wire is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                wire.quit()  # an error here comes after the mail was taken
            wire.close()
    return str(mail.extra_headers["Message-ID"])


def _wire_bytes(mail: EmailMultiAlternatives) -> bytes:
    message: Any = mail.message()  # Django's own, which takes `linesep`
    raw: bytes = message.as_bytes(linesep="\r\n")
    return raw


def _open() -> _Timed:
    # Our own name from the settings: asking the resolver for it may hang for seconds.
    where = (settings.EMAIL_HOST, settings.EMAIL_PORT, _domain())
    if settings.EMAIL_USE_SSL:
        return _TimedTls(*where, timeout=5, context=ssl.create_default_context())
    wire = _Timed(*where, timeout=5)
    if settings.EMAIL_USE_TLS:
        wire.starttls(context=ssl.create_default_context())
    if settings.EMAIL_HOST_USER:
        wire.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    return wire


def _sort(error: Exception, *, maybe_sent: bool) -> NoReturn:
    """Say what an SMTP error means: this address, our account, or the weather."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        reason = _words(code, words)
        if code in SIGN_IN:
            raise TryLater(reason, systemic=True) from None
        if code >= 500:
            raise Undeliverable(reason, dead_address=_is_dead(code, reason)) from None
        raise TryLater(reason) from None
    if isinstance(error, smtplib.SMTPResponseException):
        reason = _words(error.smtp_code, error.smtp_error)
        if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500:
            raise Undeliverable(reason) from None
        raise TryLater(reason, systemic=error.smtp_code >= 500) from None
    reason = f"The mail server cannot be used: {type(error).__name__}."
    raise TryLater(reason, maybe_sent=maybe_sent) from None


def _is_dead(code: int, reason: str) -> bool:
    """Whether it is the address that is refused, and not us, our relay, or a full mailbox.

    What is taken for dead is not used again before its owner verifies it anew, so a mail server
    that is set up wrongly must not cost everybody theirs.
    """
    if found := re.search(r"\b5\.\d{1,3}\.\d{1,3}\b", reason):
        return found[0] in GONE
    return code in {550, 551, 553} and not _OURS.search(reason)


def _words(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"SMTP {code}: {' '.join(text.split())[:120]}"


def _by_service(mail: EmailMultiAlternatives) -> str:
    if not settings.EMAIL_BACKEND.startswith("anymail."):
        mail.send()
        return str(mail.extra_headers["Message-ID"])
    # anymail brings `requests`, 6 MB that an installation with SMTP never needs.
    import requests
    from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused

    try:
        mail.send()
    except AnymailRecipientsRefused as error:
        raise Undeliverable("The mail service refuses this address.", dead_address=True) from error
    except AnymailAPIError as error:
        status = getattr(error, "status_code", None) or 0
        unsent = isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError)
        reason = f"The mail service answered {status or 'nothing'}."
        if 400 <= status < 500 and status not in {401, 402, 403, 408, 429}:
            raise Undeliverable(reason) from None
        raise TryLater(
            reason,
            maybe_sent=not unsent and (status == 0 or status >= 500 or status == 408),
            systemic=status in {401, 402, 403},
        ) from None
    status = getattr(mail, "anymail_status", None)
    return str(getattr(status, "message_id", "") or mail.extra_headers["Message-ID"])


def tracked(event: Any) -> Received | None:
    """What a mail service reports later (an anymail tracking event), in our words."""
    kind, reason = str(event.event_type), str(event.reject_reason or "")
    state, rank = TRACKED.get(kind, ("", 0))
    if not state:
        return None
    dead = reason == "invalid" or (reason == "bounced" and _is_gone(event))
    detail = f"{kind} ({reason})" if reason else kind
    return Received(
        "receipt",
        state=state,
        rank=rank,
        provider_id=str(event.message_id or ""),
        address=str(event.recipient or ""),
        detail=detail,
        dead_address=state == "failed" and dead,
    )


def _is_gone(event: Any) -> bool:
    """Whether nobody is there any more, which a bounce alone does not say."""
    said = f"{event.mta_response or ''} {event.description or ''}"
    if found := re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", said):
        return found[0] in GONE
    return not _SOFT.search(f"{said} {event.esp_event or ''}")
