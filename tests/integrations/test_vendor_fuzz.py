"""Every tool changes its payloads one day: mutated samples never raise, and firing still pages."""

import copy
import json
import random
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations import samples
from integrations.mapping import Draft, Vendor, read
from integrations.payloads import decode
from integrations.vendors import DIALECTS, VENDORS
from tests.integrations.test_mapping import check_safe

TIMES = 30
"""Mutations of each sample, from one to five changes at once."""

SPEAK_OF_MORE = {
    # What these say is an alert by one word among many that are none; without it nobody can know.
    "argocd", "buildkite", "github", "gitlab", "sentry", "statuspage",
}  # fmt: skip

_DEEP: Any = "deep"
for _ in range(60):
    _DEEP = {"a": [_DEEP]}

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, float("inf"), float("nan"), 10**300, "", " ", "\n\t",
    "x" * 5000, "\x00", "\ud800", "\u202e", "null", "undefined", "$VAR$", "{{var}}", "<no value>",
    [], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": "d"}}}, list(range(300)), _DEEP,
    {str(number): number for number in range(500)}, "[" * 200, "a/b:c", "é" * 300, ["x"], "0",
)  # fmt: skip

Node = tuple[Any, Any]


def nodes(value: Any) -> Iterator[Node]:
    """Every place in a value: what holds it, and under which name or number."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from nodes(value[key])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from nodes(item)


def drop(chance: random.Random, holder: Any, key: Any) -> None:
    del holder[key]


def replace(chance: random.Random, holder: Any, key: Any) -> None:
    holder[key] = copy.deepcopy(chance.choice(ODD))


def wrap(chance: random.Random, holder: Any, key: Any) -> None:
    holder[key] = chance.choice(([holder[key]], {"value": holder[key]}, [holder[key]] * 3))


def to_text(chance: random.Random, holder: Any, key: Any) -> None:
    holder[key] = json.dumps(holder[key], default=str)


def rename(chance: random.Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        value = holder.pop(key)
        holder[chance.choice((str(key).upper(), f"{key}_", f"new {key}", "", "\x00"))] = value


def shorten(chance: random.Random, holder: Any, key: Any) -> None:
    value = holder[key]
    if isinstance(value, (str, list)) and value:
        holder[key] = value[: chance.randrange(len(value))]


CHANGES: tuple[Callable[[random.Random, Any, Any], None], ...] = (
    drop, drop, replace, replace, replace, wrap, to_text, rename, shorten,
)  # fmt: skip


def mutated(chance: random.Random, value: Any) -> Any:
    box = [copy.deepcopy(value)]
    for _ in range(chance.randint(1, 5)):
        places = list(nodes(box))
        if not places:
            break
        chance.choice(CHANGES)(chance, *chance.choice(places))
    return box[0] if box else None


def check_readable(draft: Draft) -> None:
    """Safe to store, and a title with at least one sign a person can read."""
    check_safe(draft)
    assert any(unicodedata.category(sign)[0] in "LNPS" for sign in draft.title)


def read_all(vendor: Vendor, value: Any) -> None:
    """Through the vendor's own reading, and as bytes where JSON can carry the value."""
    for draft in read(vendor, value, own_key="own"):
        check_readable(draft)


@pytest.mark.parametrize("kind", DIALECTS)
def test_a_mutated_sample_is_an_alert_with_a_title_or_nothing(kind: str) -> None:
    told = kind if kind in VENDORS else "cloudwatch"
    for sample in samples.of(told):
        value = decode(*samples.request(sample)).value
        chance = random.Random(f"{kind}/{sample['name']}")
        for _ in range(TIMES):
            read_all(DIALECTS[kind], mutated(chance, value))


@pytest.mark.parametrize("kind", VENDORS)
def test_broken_bytes_of_a_sample_are_an_alert_with_a_title_or_nothing(kind: str) -> None:
    """Bodies that were cut off or scrambled on their way."""
    for sample in samples.of(kind):
        body, content_type = samples.request(sample)
        chance = random.Random(f"bytes/{kind}/{sample['name']}")
        for _ in range(3):
            start = chance.randrange(len(body))
            end = start + chance.randrange(20)
            broken = body[:start] + chance.randbytes(chance.randrange(6)) + body[end:]
            read_all(VENDORS[kind], decode(broken, content_type).value)


def less_one(value: Any) -> Iterator[tuple[str, Any]]:
    """The value without one of its fields, for each of them."""
    for number, (holder, key) in enumerate(nodes(value)):
        if isinstance(holder, dict):
            fresh = copy.deepcopy(value)
            place, name = list(nodes(fresh))[number]
            del place[name]
            yield str(key), fresh


@pytest.mark.parametrize("kind", sorted(VENDORS.keys() - SPEAK_OF_MORE))
def test_firing_pages_whatever_one_field_is_gone(kind: str) -> None:
    value = decode(*samples.request(samples.firing(kind))).value
    for name, lacking in less_one(value):
        drafts = read(VENDORS[kind], lacking, own_key="own")
        assert any(draft.action == "trigger" for draft in drafts), f"{kind} hushes without {name}"
