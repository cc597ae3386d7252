"""For libraries that bring their own HTTP (apprise): their connections are checked as ours are, and
end in time."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Self

from alertops.net import NotSent, addresses

_thread = threading.local()


class guarded_sockets:  # noqa: N801 - used as `with guarded_sockets(10):`
    """While it lasts, connections this thread opens through urllib3 are checked at connect, and
    after so many seconds all of them are cut.

    The check sits where urllib3 connects, so a name that changes its mind and each hop of a
    redirect are checked as well. The libraries' own limits count from byte to byte: an answer that
    drips would hold a sender for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._lines: list[socket.socket] = []
        self._lock = threading.Lock()
        self.is_over = False
        """Whether the time was up before the end."""
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        _patch_urllib3()
        _thread.guard = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        _thread.guard = None
        self._timer.cancel()
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()

    def watch(self, sock: socket.socket) -> socket.socket:
        """Remember a connection by a second handle: the first goes into its encryption."""
        with self._lock:
            if self.is_over:
                sock.close()
                raise NotSent("The service did not answer in time.")
            self._lines.append(sock.dup())
        return sock

    def _cut(self) -> None:
        with self._lock:
            self.is_over = True
            for line in self._lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


@cache
def _patch_urllib3() -> None:
    from urllib3.util import connection  # only processes that use such a library pay for it

    original: Callable[..., socket.socket] = connection.create_connection

    def create_connection(address: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
        guard: guarded_sockets | None = getattr(_thread, "guard", None)
        if guard is None:
            return original(address, *args, **kwargs)
        host, port = address[0].strip("[]"), address[1]
        checked = str(addresses(host, port, guarded=True)[0][1][0])
        return guard.watch(original((checked, port), *args, **kwargs))

    connection.create_connection = create_connection
