"""Mails by swaks, Debian's "swiss army knife for SMTP", against the listener of a served house:
one opens an alert, the answer to the page acknowledges it, the recovery resolves it."""

from pathlib import Path

import pytest

from tests.doubles.smtp import SmtpDouble
from tests.served.house import MAIL_DOMAIN, Served, until
from tests.served.programs import swaks
from tests.served.scene import UMA

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_open_by_mail_acknowledge_by_answering_resolve_by_mail(
    house: Served, mail_server: SmtpDouble
) -> None:
    mailbox = f"{house.scene.keys['Mailbox']}+db-1/disk@{MAIL_DOMAIN}"
    said = swaks(house, mailbox, "--h-Subject", "PROBLEM: disk full", "--body", "12 MB left")
    assert "250 2.0.0 Kept" in said
    alert = until(lambda: house.alerts("Mailbox"))[0]
    assert (alert["title"], alert["status"]) == ("PROBLEM: disk full", "triggered")
    assert alert["dedup_key"] == "db-1/disk"

    swaks(house, mailbox, "--h-Subject", "PROBLEM: disk fuller", "--body", "9 MB left")
    until(lambda: house.alerts("Mailbox")[0]["event_count"] == 2)

    page = until(lambda: [m for m in mail_server.mails if m.recipients == [UMA]])[0]
    reply_to = str(page.message["Reply-To"])
    assert reply_to.startswith("reply+")
    answer = ("--h-Subject", f"Re: {page.subject}", "--body", "ack, looking at it")
    swaks(house, reply_to, *answer, sender="stranger@example.com")
    assert house.alerts("Mailbox")[0]["status"] == "triggered"
    swaks(house, reply_to, *answer, sender=UMA)
    assert house.alerts("Mailbox")[0]["status"] == "acknowledged"  # before 250 was said

    swaks(house, mailbox, "--h-Subject", "RECOVERY: disk full")
    until(lambda: house.alerts("Mailbox")[0]["status"] == "resolved")
    assert len(house.alerts("Mailbox")) == 1


def test_a_bomb_of_attachments_and_a_stranger(house: Served, tmp_path: Path) -> None:
    big = tmp_path / "42.zip"
    big.write_bytes(b"PK\x03\x04" + b"\0" * 8_000_000)
    mailbox = f"{house.scene.keys['Mailbox']}@{MAIL_DOMAIN}"
    swaks(house, mailbox, "--h-Subject", "with a bomb", "--attach", f"@{big}")
    until(lambda: "with a bomb" in [alert["title"] for alert in house.alerts("Mailbox")])
    with pytest.raises(AssertionError, match=r"550 5\.1\.1"):
        swaks(house, f"root@{MAIL_DOMAIN}", "--h-Subject", "x")


def test_the_web_processes_write_down_that_they_live(house: Served) -> None:
    """What heartbeats are measured by: without it our own downtime would alarm everybody."""
    ages = [
        float(line.rpartition(" ")[2])
        for line in until(lambda: house.ask("GET", "/metrics")[1]).splitlines()
        if line.startswith('alertops_loop_age_seconds{loop="web"}')
    ]
    assert len(ages) == 1
    assert ages[0] < 5
