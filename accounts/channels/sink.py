"""Where the house's own self-test arrives: it takes every message and keeps none."""

from accounts.channels.base import Channel, Message, Receipt


class Sink(Channel):
    """Nobody chooses it: it stands in no list, and only the senders know it."""

    kind, label = "sink", "Self-test"
    leaves_the_house = False

    def clean(self, address: str) -> str:
        return address

    def mask(self, address: str) -> str:
        return address

    def send(self, address: str, message: Message) -> Receipt:
        return Receipt("", delivered=True)
