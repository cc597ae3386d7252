"""A receiver of outbound messages, and the connection to it. Written by a process of its own."""

import sys
from uuid import uuid4

from alertops import clock
from integrations.models import Integration, OutboundConnection
from integrations.outbound import actions
from tests.doubles.webhook import WebhookDouble
from tests.doubles.wire import Request
from tests.served.house import Served

CONNECT = "from tests.served import receiving; receiving.main()"
EVENTS = ["opened", "resolved"]


class Receiver(WebhookDouble):
    """`with Receiver(house, "Monitor") as receiver:` is told of that integration's alerts."""

    def __init__(self, house: Served, integration: str) -> None:
        super().__init__()
        self.house, self.integration, self.pk = house, integration, 0

    def connect(self) -> None:
        told = f"{self.base_url} {self.integration}"
        self.pk = int(self.house.inside(CONNECT, told))

    def of(self, title: str) -> list[Request]:
        """What came in about one alert, in this order."""
        return [got for got in list(self.requests) if got.json["alert"]["title"] == title]

    def log(self, title: str) -> list[tuple[str, str, list[str]]]:
        """What the house wrote down of it: kind, state, and the error of each try."""
        rows = self.house.query(
            "SELECT m.kind, m.state, (SELECT coalesce(array_agg(t.error ORDER BY t.id), '{}')"
            " FROM integrations_outboundattempt t WHERE t.message_id = m.id)"
            " FROM integrations_outboundmessage m WHERE m.connection_id = %s"
            " AND m.news #>> '{alert,title}' = %s ORDER BY m.event",
            [self.pk, title],
        )
        return [(kind, state, list(errors)) for kind, state, errors in rows or []]


def main() -> None:
    """Read an address and an integration's name, connect them, print the connection's number."""
    url, _, name = sys.stdin.read().partition(" ")
    mine = f"Receiver {uuid4()}"  # an address may be had again by a later one
    link = OutboundConnection(name=mine, tool="webhook", events=EVENTS)
    told_of = Integration.objects.filter(name=name)
    actions.save(link, values={"url": url}, integrations=told_of, actor=None, now=clock.now())
    print(link.pk)
