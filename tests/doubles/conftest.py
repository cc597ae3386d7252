"""What only the tests of the doubles need."""

import pytest
from twilio.rest import Client

from tests.doubles.twilio import TwilioDouble
from tests.doubles.twilio_client import client_for


@pytest.fixture
def client(twilio_double: TwilioDouble) -> Client:
    return client_for(twilio_double)
