"""Whatever bytes arrive, a value or a text comes back."""

import gzip
import json
import time

import pytest

from integrations import texts
from integrations.payloads import decode
from tests.integrations.hostile import GOOD, HOSTILE


@pytest.mark.parametrize("name", HOSTILE)
def test_no_body_raises_or_takes_long(name: str) -> None:
    began = time.thread_time()
    decoded = decode(*HOSTILE[name])
    assert decoded.kind in {"json", "form", "text", "empty"}
    assert isinstance(decoded.value, (str, dict, list))
    assert time.thread_time() - began < 1.0


@pytest.mark.parametrize(
    "name",
    [
        "UTF-16",
        "UTF-16 without a mark",
        "UTF-32",
        "UTF-8 with a mark",
        "wrong content type",
        "JSON called a form",
        "no content type",
        "gzip",
        "gzip not announced",
        "gzip that is not",
        "deflate",
        "JSON in a string",
    ],
)
def test_json_is_read_whatever_was_claimed(name: str) -> None:
    assert decode(*HOSTILE[name]).value == GOOD


def test_a_form_with_payload_is_the_json_in_it() -> None:
    assert decode(*HOSTILE["form with payload"]).value == {"title": "Disk full"}


def test_a_form_is_its_fields() -> None:
    body = b"title=Disk+full&host=a&host=b&empty="
    decoded = decode(body, "application/x-www-form-urlencoded")
    assert decoded.kind == "form"
    assert decoded.value == {"title": "Disk full", "host": ["a", "b"], "empty": ""}


MULTIPART = (
    b"--x7\r\n"
    b'Content-Disposition: form-data; name="title"\r\n\r\n'
    b"Disk full\r\n--not the boundary\r\n"
    b"--x7\n"
    b"content-type: text/plain\n"
    b"content-disposition: form-data; filename=a.txt; name=log\n\n"
    b"line\n\nline\r\n"
    b"--x7--\r\n"
)


@pytest.mark.parametrize("claimed", ["multipart/form-data; boundary=x7", "application/json", ""])
def test_a_multipart_form_is_its_fields_whatever_was_claimed(claimed: str) -> None:
    decoded = decode(MULTIPART, claimed)
    assert (decoded.kind, decoded.problem) == ("form", "")
    assert decoded.value == {"title": "Disk full\r\n--not the boundary", "log": "line\n\nline"}


def test_a_multipart_form_that_breaks_off_gives_what_is_there() -> None:
    assert decode(MULTIPART[:90], "multipart/form-data").value["title"].startswith("Disk full")


def test_what_only_begins_like_a_multipart_form_is_text() -> None:
    assert decode(b"-- disk full\nsecond line").kind == "text"
    assert decode(b"--x\r\nno name\r\n--x--", "multipart/form-data; boundary=x").kind == "text"


def test_a_sentence_posted_by_curl_is_text() -> None:
    decoded = decode(*HOSTILE["curl -d"])
    assert (decoded.kind, decoded.value) == ("text", "disk full on db-1")


def test_what_strict_parsers_refuse_is_still_read() -> None:
    assert decode(b'{"a": NaN, "b": 1e999}').value == {"a": "NaN", "b": float("inf")}
    assert decode(b'{"title": "\\ud800"}').value == {"title": "\ud800"}
    assert len(decode(b'{"n": ' + b"9" * 5000 + b"}").value["n"]) == 5000


def test_a_bomb_goes_off_in_a_box() -> None:
    decoded = decode(gzip.compress(b"0" * 100_000_000), "", "gzip")
    assert decoded.problem == "The body is larger than 4 MiB when it is unpacked."
    assert len(decoded.value) <= 65_536


def test_what_cannot_be_read_says_so() -> None:
    assert "cannot be read" in decode(*HOSTILE["broken off"]).problem
    assert decode(b"").problem == "The body is empty."
    assert decode(json.dumps(GOOD).encode()).problem == ""


@pytest.mark.parametrize("text", ["[CRITICAL] The disk is full", '"shop" is down', "[OK]shop"])
def test_a_line_that_begins_like_json_is_a_line(text: str) -> None:
    decoded = decode(text.encode(), "text/plain")
    assert (decoded.value, decoded.kind, decoded.problem) == (text, "text", "")
    assert decode(text.encode(), "application/json").problem


@pytest.mark.parametrize(
    ("said", "link"),
    [
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/"),
        ("http://[rest/", ""),
        ("javascript:alert(1)", ""),
        ("http://a b/", ""),
        (["http://example.com"], ""),
    ],
)
def test_only_what_a_browser_can_open_is_a_link(said: object, link: str) -> None:
    assert texts.link(said) == link
