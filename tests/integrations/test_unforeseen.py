"""What no file of facts foresaw still pages, and somebody can read what."""

from typing import Any

import pytest

from integrations.mapping import read
from integrations.vendors import VENDORS

SHAPES: list[Any] = [{"title": "New shape", "a": {"b": 1}}, {"a": 1}, {}, "disk full", [7], ""]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_a_shape_nobody_foresaw_is_an_alert_with_a_title(shape: Any) -> None:
    for kind, vendor in VENDORS.items():
        [draft] = read(vendor, shape)
        assert draft.action == "trigger", kind
        assert draft.title, kind
        assert draft.dedup_key, kind
