"""The SMTP sink keeps mails as a mail server would, and is difficult on demand."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.doubles import journal
from tests.doubles.smtp import SmtpDouble


def send(port: int, message_id: str = "<n-1@alertops>") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "alerts@example.org", "priya@example.org"
    mail["Subject"], mail["Message-ID"] = "Disk full · db1", message_id
    mail.set_content("Disk full\n")
    mail.add_alternative("<p>Disk full</p>", subtype="html")
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as server:
        server.send_message(mail)


def test_a_mail_is_kept_with_both_parts(tmp_path: Path) -> None:
    path = tmp_path / "smtp.jsonl"
    with SmtpDouble(journal=str(path)) as smtp:
        send(smtp.port)
        (mail,) = smtp.wait(1)
    assert (mail.subject, mail.recipients) == ("Disk full · db1", ["priya@example.org"])
    assert (mail.text.strip(), mail.html.strip()) == ("Disk full", "<p>Disk full</p>")
    assert journal.read(path, "accepted")[0]["message_id"] == "<n-1@alertops>"


def test_a_greylisted_mail_is_taken_at_a_later_attempt(smtp_double: SmtpDouble) -> None:
    smtp_double.greylist = 2
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
            send(smtp_double.port)
        assert caught.value.recipients["priya@example.org"][0] == 451
    send(smtp_double.port)
    assert len(smtp_double.mails) == 1


def test_an_unknown_mailbox_is_refused_for_good(smtp_double: SmtpDouble) -> None:
    smtp_double.refuse["priya@example.org"] = 550
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send(smtp_double.port)
    assert caught.value.recipients["priya@example.org"][0] == 550
    assert smtp_double.mails == []


def test_a_connection_lost_after_data_leaves_the_sender_in_doubt(smtp_double: SmtpDouble) -> None:
    smtp_double.drop_after_data = 1
    with pytest.raises((smtplib.SMTPException, OSError)):
        send(smtp_double.port)
    send(smtp_double.port)
    assert [mail.message_id for mail in smtp_double.mails] == ["<n-1@alertops>"] * 2


def test_a_slow_server_outlasts_an_impatient_sender(smtp_double: SmtpDouble) -> None:
    smtp_double.slow = 1.0
    with (
        pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"),
        smtplib.SMTP("127.0.0.1", smtp_double.port, timeout=0.2) as server,
    ):
        server.sendmail("alerts@example.org", ["priya@example.org"], "Subject: x\r\n\r\nx")
    assert len(smtp_double.mails) == 1
