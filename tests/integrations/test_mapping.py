"""The vocabulary finds things, and what it finds is safe to store."""

import json
import time
import unicodedata

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations import samples, texts
from integrations.expressions import BadExpression, Overrides, check, compiled, evaluate
from integrations.mapping import Draft, dig, read
from integrations.payloads import decode
from integrations.vendors import VENDORS
from integrations.vocabulary import COMMON
from tests.integrations.hostile import HOSTILE

SAMPLES = [
    pytest.param(kind, sample, id=f"{kind}: {sample['name']}")
    for kind in VENDORS
    for sample in samples.of(kind)
]


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_every_sample_becomes_its_signals(kind: str, sample: dict) -> None:
    decoded = decode(*samples.request(sample))
    drafts = read(VENDORS[kind], decoded.value, own_key="own")
    told = [
        {name: getattr(draft, name) for name in wanted}
        for draft, wanted in zip(drafts, sample["signals"], strict=True)
    ]
    assert told == sample["signals"]
    assert [draft.remarks for draft in drafts] == [[] for _ in drafts]


@pytest.mark.parametrize("kind", VENDORS)
def test_firing_repeat_and_recovery_share_a_key(kind: str) -> None:
    by_name: dict[str, list[dict]] = {}
    for sample in samples.of(kind):
        by_name.setdefault(sample["name"].partition(",")[0], sample["signals"])
    assert by_name["firing"][0]["action"] == by_name["repeat"][0]["action"] == "trigger"
    names = ["firing", "repeat"]
    if VENDORS[kind].closes:
        assert by_name["recovery"][0]["action"] == "resolve"
        names.append("recovery")
    keys = {by_name[name][0]["dedup_key"] for name in names}
    assert len(keys) == 1


def check_safe(draft: Draft) -> None:
    """What PostgreSQL, a phone and a mail subject can take."""
    assert draft.title
    assert not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in draft.title)
    assert len(draft.title) <= 1024
    assert 0 < len(draft.dedup_key) <= 255
    assert draft.action in {"trigger", "acknowledge", "resolve"}
    assert draft.severity in {"", "critical", "high", "medium", "low", "info"}
    assert all(link["href"].startswith(("http://", "https://")) for link in draft.links)
    assert all(0 < len(tag) <= 64 for tag in draft.tags)
    whole = orjson.dumps(
        [draft.title, draft.description, draft.dedup_key, draft.links, draft.details, draft.tags]
    )
    assert b"\\u0000" not in whole.replace(b"\\\\", b"")  # a backslash itself is harmless
    assert len(whole) < 100_000


@pytest.mark.parametrize("kind", VENDORS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_becomes_something_a_person_can_read(kind: str, name: str) -> None:
    began = time.thread_time()
    for draft in read(VENDORS[kind], decode(*HOSTILE[name]).value):
        check_safe(draft)
    assert time.thread_time() - began < 1.0


texts_of_any_kind = st.text(alphabet=st.characters(exclude_categories=()), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts_of_any_kind,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "title", "alerts", "labels", "annotations", "status", "severity", "tags",
                    "links", "payload", "dedup_key", "fingerprint", "alert_title", "details",
                ]
            )
            | texts_of_any_kind,
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=700, deadline=None, derandomize=True)
@given(value=values, kind=st.sampled_from(sorted(VENDORS)))
def test_no_value_breaks_a_vendor(value: object, kind: str) -> None:
    for draft in read(VENDORS[kind], value):
        check_safe(draft)


@settings(max_examples=1300, deadline=None, derandomize=True)
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(["application/json", "text/plain", "a/form-urlencoded", "?"]),
    encoding=st.sampled_from(["", "gzip", "deflate", "br"]),
)
def test_no_bytes_break_a_vendor(body: bytes, content_type: str, encoding: str) -> None:
    decoded = decode(body, content_type, encoding)
    for draft in read(VENDORS["generic"], decoded.value):
        check_safe(draft)


def test_a_name_is_found_whatever_its_case_and_separators() -> None:
    for name in ("alertTitle", "alert_title", "Alert Title", "ALERT-TITLE", "alert/title"):
        assert dig({name: "x"}, ["alert_title"]) == "x"
    assert dig({"a.b": {"c": 1}, "a": {"b": {"c": 2}}}, ["a", "b", "c"]) == 2
    assert dig({"alert.title": "x"}, ["alert", "title"]) == "x"
    assert dig({"app": "y", "app.k8s.io/name": "x"}, ["app", "k8s", "io/name"]) == "x"
    assert dig({"a": [{"b": 1}]}, ["a", "0", "b"]) == 1
    assert dig({"a": []}, ["a", "0"]) is None
    assert dig({"a": [1, 2, 3]}, ["a", "\u00b2"]) is None


def test_severities_of_every_scale_meet_in_one_table() -> None:
    assert [COMMON.severity(f"P{n}") for n in range(1, 6)] == [
        "critical", "high", "medium", "low", "info",
    ]  # fmt: skip
    assert [COMMON.severity(f"S{n}") for n in range(1, 5)] == ["critical", "high", "medium", "low"]
    pagerduty = [COMMON.severity(word) for word in ("critical", "error", "Warning ", "INFO")]
    assert pagerduty == ["critical", "high", "medium", "info"]


def test_a_severity_nobody_knows_is_remarked_on() -> None:
    (draft,) = read(VENDORS["generic"], {"title": "x", "severity": "purple"})
    assert draft.severity == ""
    assert draft.remarks == ["severity 'purple' is not known"]


def test_a_changed_value_is_still_the_same_alert() -> None:
    one, two = (
        read(VENDORS["generic"], {"title": "CPU high", "host": "a", "value": value})[0]
        for value in (91, 97)
    )
    assert one.dedup_key == two.dedup_key
    other = read(VENDORS["generic"], {"title": "CPU high", "host": "b"})[0]
    assert other.dedup_key != one.dedup_key


def test_a_key_that_does_not_fit_becomes_its_hash() -> None:
    long, longer = ("k" * 300, "k" * 301)
    assert texts.key(long) == texts.key(long) != texts.key(longer)
    assert len(texts.key(long)) <= 255
    assert texts.key("a\x00b") != texts.key("ab")


def test_ten_thousand_alerts_in_one_body_are_bounded_and_told() -> None:
    drafts = read(VENDORS["generic"], [{"title": str(n)} for n in range(10_000)])
    assert len(drafts) == 5001
    assert drafts[-1].title.startswith("One event carried 10000 alerts")


def test_secrets_in_a_payload_are_not_shown() -> None:
    (draft,) = read(VENDORS["pagerduty"], {"routing_key": "hush", "odd": 1}, own_key="k")
    assert "hush" not in json.dumps([draft.title, draft.description, draft.details])


def test_expressions_pick_fields_and_a_broken_one_falls_back() -> None:
    payload = {"title": "T", "check": {"what": "Queue", "how": "P2"}, "tags": ["a"]}
    overrides = Overrides(
        {"title": "check.what", "severity": "check.how", "dedup_key": "join('/', [title, tags[0]])"}
    )
    (draft,) = read(VENDORS["generic"], payload, overrides=overrides)
    assert (draft.title, draft.severity, draft.dedup_key) == ("Queue", "high", "T/a")

    broken = Overrides({"title": "join('/', title)", "link": "gone.missing"})
    (draft,) = read(VENDORS["generic"], payload, overrides=broken)
    assert draft.title == "T"
    assert draft.remarks[0].startswith("the mapping of title failed")


def test_a_bad_expression_is_told_in_one_sentence() -> None:
    wrong = check({"title": "a[", "severity": "x" * 501, "nonsense": "a", "link": "a.b"})
    assert set(wrong) == {"title", "severity", "nonsense"}
    assert wrong["title"].startswith("This is not a JMESPath expression")
    assert all("\n" not in sentence for sentence in wrong.values())


@pytest.mark.parametrize(
    "expression",
    [
        "[@,@][]|" * 3 + "[@,@][]",
        "@[].@[].@[]|join('" + "x" * 300 + "', @)",
        "join(big, names)",
        "[[@,@,@],[@,@,@]][][]",
        "to_string([@,@])",
        "sort_by(@, &to_string(@))",
        "map(&length(to_string(@)), @)",
    ],
)
def test_no_expression_takes_long_or_much(expression: str) -> None:
    value = {"big": "x" * 300_000, "names": [str(n) for n in range(50_000)]}
    for payload in (value, [value] * 2, value["names"]):
        began = time.monotonic()
        try:
            found = evaluate(expression, payload)
            assert len(texts.words(found)) < 3_000_000
        except BadExpression:
            pass
        assert time.monotonic() - began < 2.0


def test_many_nested_selections_are_refused_at_save() -> None:
    with pytest.raises(BadExpression, match="at most 4"):
        compiled("|".join(["[@,@][]"] * 30))
