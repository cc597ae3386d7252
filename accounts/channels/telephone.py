"""What text messages and phone calls have in common: a number, and Twilio to reach it."""

from types import MappingProxyType

from accounts.channels import twilio_client
from accounts.channels.base import Channel


class Telephone(Channel):
    """A channel to a telephone number."""

    input_attributes = MappingProxyType({"type": "tel", "autocomplete": "tel"})
    loud = True
    costs = True
    can_look_up = True

    def configured(self) -> str:
        return twilio_client.missing()

    def prepare(self) -> None:
        if not self.configured():
            twilio_client.client()

    def examine(self) -> str | None:
        return twilio_client.examine()

    def clean(self, address: str) -> str:
        return twilio_client.phone_number(address)

    def mask(self, address: str) -> str:
        return twilio_client.mask(address)
