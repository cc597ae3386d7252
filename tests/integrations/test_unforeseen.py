"""What no file of facts foresaw still pages, and somebody can read what."""

from typing import Any

import pytest

from integrations import letters, payloads, samples
from integrations.mapping import Draft, read
from integrations.vendors import VENDORS

SHAPES: list[Any] = [{"title": "New shape", "a": {"b": 1}}, {"a": 1}, {}, "disk full", [7], ""]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_a_shape_nobody_foresaw_is_an_alert_with_a_title(shape: Any) -> None:
    for kind, vendor in VENDORS.items():
        [draft] = read(vendor, shape)
        assert draft.action == "trigger", kind
        assert draft.title, kind
        assert draft.dedup_key, kind


def test_a_state_nobody_has_heard_of_is_neither_over_nor_nothing() -> None:
    """Each vendor's own field of state with a word of tomorrow in it."""
    for kind, name, *path in STATES:
        [sample] = [each for each in samples.of(kind) if each["name"] == name]
        body, content_type = samples.request(sample)
        payload: Any = payloads.decode(body, content_type).value
        inner = payload
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = "flummoxed"
        assert [draft.action for draft in read(VENDORS[kind], payload)] == ["trigger"], (kind, path)


STATES = [
    ("argocd", "firing", "phase"),
    ("argocd", "recovery", "health"),
    ("buildkite", "firing", "build", "state"),
    ("buildkite", "recovery", "build", "state"),
    ("github", "firing", "workflow_run", "conclusion"),
    ("github", "a check of another app", "check_run", "conclusion"),
    ("github", "the status of a commit", "state"),
    ("gitlab", "firing", "object_attributes", "status"),
    ("gitlab", "a job", "build_status"),
    ("gitlab", "a vulnerability", "object_attributes", "state"),
    ("instana", "something goes offline", "issue", "text"),
    ("mongodb", "that is over, the alert is not", "acknowledgedUntil"),
    ("raygun", "recovery", "error", "status"),
]


@pytest.mark.parametrize(
    "line",
    [
        "db-1 is not healthy",
        "db-1 not ok",
        "the certificate wasn't fixed",
        "the queue is piling up",
        "the error rate goes up!",
        "the error rate is up",
        "Latency of the shop is up.",
        "CPU up",
        "Online-Shop is DOWN",
        "Up-to-date check failed",
        "OK-file missing",
    ],
)
def test_a_line_that_ends_or_begins_like_a_recovery_is_none(line: str) -> None:
    [draft] = read(VENDORS["generic_text"], line)
    assert draft.action == "trigger"


@pytest.mark.parametrize(
    "line",
    ["web-1 is UP", "web-1 up", "The shop is back up.", "OK - disk", "OK: disk", "disk of db ok"],
)
def test_a_line_that_says_it_is_over_resolves(line: str) -> None:
    [draft] = read(VENDORS["generic_text"], line)
    assert draft.action == "resolve"


@pytest.mark.parametrize(
    "subject",
    [
        "Error rate is up 300%",
        "The error rate is up",
        "CPU usage on web-1 is now up!",
        "Latency of the shop is up.",
        "Load is up to 30",
        "Recovery of db-1 failed",
        "Recovery mode entered on db-1",
        "Acknowledgement missing from the bank",
        "Up-to-date check failed",
        "Closed-loop control is broken",
    ],
)
def test_a_subject_with_a_word_of_recovery_in_it_is_none(subject: str) -> None:
    mail = f"From: a@example.com\r\nSubject: {subject}\r\n\r\nx".encode()
    assert letters.facts(mail)["action"] == ""


@pytest.mark.parametrize(
    ("subject", "action"),
    [
        ("web-1 is UP", "resolve"),
        ("Monitor is UP: web-1", "resolve"),
        ("CPU is UP", "resolve"),
        ("Load balancer lb-1 is up", "resolve"),
        ("Your site is back up!", "resolve"),
        ("RECOVERY Service Alert: db/replication errors is OK", "resolve"),
        ("Resolved: payment failed", "resolve"),
        ("OK - disk of db-1", "resolve"),
        ("Acknowledged: db-1 has failed", "acknowledge"),
    ],
)
def test_a_subject_that_says_it_is_over_resolves(subject: str, action: str) -> None:
    mail = f"From: a@example.com\r\nSubject: {subject}\r\n\r\nx".encode()
    assert letters.facts(mail)["action"] == action


NOT_YET: list[dict[str, Any]] = [
    {"resolved": "False"},
    {"resolved": "no"},
    {"resolved_at": "0001-01-01T00:00:00Z"},
    {"end_time": "null"},
    {"ended_at": 0},
    {"resolved": {"by": None, "at": None}},
    {"status": "failed", "end_time": "2026-03-02T03:20:00Z"},
]


@pytest.mark.parametrize("end", NOT_YET, ids=repr)
def test_an_end_that_has_not_come_is_none(end: dict[str, Any]) -> None:
    [draft] = read(VENDORS["generic"], {"title": "Disk full", **end})
    assert draft.action == "trigger"
    [over] = read(VENDORS["generic"], {"title": "Disk full", **end, "resolved": True})
    assert over.action == "resolve"


@pytest.mark.parametrize(("fires", "ends"), [("", ""), ("ALERT", "OK"), ("** Problem **", "[OK]")])
def test_mails_whose_subject_says_nothing_are_told_apart_by_their_text(
    fires: str, ends: str
) -> None:
    def mail(subject: str, text: str) -> dict[str, Any]:
        return letters.facts(f"From: a@b.org\r\nSubject: {subject}\r\n\r\n{text}".encode())

    first, second = mail(fires, "db-1 is down\nat 09:00"), mail(fires, "web-1 is down\nat 09:01")
    assert first["key"] != second["key"]
    assert mail(fires, "\ndb-1 is down\nat 09:05")["key"] == first["key"]
    over = mail(ends, "db-1 is up\nat 10:00")
    assert (over["key"], over["action"]) == (first["key"], "resolve" if ends else "")


@pytest.mark.parametrize("mark", ["[{}]", "*** {} ***", "{}:", "{}"])
def test_a_line_with_nothing_but_a_state_goes_with_the_next(mark: str) -> None:
    def said(word: str, line: str) -> Draft:
        [draft] = read(VENDORS["generic_text"], f"{mark.format(word)}\n{line}\nmore")
        return draft

    first, second = said("CRITICAL", "Disk of db-1"), said("CRITICAL", "Disk of db-2")
    assert first.dedup_key != second.dedup_key
    assert "Disk of db-1" in first.title
    over = said("RESOLVED", "Disk of db-1")
    assert (over.action, over.dedup_key) == ("resolve", first.dedup_key)
