"""E-mail against a real SMTP server that is as difficult as it is told to be."""

import logging
from typing import Any

import pytest
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from anymail.signals import AnymailTrackingEvent
from django.core.exceptions import ValidationError
from django.core.mail.backends.base import BaseEmailBackend

from accounts.channels import CHANNELS, email
from accounts.channels.base import TryLater, Undeliverable
from tests.accounts.conftest import a_message
from tests.doubles.smtp import SmtpDouble

PRIYA = "priya@example.org"
EMAIL = CHANNELS["email"]


def test_a_mail_has_both_parts_and_says_it_is_automatic(smtp: SmtpDouble, settings: Any) -> None:
    settings.EMAIL_IN_DOMAIN = "in.example.org"
    EMAIL.send(PRIYA, a_message())
    [mail] = smtp.wait(1)
    assert mail.recipients == [PRIYA]
    assert mail.subject == "[critical] Disk full"
    assert "Acknowledge: https://alerts.example.org/a/x/" in mail.text
    assert "<b>db1</b>" in mail.html
    assert mail.message["Reply-To"] == "reply+rtok@in.example.org"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["X-Auto-Response-Suppress"] == "All"


def test_every_attempt_has_the_same_message_id(smtp: SmtpDouble) -> None:
    first, second = EMAIL.send(PRIYA, a_message()), EMAIL.send(PRIYA, a_message(token="tok-2"))
    assert [m.message_id for m in smtp.wait(2)] == ["<n-1@example.org>"] * 2
    assert first.provider_id == second.provider_id == "<n-1@example.org>"


def test_without_an_inbound_domain_there_is_no_reply_address(smtp: SmtpDouble) -> None:
    EMAIL.send(PRIYA, a_message())
    assert smtp.wait(1)[0].message["Reply-To"] is None


@pytest.mark.parametrize(
    "subject",
    ["Disk\r\nBcc: everybody@example.org", "Disk\nfull", "\r\n\r\n", "Disk\u2028full", "x" * 3000],
)
def test_a_subject_is_one_line_whatever_the_alert_is_called(subject: str, smtp: SmtpDouble) -> None:
    EMAIL.send(PRIYA, a_message(subject=subject))
    [mail] = smtp.wait(1)
    assert mail.message["Bcc"] is None
    assert mail.recipients == [PRIYA]
    assert len(mail.subject.splitlines()) == 1
    assert len(mail.subject.strip()) <= 200


def test_a_refused_recipient_is_dead(smtp: SmtpDouble) -> None:
    smtp.refuse[PRIYA] = 550
    with pytest.raises(Undeliverable) as raised:
        EMAIL.send(PRIYA, a_message())
    assert raised.value.dead_address
    assert "550" in raised.value.reason


@pytest.mark.parametrize(
    ("answer", "is_dead"),
    [
        ("550 5.1.1 No such user here", True),
        ("550 5.2.1 This mailbox is switched off", True),
        ("550 Unrouteable address", True),
        ("554 5.7.1 <priya@example.org>: Relay access denied", False),
        ("550 relay not permitted", False),
        ("550 5.7.1 Client host blocked using a list", False),
        ("552 5.2.2 Mailbox full", False),
        ("554 no", False),
    ],
)
def test_an_address_is_dead_only_when_it_is_the_address_that_is_refused(
    settings: Any, answer: str, is_dead: bool
) -> None:
    with _Refusing(answer) as double:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", double.port
        settings.EMAIL_BACKEND = email.SMTP
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        with pytest.raises(Undeliverable) as raised:
            EMAIL.send(PRIYA, a_message())
    assert raised.value.dead_address is is_dead


def test_a_mail_server_that_asks_us_to_sign_in_says_nothing_about_the_address(
    settings: Any,
) -> None:
    with _Refusing("530 5.7.0 Authentication required") as double:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", double.port
        settings.EMAIL_BACKEND = email.SMTP
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        with pytest.raises(TryLater) as raised:
            EMAIL.send(PRIYA, a_message())
    assert raised.value.systemic


class _Refusing(SmtpDouble):
    """A mail server with one answer to every recipient."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self.answer = answer

    async def handle_RCPT(self, *_: Any) -> str:
        return self.answer


def test_greylisting_is_waited_out(smtp: SmtpDouble) -> None:
    smtp.greylist = 1
    with pytest.raises(TryLater) as raised:
        EMAIL.send(PRIYA, a_message())
    assert not raised.value.maybe_sent
    EMAIL.send(PRIYA, a_message())
    assert len(smtp.wait(1)) == 1


def test_a_connection_lost_after_the_text_may_have_been_delivered(
    smtp: SmtpDouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    smtp.drop_after_data = 1
    with pytest.raises(TryLater) as raised:
        EMAIL.send(PRIYA, a_message())
    assert raised.value.maybe_sent


def test_a_mail_server_that_is_down_has_nothing(smtp: SmtpDouble, settings: Any) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(TryLater) as raised:
        EMAIL.send(PRIYA, a_message())
    assert not raised.value.maybe_sent


def test_a_slow_mail_server_is_left_at_the_time_limit(
    smtp: SmtpDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "SECONDS", 0.4)
    smtp.slow = 1.5
    with pytest.raises(TryLater) as raised:
        EMAIL.send(PRIYA, a_message())
    assert raised.value.maybe_sent


@pytest.mark.parametrize("typed", ["", "priya", "priya@", "a b@example.org", "a@b\r\nBcc: c@d.org"])
def test_a_bad_address_gets_one_sentence(typed: str) -> None:
    with pytest.raises(ValidationError) as raised:
        EMAIL.clean(typed)
    assert raised.value.messages == ["Write an e-mail address like name@example.org."]


def test_an_address_is_kept_in_small_letters_and_shown_masked() -> None:
    assert EMAIL.clean(" Priya@Example.ORG ") == PRIYA
    assert EMAIL.mask(PRIYA) == "p•••@example.org"


def test_a_missing_mail_server_is_named(settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_BACKEND = "", "django.core.mail.backends.smtp.EmailBackend"
    assert "EMAIL_HOST is not set" in EMAIL.configured()


@pytest.mark.parametrize(
    ("event_type", "reason", "state", "dead"),
    [
        ("delivered", None, "delivered", False),
        ("bounced", "bounced", "failed", True),
        ("rejected", "invalid", "failed", True),
        ("rejected", "spam", "failed", False),
        ("failed", None, "failed", False),
    ],
)
def test_what_a_mail_service_reports_later_is_understood(
    event_type: str, reason: str | None, state: str, dead: bool
) -> None:
    event = AnymailTrackingEvent(
        event_type=event_type, reject_reason=reason, message_id="m-1", recipient=PRIYA
    )
    seen = email.tracked(event)
    assert seen is not None
    assert (seen.state, seen.dead_address, seen.provider_id) == (state, dead, "m-1")


@pytest.mark.parametrize(
    ("facts", "dead"),
    [
        ({"description": "Permanent: NoEmail", "mta_response": "smtp; 550 5.1.1 no user"}, True),
        ({"description": "Permanent: General"}, True),
        ({"description": "Transient: MailboxFull"}, False),
        ({"description": "Transient: General"}, False),
        ({"mta_response": "452 4.2.2 The email account is over quota"}, False),
        ({"mta_response": "550 5.7.1 Message rejected as spam"}, False),
        ({"esp_event": {"Type": "SoftBounce"}}, False),
        ({"esp_event": {"event": "soft_bounce"}}, False),
        ({"esp_event": {"error": "quota exceeded"}}, False),
    ],
)
def test_a_mailbox_that_is_full_or_away_is_not_dead(facts: dict[str, Any], dead: bool) -> None:
    event = AnymailTrackingEvent(event_type="bounced", reject_reason="bounced", **facts)
    seen = email.tracked(event)
    assert seen is not None
    assert (seen.state, seen.dead_address) == ("failed", dead)


def test_clicks_in_a_mail_say_nothing_about_its_delivery() -> None:
    assert email.tracked(AnymailTrackingEvent(event_type="clicked")) is None


class Refusing(BaseEmailBackend):
    """A mail service that answers with the status in its address."""

    def send_messages(self, email_messages: Any) -> int:
        status = int(email_messages[0].to[0].partition("@")[0])
        if status == 1:
            raise AnymailRecipientsRefused
        raise AnymailAPIError(status_code=status or None)


@pytest.mark.parametrize(
    ("status", "error", "flags"),
    [
        (1, Undeliverable, {"dead_address": True}),
        (400, Undeliverable, {"dead_address": False}),
        (401, TryLater, {"systemic": True, "maybe_sent": False}),
        (429, TryLater, {"systemic": False, "maybe_sent": False}),
        (500, TryLater, {"systemic": False, "maybe_sent": True}),
        (0, TryLater, {"systemic": False, "maybe_sent": True}),
    ],
)
def test_each_answer_of_a_mail_service_means_one_thing(
    status: int,
    error: type[Exception],
    flags: dict[str, bool],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"
    monkeypatch.setattr("anymail.backends.mailgun.EmailBackend", Refusing)
    with pytest.raises(error) as raised:
        EMAIL.send(f"{status}@example.org", a_message())
    assert {name: getattr(raised.value, name) for name in flags} == flags
