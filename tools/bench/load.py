"""The load generator, a process of its own: HTTP/1.1 by hand over kept-alive connections.

It must cost next to nothing, for the house it measures stands on the same cores: one thread, one
epoll, requests put together from ready-made parts. Nothing is repeated; what is not a 202 is told.
"""

import argparse
import json
import selectors
import socket
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

CONNECTIONS = 16
HEAD = (
    b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: monitor/1.0\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
)
EVENT = (
    b'{"title": "%s disk full on db-1", "dedup_key": "%s", "severity": "critical",'
    b' "description": "The volume /var/lib/postgresql is 97 %% full and grows by 2 GB an hour.",'
    b' "link": "https://grafana.example.org/d/disk?var-host=db-1", "labels": {"team": "payments",'
    b' "region": "eu-west-1", "host": "db-1", "service": "ledger"}, "status": "firing"}'
)
ALERTS = 100  # in one body of Alertmanager's


@dataclass
class Plan:
    """What to send. `rate` 0: as fast as answers come; `seconds` or `count` end it."""

    port: int
    paths: list[str]
    label: str
    """Told in every title, so that pages can be told apart from those of other measurements."""
    body: str = "distinct"  # distinct | same | few | alertmanager
    seconds: float = 0.0
    count: int = 0
    rate: float = 0.0
    connections: int = CONNECTIONS


@dataclass
class Sent:
    """What came of it. Times are monotonic, the same for every process of the machine."""

    began: float = 0.0
    ended: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    """Seconds from the last byte sent to the whole answer, in no order."""
    asked: dict[str, float] = field(default_factory=dict)
    accepted: dict[str, float] = field(default_factory=dict)
    """When each event was sent, and its 202 came, by its number; only when sending at a rate."""
    cpu: float = 0.0

    @property
    def count(self) -> int:
        return self.statuses.get("202", 0)

    @property
    def rate(self) -> float:
        return self.count / (self.ended - self.began)


def run(plan: Plan) -> Sent:
    """Send in a process of its own; raises RuntimeError unless every answer was a 202."""
    sent = collect(start(plan))
    if set(sent.statuses) != {"202"}:
        raise RuntimeError(f"Not every event was accepted: {sent.statuses}")
    return sent


def start(plan: Plan) -> "subprocess.Popen[str]":
    """Begin to send."""
    process = subprocess.Popen(
        [sys.executable, Path(__file__)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(plan)))
    process.stdin.close()
    process.stdin = None
    return process


def collect(process: "subprocess.Popen[str]") -> Sent:
    """Wait for the end and return what came of it."""
    output, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError("The load generator failed.")
    return Sent(**json.loads(output))


# The process itself. It imports nothing of ours.


class _Wire:
    __slots__ = ("at", "buffer", "number", "sock")

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.buffer = b""
        self.number = 0
        self.at = 0.0


def _request(plan: Plan) -> Callable[[int], bytes]:
    """Return how the request of a number is made."""
    paths = [path.encode() for path in plan.paths]
    label = plan.label.encode()
    if plan.body == "alertmanager":
        return lambda number: _alertmanager(paths[0], label, number)
    keys = {"same": 1, "few": 1000}.get(plan.body, 0)

    def event(number: int) -> bytes:
        key = b"%s-%07d" % (label, number % keys if keys else number)
        body = EVENT % (key, key)
        return HEAD % (paths[number % (keys or number + 1) % len(paths)], len(body)) + body

    return event


def _alertmanager(path: bytes, label: bytes, number: int) -> bytes:
    alerts = [
        {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "severity": "critical", "instance": f"db-{n}:9100"},
            "annotations": {"summary": f"{label.decode()}-{number:05d}{n:02d} disk is full"},
            "startsAt": "2024-05-01T10:00:00.000Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=disk",
            "fingerprint": f"{label.decode()}-{number:05d}{n:02d}",
        }
        for n in range(ALERTS)
    ]
    body = json.dumps(
        {
            "version": "4",
            "groupKey": "{}:{}",
            "status": "firing",
            "receiver": "alertops",
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager:9093",
            "alerts": alerts,
        }
    ).encode()
    return HEAD % (path, len(body)) + body


class _Generator:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.sent = Sent()
        self._request = _request(plan)
        self._selector = selectors.EpollSelector()
        self._wires = [_Wire(plan.port) for _ in range(plan.connections)]
        for wire in self._wires:
            self._selector.register(wire.sock, selectors.EVENT_READ, wire)
        self._statuses: Counter[str] = Counter()
        self._number = 0
        self._free = deque(self._wires)

    def run(self) -> Sent:
        prepared = self._prepare()
        self.sent.began = time.monotonic()
        while not self._is_over() or len(self._free) < len(self._wires):
            while self._free and self._is_due():
                self._send(self._free.popleft(), prepared)
            for key, _ in self._selector.select(self._pause()):
                self._receive(key.data)
        self.sent.ended = time.monotonic()
        self.sent.statuses = dict(self._statuses)
        self.sent.cpu = time.process_time()
        return self.sent

    def _prepare(self) -> list[bytes]:
        """Large bodies are made beforehand: making them would count as the house's time."""
        if self.plan.body != "alertmanager":
            return []
        return [self._request(number) for number in range(self.plan.count)]

    def _is_over(self) -> bool:
        if self.plan.count:
            return self._number >= self.plan.count
        return time.monotonic() - self.sent.began >= self.plan.seconds

    def _is_due(self) -> bool:
        if self._is_over():
            return False
        return not self.plan.rate or self._due() <= time.monotonic()

    def _due(self) -> float:
        return self.sent.began + self._number / self.plan.rate

    def _pause(self) -> float | None:
        if self.plan.rate and self._free and not self._is_over():
            return max(0.0, self._due() - time.monotonic())
        return 1.0

    def _send(self, wire: _Wire, prepared: list[bytes]) -> None:
        number = self._number
        self._number += 1
        data = prepared[number] if prepared else self._request(number)
        wire.number, wire.at = number, time.monotonic()
        if self.plan.rate:
            self.sent.asked[str(number)] = wire.at
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[wire.sock.send(rest) :]
            except BlockingIOError:
                time.sleep(0.0002)

    def _receive(self, wire: _Wire) -> None:
        data = wire.sock.recv(65536)
        if not data:
            raise ConnectionError("The server closed a connection.")
        data = wire.buffer = wire.buffer + data if wire.buffer else data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) < end + 4 + _length(data[:end]):
            return
        now = time.monotonic()
        wire.buffer = b""
        status = data[9:12].decode()
        self._statuses[status] += 1
        self.sent.latencies.append(round(now - wire.at, 6))
        if self.plan.rate and status == "202":
            self.sent.accepted[str(wire.number)] = now
        self._free.append(wire)


def _length(head: bytes) -> int:
    low = head.lower()
    start = low.find(b"content-length:")
    if start < 0:
        raise ConnectionError("An answer without a length.")
    return int(low[start + 15 :].split(b"\r\n", 1)[0])


def main() -> None:
    """Read the plan, send, tell."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    plan: dict[str, Any] = json.loads(sys.stdin.read())
    json.dump(asdict(_Generator(Plan(**plan)).run()), sys.stdout)


if __name__ == "__main__":
    main()
