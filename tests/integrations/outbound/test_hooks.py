"""What comes back from the tools: every golden sample, and every way of being a stranger."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.outbound import samples
from integrations.outbound.contract import Reading, Refused, Said
from integrations.outbound.tools import TOOLS
from tests.integrations.outbound.signing import SECRET, SETTINGS, SIGN

NOW = datetime(2026, 3, 2, 3, 4, 30, tzinfo=UTC)
_SHARED = {"gitlab", "servicenow"}
"""They send a secret as it is, and sign no body."""
LISTENERS = [slug for slug, tool in TOOLS.items() if tool.listens]
CASES = [(slug, sample) for slug in LISTENERS for sample in samples.of(slug)]


def read(
    slug: str, sample: samples.Sample, *, secret: str = SECRET, now: datetime = NOW, **more: str
) -> Reading:
    raw, headers = samples.request(sample)
    headers |= SIGN[slug](raw, NOW, secret)
    return TOOLS[slug].read({**SETTINGS[slug], **more}, headers, raw, now)


@pytest.mark.parametrize(("slug", "sample"), CASES, ids=lambda part: str(_name(part)))
def test_every_sample_is_understood(slug: str, sample: samples.Sample) -> None:
    reading = read(slug, sample)
    assert reading.said == tuple(Said(**said) for said in sample["said"])
    if "body" in sample:
        assert reading.body == sample["body"].encode()


def _name(part: Any) -> str:
    return part["name"] if isinstance(part, dict) else part


@pytest.mark.parametrize("slug", LISTENERS)
def test_every_tool_has_samples_of_ending_and_noting(slug: str) -> None:
    verbs = {said["verb"] for sample in samples.of(slug) for said in sample["said"]}
    assert {"resolve", "note"} <= verbs


@pytest.mark.parametrize("slug", LISTENERS)
def test_a_wrong_signature_is_refused(slug: str) -> None:
    with pytest.raises(Refused) as caught:
        read(slug, samples.of(slug)[0], secret="another-secret")
    assert caught.value.status == 403


@pytest.mark.parametrize("slug", LISTENERS)
def test_a_missing_signature_is_refused(slug: str) -> None:
    raw, headers = samples.request(samples.of(slug)[0])
    with pytest.raises(Refused) as caught:
        TOOLS[slug].read(SETTINGS[slug], headers, raw, NOW)
    assert caught.value.status == 403


@pytest.mark.parametrize("slug", [slug for slug in LISTENERS if slug not in _SHARED])
def test_a_changed_body_is_refused(slug: str) -> None:
    raw, headers = samples.request(samples.of(slug)[0])
    headers |= SIGN[slug](raw, NOW, SECRET)
    with pytest.raises(Refused):
        TOOLS[slug].read(SETTINGS[slug], headers, raw + b" ", NOW)


@pytest.mark.parametrize("slug", LISTENERS)
def test_without_a_secret_nothing_is_believed(slug: str) -> None:
    raw, headers = samples.request(samples.of(slug)[0])
    headers |= SIGN[slug](raw, NOW, "")
    with pytest.raises(Refused) as caught:
        TOOLS[slug].read({"token": "x"}, headers, raw, NOW)
    assert caught.value.status == 403


@pytest.mark.parametrize("slug", LISTENERS)
@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_rubbish_with_a_right_signature_is_refused_or_means_nothing(slug: str, raw: bytes) -> None:
    headers = {"content-type": "application/json"} | SIGN[slug](raw, NOW, SECRET)
    assert _said_or_status(slug, raw, headers) in {(), 400, 403}


@pytest.mark.parametrize(("slug", "sample"), CASES, ids=lambda part: str(_name(part)))
def test_a_payload_with_holes_never_breaks(slug: str, sample: samples.Sample) -> None:
    """Each field of each sample once as something else."""
    for payload in _spoilt(sample["payload"]):
        raw, headers = samples.request({**sample, "payload": payload})
        headers |= SIGN[slug](raw, NOW, SECRET)
        came = _said_or_status(slug, raw, headers)
        assert isinstance(came, tuple) or came in {400, 403}


def _said_or_status(slug: str, raw: bytes, headers: dict[str, str]) -> tuple[Said, ...] | int:
    try:
        return TOOLS[slug].read(SETTINGS[slug], headers, raw, NOW).said
    except Refused as refused:
        return refused.status


def _spoilt(value: Any) -> list[Any]:
    if not isinstance(value, (dict, list)):
        return []
    keys = value if isinstance(value, dict) else range(len(value))
    found = []
    for key in keys:
        for other in (None, 7, "x", [], {}, [None], True, *_spoilt(value[key])):
            copy = value.copy()
            copy[key] = other
            found.append(copy)
    return found


def test_two_secrets_are_valid_while_one_is_changed() -> None:
    sample = samples.of("github")[0]
    both = f"the-next-secret-of-ours {SECRET}"
    assert read("github", sample, webhook_secret=both).said
    assert read("github", sample, secret="the-next-secret-of-ours", webhook_secret=both).said


def test_a_delivery_has_its_own_name_where_the_tool_gives_one() -> None:
    assert read("github", samples.of("github")[0]).delivery
    assert read("gitlab", samples.of("gitlab")[0]).delivery
