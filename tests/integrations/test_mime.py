"""Mails of the worst kind: each is read in bounded time, and each has a title a person can read."""

from __future__ import annotations

import base64
import random
import time
import tracemalloc

import pytest

from integrations import letters, mime
from integrations.mapping import read
from integrations.vendors import VENDORS

_B = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'


def nested(depth: int) -> bytes:
    mail = b"Content-Type: text/plain\r\n\r\ndeep inside"
    for level in range(depth):
        mark = b"b%d" % level
        mail = (
            b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n\r\n--' + mark + b"\r\n"
            + mail + b"\r\n--" + mark + b"--\r\n"
        )  # fmt: skip
    return b"Subject: nested\r\n" + mail


def forwarded(depth: int) -> bytes:
    return b"Subject: f\r\nContent-Type: message/rfc822\r\n\r\n" * depth + b"Subject: x\r\n\r\nin"


BOMBS = {
    "empty": b"",
    "only a newline": b"\n",
    "only NULs": b"\0" * 10_000,
    "no header": b"just some words without any header",
    "no body": b"Subject: no body",
    "no subject": b"From: a@example.com\r\n\r\nDisk full on db-1",
    "nothing at all": b"From: a@example.com\r\n\r\n",
    "1,000 nested parts": nested(1000),
    "11 nested parts": nested(11),
    "1,000 forwarded": forwarded(1000),
    "100,000 parts": b"Subject: many\r\n" + _B + b"--b\r\n\r\nx\r\n" * 100_000,
    "100,000 boundaries alone": b"Subject: x\r\n" + _B + b"--b\r\n" * 100_000,
    "boundary of one sign": b'Subject: x\r\nContent-Type: multipart/mixed; boundary="-"\r\n\r\n'
    + b"---\n" * 200_000,
    "boundary never closed": b"Subject: open\r\n" + _B + b"--b\r\n\r\nthe text",
    "boundary missing": b"Subject: x\r\nContent-Type: multipart/mixed\r\n\r\nsome text",
    "50 MB": b"Subject: huge\r\n\r\n" + b"A" * 50_000_000,
    "50 MB in one header": b"Subject: " + b"A" * 50_000_000,
    "1 million headers": b"X: y\r\n" * 1_000_000 + b"Subject: late\r\n\r\nx",
    "header folded for ever": b"Subject: x\r\n" + b" y\r\n" * 300_000,
    "broken charset": b"Subject: =?x-klingon?q?=FF=FE?=\r\nContent-Type: text/plain; "
    b"charset=x-klingon\r\n\r\n\xff\xfe\xfd",
    "punycode charset": b"Subject: x\r\nContent-Type: text/plain; charset=punycode\r\n\r\n"
    + b"a-" * 200_000,
    "charset idna": b"Subject: =?idna?b?" + b"A" * 2000 + b"?=\r\n\r\nx",
    "encoded word never ends": b"Subject: " + b"=?utf-8?q?" * 20_000 + b"\r\n\r\nx",
    "bad base64 in the subject": b"Subject: =?utf-8?b?!!!!?= disk\r\n\r\nx",
    "bad base64 body": b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"A=A" * 50_001,
    "one base64 sign": b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\nA",
    "bad quoted-printable": b"Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    + b"=" * 200_000,
    "8-bit subject": "Subject: Überlauf auf größtem Server\r\n\r\nx".encode("latin-1"),
    "UTF-8 subject": "Subject: Überlauf 🔥\r\n\r\nx".encode(),
    "UTF-16": "Subject: wide\r\n\r\nx".encode("utf-16"),
    "ISO-2022-JP": b"Subject: =?iso-2022-jp?b?"
    + base64.b64encode("水紙".encode("iso-2022-jp")) + b"?=\r\n\r\nx",
    "bidi and control": "Subject: \u202egnp.exe\x07\x1b[31m\r\n\r\nx".encode(),
    "subject with a newline": b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\r\n\r\nx",
    "HTML never closed": b"Subject: h\r\nContent-Type: text/html\r\n\r\n" + b"<" * 200_000,
    "HTML of scripts": b"Subject: h\r\nContent-Type: text/html\r\n\r\n" + b"<script " * 60_000,
    "HTML entities": b"Subject: h\r\nContent-Type: text/html\r\n\r\n" + b"&#x110000;" * 20_000,
    "zip bomb attached": b"Subject: zip\r\n" + _B + b"--b\r\nContent-Type: application/zip; "
    b'name="42.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    + base64.b64encode(b"PK\x03\x04" * 90_000) + b"\r\n--b\r\n\r\nsee attachment\r\n--b--",
    "1,000 attachments": b"Subject: att\r\n" + _B
    + b'--b\r\nContent-Disposition: attachment; filename="../../etc/passwd"\r\n\r\nx\r\n' * 1000,
    "address of nonsense": b"From: " + b"<" * 5000 + b"@" * 5000 + b"\r\nSubject: x\r\n\r\nx",
    "from with comments": b"From: " + b"(" * 3000 + b"a@example.com\r\nSubject: x\r\n\r\nx",
    "parameters of nonsense": b"Subject: x\r\nContent-Type: multipart/mixed; boundary*0*=''%ff; "
    b"boundary*1=x\r\n\r\n--x\r\n\r\nx",
    "lines end with CR": b"Subject: mac\rFrom: a@example.com\r\rtext",
    "content type twice": b"Subject: t\r\nContent-Type: text/html\r\nContent-Type: text/plain\r\n"
    b"\r\n<b>bold</b>",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_becomes_one_alert_with_a_title_in_bounded_time(name: str) -> None:
    raw = BOMBS[name]
    tracemalloc.start()
    began = time.process_time()
    facts = letters.facts(raw[: letters.KEPT + 1])
    drafts = read(VENDORS["email"], facts)
    spent = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(drafts) == 1
    assert drafts[0].title.strip()
    assert drafts[0].title.isprintable()
    assert 0 < len(drafts[0].dedup_key) <= 255
    assert drafts[0].action == "trigger"
    assert spent < 2.0  # with the tracer's weight; without it below 0.3
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("name", "title", "text"),
    [
        ("no subject", "Disk full on db-1", "Disk full on db-1"),
        ("nothing at all", "A mail from a@example.com without subject or text", ""),
        ("8-bit subject", "Überlauf auf größtem Server", "x"),
        ("UTF-8 subject", "Überlauf 🔥", "x"),
        ("ISO-2022-JP", "水紙", "x"),
        ("boundary never closed", "open", "the text"),
        ("zip bomb attached", "zip", "see attachment"),
        ("subject with a newline", "a Bcc: x", "x"),
    ],
)
def test_what_can_be_read_is_read(name: str, title: str, text: str) -> None:
    draft = read(VENDORS["email"], letters.facts(BOMBS[name]))[0]
    assert (draft.title, draft.description) == (title, text)


def test_attachments_are_named_and_never_opened() -> None:
    mail = mime.read(BOMBS["zip bomb attached"])
    assert mail.attachments == ("42.zip",)
    assert "PK" not in mail.text


def test_html_alone_is_read_as_text() -> None:
    raw = (
        b"Subject: h\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><title>t</title>"
        b"<style>p {}</style></head><body><script>alert(1)</script><p>Disk&nbsp;full</p>"
        b"<table><tr><td>db-1</td><td>99&percnt;</td></tr></table></body></html>"
    )
    assert mime.read(raw).text == "Disk full\ndb-1 99%"


def test_mails_that_chance_has_broken_are_read() -> None:
    chance = random.Random(7)
    whole = b"\r\n".join(BOMBS[name][:400] for name in ("zip bomb attached", "broken charset"))
    for _ in range(3000):
        raw = bytearray(whole)
        for _ in range(chance.randrange(1, 30)):
            at = chance.randrange(len(raw))
            raw[at : at + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        drafts = read(VENDORS["email"], letters.facts(bytes(raw)))
        assert all(draft.title for draft in drafts)


# --- what the subject says


@pytest.mark.parametrize(
    ("problem", "over"),
    [
        ("** PROBLEM Service Alert: db/disk is CRITICAL **",
         "** RECOVERY Service Alert: db/disk is OK **"),
        ("[FIRING:1] DiskFull (db-1)", "[RESOLVED] DiskFull (db-1)"),
        ("[Alerting] CPU load", "[OK] CPU load"),
        ('ALARM: "cpu" in EU (Ireland)', 'OK: "cpu" in EU (Ireland)'),
        ("Problem: Disk full on db", "Resolved in 5m 3s: Disk full on db"),
        ("Monitor is DOWN: shop", "Monitor is UP: shop"),
        ("[Monitor Alert] Triggered: cpu", "[Monitor Alert] Recovered: cpu"),
        ("Down: https://shop.example.com", "Re: Up: https://shop.example.com"),
        ("Host db-1 is DOWN", "Host db-1 is UP"),
    ],
)  # fmt: skip
def test_a_recovery_finds_its_alert(problem: str, over: str) -> None:
    first, second = (
        read(VENDORS["email"], letters.facts(f"From: a@b.org\nSubject: {s}\n\nx".encode()))[0]
        for s in (problem, over)
    )
    assert (first.action, second.action) == ("trigger", "resolve")
    assert first.dedup_key == second.dedup_key


@pytest.mark.parametrize(
    "subject",
    ["Backup NOT OK", "OK computer is burning", "host is not up", "Up and coming: fire",
     "set up failed", "closed door alarm", "okay, this is bad", "UP alert: api", "host is up? not"],
)  # fmt: skip
def test_a_subject_that_is_not_plainly_over_opens_an_alert(subject: str) -> None:
    facts = letters.facts(f"From: a@b.org\nSubject: {subject}\n\nx".encode())
    assert read(VENDORS["email"], facts)[0].action == "trigger"


def test_another_host_or_another_sender_is_another_alert() -> None:
    keys = {
        letters.facts(f"From: {sender}\nSubject: {host} is down\n\n{body}".encode())["key"]
        for sender in ("a@b.org", "c@b.org")
        for host in ("db-1", "db-2")
        for body in ("one", "two")
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("Auto-Submitted: auto-replied", "automatic reply"),
        ("Auto-Submitted: auto-replied (vacation)", "automatic reply"),
        ("X-Autoreply: yes", "automatic reply"),
        ("Precedence: auto_reply", "automatic reply"),
        ("Content-Type: multipart/report; boundary=x", "delivery report"),
        ("X-AlertOps-Page: 12:3", "our own"),
        ("\n".join(["Received: from a by b"] * 31), "circles"),
    ],
)
def test_what_only_answers_mails_is_no_event(header: str, why: str) -> None:
    facts = letters.facts(f"From: a@b.org\n{header}\nSubject: Re: Disk full\n\nx".encode())
    assert why in facts["ignored"]
    assert not read(VENDORS["email"], facts)


@pytest.mark.parametrize("header", ["Auto-Submitted: auto-generated", "Precedence: bulk", "X-Y: z"])
def test_what_a_tool_sends_by_itself_is_an_event(header: str) -> None:
    facts = letters.facts(f"From: a@b.org\n{header}\nSubject: Disk full\n\nx".encode())
    assert read(VENDORS["email"], facts)
