"""Mails come in: by our own listener and by a mail service's webhook; kept before the 250."""

from __future__ import annotations

import asyncio
import base64
import json
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from django.urls import clear_url_caches
from pytest_django import Settings

from accounts.channels.email import compose as compose_mail
from accounts.models import User
from alertops import clock as the_clock
from alertops import mail_webhooks
from alerts.links import make_link_token
from alerts.models import Alert
from escalation.models import Reply
from groups.models import Group
from integrations import mail_door, smtp, store
from integrations.models import InboundEvent, Integration, MailRule
from integrations.states import Outcome
from tests import builders
from tests.accounts.conftest import a_message
from tests.conftest import Clock
from tests.integrations.conftest import make_integration, work_off

DOMAIN = "in.example.org"
pytestmark = pytest.mark.django_db(transaction=True)


class Post:
    """The listener, in a thread of its own."""

    def __init__(self, limits: smtp.Limits, tls: ssl.SSLContext | None = None) -> None:
        self.listener = smtp.Listener(limits)
        self._loop = asyncio.new_event_loop()
        self._tls = tls
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            smtp.listen("127.0.0.1", 0, DOMAIN, tls=self._tls, listener=self.listener)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._server.close()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self.listener.threads.shutdown()

    def dial(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=10)

    def send(self, to: str, subject: str, text: str = "x", sender: str = "mon@tools.org",
             **headers: str) -> None:  # fmt: skip
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, to, subject
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        with self.dial() as wire:
            wire.send_message(mail, sender, [to])


@pytest.fixture(autouse=True)
def _domain(settings: Settings) -> None:
    settings.EMAIL_IN_DOMAIN = DOMAIN


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post(smtp.Limits(idle=2.5, session=8.0, data=3.0, sessions=12, per_peer=10))
    yield made
    made.close()
    store.close()


@pytest.fixture
def mailbox(payments: Group) -> Integration:
    return make_integration(payments, "email")


def address(integration: Integration, dedup: str = "") -> str:
    return f"{integration.key}{'+' + dedup if dedup else ''}@{DOMAIN}"


def states() -> list[tuple[str, str, int]]:
    rows = Alert.objects.order_by("pk")
    return list(rows.values_list("title", "status", "event_count"))


def test_a_mail_opens_an_alert_and_the_recovery_resolves_it(
    post: Post, mailbox: Integration
) -> None:
    post.send(address(mailbox), "PROBLEM: disk full on db-1", "12 MB left")
    event = InboundEvent.objects.get()  # kept when 250 was said, before anything read it
    assert event.processed_at is None
    work_off()
    post.send(address(mailbox), "PROBLEM: disk full on db-1", "11 MB left")
    work_off()
    assert states() == [("PROBLEM: disk full on db-1", "triggered", 2)]
    assert Alert.objects.get().description == "12 MB left"
    post.send(address(mailbox), "RECOVERY: disk full on db-1")
    work_off()
    assert states() == [("PROBLEM: disk full on db-1", "resolved", 2)]


def test_what_stands_behind_the_plus_is_the_key(post: Post, mailbox: Integration) -> None:
    post.send(address(mailbox, "db-1/disk"), "Disk at 91 %")
    post.send(address(mailbox, "db-1/disk"), "Disk at 97 %")
    post.send(address(mailbox, "db-2/disk"), "Disk at 91 %")
    post.send(address(mailbox, "db-1/disk"), "[OK] fine again")
    work_off()
    assert [(status, count) for _, status, count in states()] == [("resolved", 2), ("triggered", 1)]
    assert Alert.objects.earliest("pk").dedup_key == "db-1/disk"


def test_a_mail_to_any_kind_of_integration_is_read_as_a_mail(post: Post, payments: Group) -> None:
    nagios = make_integration(payments, "nagios")
    post.send(address(nagios).upper(), "Disk full")
    work_off()
    assert states() == [("Disk full", "triggered", 1)]


def test_the_secret_of_the_address_is_not_in_the_log(post: Post, mailbox: Integration) -> None:
    post.send(address(mailbox, "k"), "Disk full", f"sent to {address(mailbox).upper()}")
    body = bytes(InboundEvent.objects.get().body)
    assert mailbox.key.encode() not in body.lower()
    assert mailbox.key[:6].encode() in body
    assert b"x-alertops-key: k" in body.lower()


def guess(wire: smtplib.SMTP) -> None:
    for number in range(20):
        wire.rcpt(f"{number:032x}@{DOMAIN}")
        time.sleep(0.05)


def test_strangers_and_other_domains_are_refused_at_once(post: Post, mailbox: Integration) -> None:
    with post.dial() as wire:
        wire.ehlo()
        wire.mail("a@b.org")
        for to in ("0" * 32 + "@" + DOMAIN, f"{mailbox.key}@elsewhere.org", "root", "a@" + DOMAIN):
            assert wire.rcpt(to)[0] in {550, 501, 553}, to
        assert wire.rcpt(address(mailbox))[0] == 250
    with post.dial() as wire:
        wire.ehlo()
        wire.mail("a@b.org")
        with pytest.raises(smtplib.SMTPServerDisconnected):
            guess(wire)
    assert not InboundEvent.objects.exists()


def test_an_inactive_integration_takes_no_mail(post: Post, mailbox: Integration) -> None:
    Integration.objects.update(is_active=False)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        post.send(address(mailbox), "Disk full")


def test_beyond_its_rate_the_sender_comes_back_later(post: Post, payments: Group) -> None:
    narrow = make_integration(payments, "email", burst=1, rate_per_minute=1)
    post.send(address(narrow), "Disk full")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        post.send(address(narrow), "Disk full")
    assert refused.value.smtp_code == 451
    work_off()
    assert any("too many events" in title for title, _, _ in states())


def test_a_mail_that_cannot_be_kept_is_not_taken(
    post: Post, mailbox: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise store.Unavailable

    monkeypatch.setattr(store, "_execute", down)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        post.send(address(mailbox), "Disk full")
    assert {code for code, _ in refused.value.recipients.values()} == {451}


# --- rules


@pytest.mark.parametrize(
    ("rule", "subject", "text", "outcome"),
    [
        ({"value": "all clear", "action": "resolve"}, "ALL CLEAR db-1", "x", "resolved"),
        ({"where": "body", "operator": "regex", "value": r"state:\s+good", "action": "resolve"},
         "db-1", "State:  good", "resolved"),
        ({"where": "sender", "operator": "equals", "value": "mon@tools.org", "action": "ignore"},
         "db-1", "x", "ignored"),
        ({"value": "seen", "action": "acknowledge"}, "seen: db-1", "x", "acknowledged"),
        ({"value": "RECOVERED", "action": "trigger"}, "RECOVERED: db-1", "x", "appended"),
        ({"where": "any", "value": "nothing of it", "action": "resolve"}, "db-1", "x", "appended"),
    ],
)  # fmt: skip
def test_a_rule_says_what_a_mail_means(
    post: Post, mailbox: Integration, rule: dict[str, Any], subject: str, text: str, outcome: str
) -> None:
    made = MailRule(integration=mailbox, **rule)
    made.full_clean()
    made.save()
    MailRule.objects.create(
        integration=mailbox, position=9, operator="exists", action="trigger", value=""
    )
    post.send(address(mailbox, "k"), "db-1", sender="other@tools.org")
    work_off()
    post.send(address(mailbox, "k"), subject, text)
    work_off()
    assert InboundEvent.objects.order_by("pk").last().outcome == outcome  # type: ignore[union-attr]


def test_a_rule_may_find_the_key_in_the_text(post: Post, mailbox: Integration) -> None:
    MailRule.objects.create(
        integration=mailbox, operator="exists", action="trigger", key_pattern=r"Problem ID: (\d+)"
    )
    post.send(address(mailbox), "first words", "…\nProblem ID: 4711\n…")
    post.send(address(mailbox), "quite other words", "Problem ID: 4711")
    work_off()
    assert [count for *_, count in states()] == [2]
    assert Alert.objects.get().dedup_key == "4711"


# --- answers to pages


@pytest.fixture
def alert(alice: User, payments: Group) -> Alert:
    builders.contact(alice, "email", address="alice@example.com")
    return builders.alert(payments)


def reply_to(alert: Alert, user: User) -> str:
    token = make_link_token(alert.pk, user.pk, alert.epoch, the_clock.now())
    return f"reply+{token}@{DOMAIN}"


def test_who_was_paged_acknowledges_and_resolves_by_answering(
    post: Post, alert: Alert, alice: User
) -> None:
    to = reply_to(alert, alice)
    post.send(to, "Re: [CRITICAL] x", "Ack, on it\n\n> the page", sender="Alice@Example.com")
    alert.refresh_from_db()
    assert (alert.status, alert.acknowledged_by) == ("acknowledged", alice)
    post.send(to, "Re: [CRITICAL] x", "\n\nresolve\n", sender="alice@example.com")
    alert.refresh_from_db()
    assert (alert.status, alert.resolved_by) == ("resolved", alice)
    assert alert.events.filter(data__via="email").count() == 2


@pytest.mark.parametrize(
    ("text", "sender", "headers"),
    [
        ("I am away until Monday. ack", "alice@example.com", {}),
        ("", "alice@example.com", {}),
        ("> ack", "alice@example.com", {}),
        ("ack", "mallory@example.com", {}),
        ("ack", "alice@example.com", {"Auto-Submitted": "auto-replied"}),
        ("ack", "alice@example.com", {"Auto-Submitted": "auto-generated"}),
        ("ack", "alice@example.com", {"Precedence": "bulk"}),
        ("ack", "alice@example.com", {"List-Id": "<team.example.com>"}),
        ("ack", "alice@example.com", {"X-Autoreply": "yes"}),
        ("ack", "alice@example.com", {"X-AlertOps-Page": "1:2"}),
    ],
)
def test_what_is_no_answer_of_the_person_paged_changes_nothing(
    post: Post, alert: Alert, alice: User, text: str, sender: str, headers: dict[str, str]
) -> None:
    post.send(reply_to(alert, alice), "Re: x", text, sender=sender, **headers)
    alert.refresh_from_db()
    assert alert.status == "triggered"


@pytest.mark.parametrize("subject", ["Automatic reply: x", "Out of Office: x", "Abwesenheit: x"])
def test_an_absence_note_acknowledges_nothing(
    post: Post, alert: Alert, alice: User, subject: str
) -> None:
    post.send(reply_to(alert, alice), subject, "ack", sender="alice@example.com")
    alert.refresh_from_db()
    assert alert.status == "triggered"


def test_a_bounce_and_a_forged_token_change_nothing(
    post: Post, alert: Alert, alice: User, bob: User
) -> None:
    with post.dial() as wire:
        raw = b"From: alice@example.com\r\nSubject: x\r\n\r\nack\r\n"
        wire.sendmail("", [reply_to(alert, alice)], raw)
    builders.contact(bob, "email", address="bob@example.com")
    post.send(reply_to(alert, alice), "x", "ack", sender="bob@example.com")
    forged = reply_to(alert, alice)[:-20] + "AAAA@" + DOMAIN
    post.send(forged, "x", "ack", sender="alice@example.com")
    alert.refresh_from_db()
    assert alert.status == "triggered"
    assert Reply.objects.filter(understood=False).count() == 2


def test_an_old_page_is_not_answered_by_mail(
    post: Post, alert: Alert, alice: User, clock: Clock
) -> None:
    to = reply_to(alert, alice)
    Alert.objects.filter(pk=alert.pk).update(epoch=alert.epoch + 1)
    post.send(to, "x", "ack", sender="alice@example.com")
    fresh = reply_to(Alert.objects.get(), alice)
    clock.forward(hours=25)
    post.send(fresh, "x", "ack", sender="alice@example.com")
    alert.refresh_from_db()
    assert alert.status != "acknowledged"


def test_a_page_that_is_sent_to_an_integration_opens_no_alert(
    post: Post, mailbox: Integration
) -> None:
    page = compose_mail(address(mailbox), a_message())
    with post.dial() as wire:
        wire.sendmail("alertops@example.org", [address(mailbox)], page.message().as_bytes())
    work_off()
    event = InboundEvent.objects.get()
    assert (event.outcome, event.detail) == (Outcome.IGNORED, "It is one of our own pages.")
    assert not Alert.objects.exists()


# --- hostile sessions


def talk(post: Post, *lines: bytes, wait: float = 0.0) -> bytes:
    """Say these lines blindly; return all that was answered until the line was cut or quiet."""
    with socket.create_connection(("127.0.0.1", post.port), timeout=6) as wire:
        for line in lines:
            try:
                wire.sendall(line)
            except OSError:
                break
            time.sleep(wait)
        heard = b""
        try:
            while more := wire.recv(65536):
                heard += more
        except OSError:
            pass
        return heard


@pytest.mark.parametrize("words", [[], [b"EHLO x\r\n"]])
def test_whoever_says_nothing_is_cut_off(post: Post, words: list[bytes]) -> None:
    began = time.monotonic()
    talk(post, *words)
    assert time.monotonic() - began < 5


def test_a_mail_that_trickles_in_is_cut_off(post: Post, mailbox: Integration) -> None:
    began = time.monotonic()
    head = f"HELO x\r\nMAIL FROM:<a@b.org>\r\nRCPT TO:<{address(mailbox)}>\r\nDATA\r\n".encode()
    heard = talk(post, head, *[b"x\r\n"] * 30, wait=0.2)
    assert time.monotonic() - began < 8
    assert b"451 4.4.2" in heard
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize(
    "noise",
    [b"x" * 1_000_000, b"\0" * 100_000 + b"\r\n", b"MAIL FROM:<" + b"a" * 50_000 + b">\r\n",
     b"\xff\xfe\r\n" * 500, b"NOOP\r\n" * 500, b"GET / HTTP/1.1\r\n\r\n" * 20, b"DATA\r\n" * 300,
     b"AUTH PLAIN AGEAYg==\r\n" * 10, b"STARTTLS\r\n" * 5, b"RCPT TO:<>\r\n" * 200,
     b"EHLO x\r\nMAIL FROM:<a@b> SIZE=99999999999999\r\nMAIL FROM:<a@b> X=Y\r\n"],
)  # fmt: skip
def test_noise_is_answered_or_cut_off_and_the_door_stays_open(
    post: Post, mailbox: Integration, noise: bytes
) -> None:
    began = time.monotonic()
    talk(post, noise)
    assert time.monotonic() - began < 9
    post.send(address(mailbox), "after the noise")
    assert InboundEvent.objects.count() == 1


def test_too_many_connections_are_turned_away_and_leave_room_again(
    post: Post, mailbox: Integration
) -> None:
    wires = [socket.create_connection(("127.0.0.1", post.port), timeout=5) for _ in range(30)]
    greetings = [wire.recv(100)[:3] for wire in wires]
    assert greetings.count(b"220") == 10
    assert greetings.count(b"421") == 20
    for wire in wires:
        wire.close()
    while post.listener.peers.total():
        time.sleep(0.05)
    post.send(address(mailbox), "after the crowd")
    assert post.listener.peers.total() <= 1


def test_long_lines_dots_and_bare_newlines_are_kept_as_they_are(
    post: Post, mailbox: Integration
) -> None:
    text = "y" * 300_000 + "\r\n..two dots\r\nbare\n.\nstill the same mail\r\n"
    head = f"EHLO x\r\nMAIL FROM:<a@b.org>\r\nRCPT TO:<{address(mailbox)}>\r\nDATA\r\n"
    heard = talk(post, (head + "Subject: long\r\n\r\n" + text + ".\r\nQUIT\r\n").encode())
    assert heard.count(b"250 2.0.0") == 1
    body = bytes(InboundEvent.objects.get().body)
    assert b"y" * 300_000 in body
    assert b"\r\n.two dots\r\n" in body
    assert b"still the same mail" in body


def test_a_mail_of_fifty_megabytes_is_an_alert_and_its_end_is_not_kept(
    post: Post, mailbox: Integration
) -> None:
    raw = b"Subject: huge\r\n\r\nbegin\r\n" + (b"A" * 998 + b"\r\n") * 50_000
    with post.dial() as wire:
        wire.sendmail("a@b.org", [address(mailbox)], raw)
    assert len(InboundEvent.objects.get().body) < 600_000
    work_off()
    assert states()[0][0] == "huge"


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A listener's side and a sender's, with a certificate for localhost."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    at = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(1)
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .sign(secret, hashes.SHA256())
    )
    pem = tmp_path / "mail.pem"
    kept = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(kept + certificate.public_bytes(Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    return server, client


def test_starttls_is_offered_where_there_is_a_certificate(
    mailbox: Integration, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    post = Post(smtp.Limits(), tls[0])
    try:
        with post.dial() as wire:
            wire.starttls(context=tls[1])
            wire.sendmail("a@b.org", [address(mailbox)], b"Subject: sealed\r\n\r\nx")
    finally:
        post.close()
    work_off()
    assert states() == [("sealed", "triggered", 1)]
    assert post.listener.peers.total() == 0


# --- a mail service's webhook


@pytest.fixture
def webhooks(settings: Settings) -> Iterator[None]:
    from alertops import urls

    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": "service:secret"}
    before = list(urls.urlpatterns)
    urls.urlpatterns[0:0] = mail_webhooks.addresses()
    clear_url_caches()
    yield
    urls.urlpatterns[:] = before
    clear_url_caches()


def postmark(to: str, subject: str) -> dict[str, Any]:
    return {
        "FromFull": {"Email": "mon@tools.org", "Name": "Mon"}, "Subject": subject,
        "From": "mon@tools.org", "ToFull": [{"Email": to}], "OriginalRecipient": to, "To": to,
        "TextBody": "12 MB left", "HtmlBody": "", "MessageID": "1", "Attachments": [],
        "Date": "Mon, 2 Mar 2026 03:00:00 +0000",
        "Headers": [{"Name": "Message-ID", "Value": "<1@tools.org>"}],
    }  # fmt: skip


def hand_over(client: Client, payload: dict[str, Any], secret: str = "service:secret") -> Any:
    return client.post(
        "/integrations/email/postmark/inbound/",
        json.dumps(payload),
        "application/json",
        headers={"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()},
    )


def test_a_mail_service_hands_mails_over(
    client: Client, webhooks: None, mailbox: Integration
) -> None:
    assert hand_over(client, postmark(address(mailbox, "k"), "Disk full")).status_code == 200
    assert hand_over(client, postmark(address(mailbox, "k"), "[OK] fine")).status_code == 200
    work_off()
    assert states() == [("Disk full", "resolved", 1)]
    assert Alert.objects.get().description == "12 MB left"


def test_an_answer_counts_also_where_the_service_names_no_sender_of_the_envelope(
    client: Client, webhooks: None, alert: Alert, alice: User
) -> None:
    answer = postmark(reply_to(alert, alice), "Re: [CRITICAL] x") | {"TextBody": "ack"}
    answer |= {"From": alice.email, "FromFull": {"Email": alice.email}}
    report = answer | {"Headers": [{"Name": "Return-Path", "Value": "<>"}]}
    for mail, status in ((report, "triggered"), (answer, "acknowledged")):
        assert hand_over(client, mail).status_code == 200
        alert.refresh_from_db()
        assert alert.status == status


def test_without_the_secret_nothing_is_taken(
    client: Client, webhooks: None, mailbox: Integration
) -> None:
    answer = hand_over(client, postmark(address(mailbox), "x"), "service:wrong")
    assert answer.status_code == 400
    assert not InboundEvent.objects.exists()


def test_no_webhook_is_there_where_no_secret_is_set(settings: Settings) -> None:
    settings.ANYMAIL = {}
    assert mail_webhooks.addresses() == []


def test_a_service_comes_back_when_the_database_is_gone(
    client: Client, webhooks: None, mailbox: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **__: object) -> None:
        raise store.Unavailable

    monkeypatch.setattr(store, "_execute", down)
    client.raise_request_exception = False
    assert hand_over(client, postmark(address(mailbox), "x")).status_code >= 500


def test_a_mail_for_nobody_is_answered_and_forgotten(client: Client, webhooks: None) -> None:
    assert hand_over(client, postmark("root@example.com", "x")).status_code == 200
    assert not InboundEvent.objects.exists()


def test_an_address_is_ours_only_by_its_form_and_domain() -> None:
    key = "0123456789abcdef" * 2
    assert mail_door.box(f"<{key}+a@b@{DOMAIN}>") == mail_door.Box(key=key, dedup="a@b")
    assert mail_door.box(f"{key}+@{DOMAIN}") == mail_door.Box(key=key)  # the tool had no key
    first, second = (mail_door.box(f"{key}+{'a' * 300}{end}@{DOMAIN}") for end in "xy")
    assert first is not None
    assert first != second
    for stranger in ("", "@", f"@{DOMAIN}", f"{key}@evil.org", f"{key[:-1]}@{DOMAIN}", "a@b",
                     f"{key}@{DOMAIN}.evil.org", f"x{key}@{DOMAIN}", f"+@{DOMAIN}"):  # fmt: skip
        assert mail_door.box(stranger) is None, stranger
