import json
import logging
import sys

import pytest

from alertops import logs

KEY = "q7Zk2Wm9Xc4Rv8Bn3Jf6Hd1Ls5Tg0Yp"


@pytest.mark.parametrize(
    "text",
    [
        f"POST /integrations/{KEY}/ took long",
        f"GET /a/{KEY}/ answered 404",
        "GET /a/short-tok/ answered 404",
        f"POST /channels/sms/receipt/{KEY}/",
        f"Authorization: Bearer {KEY}",
        f"{{'Authorization': 'GenieKey {KEY}'}}",
        f"routing_key={KEY}&x=1",
        f'{{"routing_key": "{KEY}"}}',
        f"password={KEY}",
        f"Cookie: session={KEY}; theme=dark",
        f"https://user:{KEY}@example.org/path",
        f"smtp://{KEY}@mail.example.org",
        f"just {KEY} in a text",
    ],
)
def test_a_key_never_reaches_the_log(text: str) -> None:
    said = logs.redact(text)
    assert KEY not in said
    assert "short-tok" not in said
    assert logs.MASK in said


@pytest.mark.parametrize(
    "text",
    [
        "priya@example.org could not be reached",
        "SMS to +43 664 1234567 failed",
        "calling +15550100123",
        "number 436641234567 is dead",
        "duplicate key\nDETAIL:  Key (address)=(Priya Patel) already exists.",
    ],
)
def test_a_person_never_reaches_the_log(text: str) -> None:
    said = logs.redact(text)
    for part in ("priya", "664", "5550100", "Patel", "436641234567"):
        assert part not in said


@pytest.mark.parametrize(
    "text",
    [
        "Alert 4711 was paged at 2026-11-21T01:14:52.844+00:00",
        "GET /alerts/17/ 200",
        "Loop tick lost the database: OperationalError",
        'File "/srv/alertops/escalation/dispatch.py", line 120, in send',
        "web ended (-9); starting it again in 0.2 s",
        "/integrations/new/",
    ],
)
def test_what_is_harmless_stays_readable(text: str) -> None:
    assert logs.redact(text) == text


def _record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("alertops.test", logging.WARNING, "", 1, message, args, None)
    record.__dict__.update(extra)
    return record


def test_only_listed_fields_are_written() -> None:
    line = json.loads(
        logs.JsonFormatter().format(_record("sent %s", "x", alert=7, phone="+15550100123"))
    )
    assert line["message"] == "sent x"
    assert line["alert"] == 7
    assert line["level"] == "warning"
    assert "phone" not in line


def test_an_exception_is_written_without_its_secrets() -> None:
    record = _record("failed")
    try:
        raise ValueError(f"cannot reach https://me:{KEY}@example.org")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = json.loads(logs.JsonFormatter().format(record))
    assert "ValueError" in line["exception"]
    assert KEY not in line["exception"]


def test_a_message_cannot_forge_lines_or_colours() -> None:
    text = logs.TerminalFormatter().format(_record("a\nb\x1b[31mc"))
    assert "\n" not in text
    assert "\x1b" not in text
    assert "\n" not in logs.JsonFormatter().format(_record("a\nb"))


def test_a_message_with_the_wrong_arguments_is_still_written() -> None:
    assert "sent %d" in logs.TerminalFormatter().format(_record("sent %d", "x"))
