"""The doubles as fixtures: each test that asks gets a fresh one, with nothing wrong yet."""

from collections.abc import Iterator

import pytest

from tests.doubles.twilio import TwilioDouble


@pytest.fixture
def twilio_double() -> Iterator[TwilioDouble]:
    """A Twilio that accepts everything; set TWILIO_API_URL to its `base_url`."""
    with TwilioDouble() as double:
        yield double
