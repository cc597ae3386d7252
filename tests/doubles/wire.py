"""A small HTTP/1.1 server for doubles: fast enough for benchmarks, rude enough for fault tests."""

import asyncio
import contextlib
import signal
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests.doubles.journal import Journal

REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 400: "Bad Request"}
MAX_HEAD = 64 * 1024


@dataclass(slots=True)
class Request:
    """One whole request; a body shorter than its Content-Length never becomes one."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Return the target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Return the query, the last value of a repeated name."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Return a urlencoded body, the last value of a repeated name."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        """Return a JSON body. Raises ValueError."""
        return orjson.loads(self.body)


@dataclass(slots=True)
class Answer:
    """What to do with a request: reply (after `delay`), or `fate` reset, silence, drip."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    fate: str = "reply"
    work: Callable[[], "Answer"] | None = None  # runs in a thread, its answer is the reply

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Self:
        """Answer with a JSON body."""
        return cls(status, orjson.dumps(value, default=str), headers=headers)

    def wire(self) -> bytes:
        """Return the reply as it goes over the wire."""
        head = [
            f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + self.body


class Wire(asyncio.Protocol):
    """One connection: keep-alive, one request at a time, answers in order."""

    def __init__(self, server: "HttpDouble") -> None:
        self.server = server
        self.buffer = bytearray()
        self.busy = False
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.server.wires.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.wires.discard(self)
        self.transport = None
        if self.buffer and not self.busy:
            self.server.truncated += 1
            self.server.journal.write("truncated", size=len(self.buffer))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._next()

    def _next(self) -> None:
        while not self.busy and self.transport is not None:
            request = self._parse()
            if request is None:
                return
            self.busy = True
            try:
                answer = self.server.handle(request)
            except Exception as error:  # a broken double must be seen in the test, not hang it
                self.server.journal.write("bug", error=repr(error), target=request.target)
                answer = Answer.json({"message": f"double failed: {error!r}"}, 599)
            self._carry_out(answer)

    def _parse(self) -> Request | None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self.buffer) > MAX_HEAD:
                self._reset()
            return None
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length") or 0)
        if len(self.buffer) < end + 4 + length:
            if headers.get("expect", "").lower() == "100-continue" and self.transport:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self.buffer[end + 4 : end + 4 + length])
        del self.buffer[: end + 4 + length]
        method, _, rest = first.partition(" ")
        return Request(method, rest.rpartition(" ")[0], headers, body)

    def _carry_out(self, answer: Answer) -> None:
        if answer.work is not None:
            loop = asyncio.get_running_loop()
            future = loop.run_in_executor(None, answer.work)
            future.add_done_callback(lambda done: self._carry_out(_result(done)))
        elif answer.delay > 0:
            delay, answer.delay = answer.delay, 0.0
            asyncio.get_running_loop().call_later(delay, self._carry_out, answer)
        elif answer.fate == "reset":
            self._reset()
        elif answer.fate == "drip":
            self._drip(answer.wire())
        elif answer.fate != "silence" and self.transport is not None:
            self.transport.write(answer.wire())
            self.busy = False
            if self.buffer:
                asyncio.get_running_loop().call_soon(self._next)

    def _reset(self) -> None:
        """Drop the connection with RST, as a crashed peer does."""
        if self.transport is None:
            return
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _drip(self, rest: bytes) -> None:
        if self.transport is None:
            return
        self.transport.write(rest[:1])
        if rest[1:]:
            pause = self.server.drip_seconds
            asyncio.get_running_loop().call_later(pause, self._drip, rest[1:])
        else:
            self.busy = False


def _result(done: "asyncio.Future[Answer]") -> Answer:
    error = done.exception()
    return Answer.json({"message": repr(error)}, 599) if error else done.result()


class Double:
    """A server on 127.0.0.1, in a thread (`with`) or as its own process (`serve_forever`)."""

    scheme = "http"

    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        self.port = port
        self.journal = Journal(journal)
        self.wires: set[Wire] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """Return where the double listens, without a trailing slash."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def protocol(self) -> asyncio.Protocol:
        """Return what serves one new connection."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the double did not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self.journal.close()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self.protocol, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    def _run(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._loop.run_until_complete(self._listen())
            ready.set()
            self._loop.run_forever()
        finally:
            self._shut()
            self._loop.close()

    def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        for wire in list(self.wires):
            if wire.transport is not None:
                wire.transport.abort()
        with contextlib.suppress(RuntimeError):
            assert self._loop is not None
            self._loop.run_until_complete(asyncio.sleep(0))

    def serve_forever(self) -> None:
        """Serve until SIGTERM or Ctrl-C; prints the address once it listens."""

        async def main() -> None:
            stop = asyncio.Event()
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, stop.set)
            await self._listen()
            print(self.base_url, flush=True)
            await stop.wait()

        asyncio.run(main())
        self.journal.close()


class HttpDouble(Double):
    """A double that speaks HTTP/1.1."""

    drip_seconds = 0.05

    def __init__(self, *, port: int = 0, journal: str | None = None) -> None:
        super().__init__(port=port, journal=journal)
        self.truncated = 0

    def protocol(self) -> asyncio.Protocol:
        return Wire(self)

    def handle(self, request: Request) -> Answer:
        """Answer one request; runs on the server's thread and must not block."""
        raise NotImplementedError
