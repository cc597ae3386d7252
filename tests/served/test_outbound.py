"""Whoever tells other tools is killed in the middle: nothing is lost, and nothing overtakes."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from integrations.outbound.queue import CUT_OFF
from tests.served.house import Served, until
from tests.served.receiving import EVENTS, Receiver
from tools.chaos_house import kill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WITHIN = 15.0
"""Seconds after which everything goes on as if nothing had been."""
DELAY = 4.5
"""Seconds for which requests are open: a little less than they may be."""
ALERTS = 4
"""As many as one receiver is sent at the same time."""


@pytest.fixture
def receiver(served: Served) -> Iterator[Receiver]:
    until(served.green, 30)
    with Receiver(served, "Monitor") as double:
        double.connect()
        first = f"Connection {double.pk} is awake"
        served.send("Monitor", event(first))
        until(lambda: double.log(first) == [("opened", "sent", [""])], 75)
        double.requests.clear()
        yield double
        stop = "UPDATE integrations_outboundconnection SET is_active = false WHERE id = %s"
        served.query(f"{stop} RETURNING id", [double.pk])
    served.new_errors()  # a process that dies is one, and was this test's doing
    served.excuse("the connection is closed", "after sudden death", seconds=60)


def event(title: str, status: str = "firing") -> dict[str, str]:
    return {"title": title, "dedup_key": title, "severity": "low", "status": status}


def under_way(house: Served, receiver: Receiver, name: str) -> list[str]:
    """Let several alerts open and end, while the receiver has not answered of their beginnings."""
    receiver.delay = DELAY
    titles = [f"{name} {number}" for number in range(ALERTS)]
    for status in ("firing", "resolved"):
        for title in titles:
            house.send("Monitor", event(title, status))
    receiver.wait(ALERTS)
    until(lambda: all(len(receiver.log(title)) == len(EVENTS) for title in titles))
    return titles


def judge(receiver: Receiver, titles: list[str], killed: float) -> None:
    """Everything arrived, in order, the repeats with the id of the first time; the log tells it."""
    until(lambda: all(len(receiver.of(title)) >= 3 for title in titles), WITHIN)
    print(f"all of it arrived {time.monotonic() - killed:.1f} s after the kill")
    assert time.monotonic() - killed <= WITHIN
    for title in titles:
        heard = receiver.of(title)
        assert [got.json["event"] for got in heard] == ["opened", "opened", "resolved"]
        first, repeat, last = (got.headers["x-alertops-webhook-id"] for got in heard)
        assert first == repeat != last
        assert heard[0].body == heard[1].body
        said = [("opened", "sent", [CUT_OFF, ""]), ("resolved", "sent", [""])]
        until(lambda title=title, said=said: receiver.log(title) == said)  # type: ignore[misc]


def test_it_is_killed_when_the_receiver_has_answered_and_nobody_has_written_it_down(
    served: Served, receiver: Receiver
) -> None:
    titles = under_way(served, receiver, "Answered")
    [pid] = served.loop("outbound")
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(receiver.delay)
        assert len(receiver.requests) == ALERTS
    finally:
        kill(pid)
    killed, receiver.delay = time.monotonic(), 0.0
    judge(receiver, titles, killed)


@pytest.mark.parametrize("who", ["loop", "cluster"])
def test_whoever_sends_is_killed_while_requests_are_open(
    served: Served, receiver: Receiver, who: str
) -> None:
    titles = under_way(served, receiver, f"Killed {who}")
    [pid] = served.loop("outbound") if who == "loop" else served.leader("worker")
    assert kill(pid)
    killed, receiver.delay = time.monotonic(), 0.0
    judge(receiver, titles, killed)
