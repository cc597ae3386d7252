"""The guide to the vendors is made of the same facts as everything else."""

import pytest

from integrations import samples
from integrations.vendors import VENDORS
from tools import vendor_guide


def test_the_guide_is_up_to_date() -> None:
    written = vendor_guide.GUIDE.read_text("utf-8")
    assert written == vendor_guide.guide(), "run: python -m tools.vendor_guide"


@pytest.mark.parametrize("kind", VENDORS)
def test_every_tool_has_a_chapter_with_steps_and_its_samples(kind: str) -> None:
    text = vendor_guide._chapter(VENDORS[kind])
    addresses = (vendor_guide.BASE, f"KEY@{vendor_guide.DOMAIN}")
    assert any(address in text for address in addresses), "nobody could paste an address"
    assert text.count("\n| ") == len(samples.of(kind)) + 2
    assert "{url}" not in text
