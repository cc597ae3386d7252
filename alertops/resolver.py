"""Names to addresses, in bounded time: the C library may take half a minute over a dead resolver.

Each look-up has a thread of its own and is left behind when its time is up. Only so many may be
left behind at once; while they are, nobody waits for more of the same.
"""

import ipaddress
import socket
import threading
from typing import Any

SECONDS = 4.0
STUCK = 16
"""Look-ups under way at once, hanging ones included."""

_free = threading.BoundedSemaphore(STUCK)


def look_up(host: str, port: int, seconds: float = SECONDS) -> list[Any]:
    """Return what getaddrinfo knows; nothing where it fails or takes longer than `seconds`."""
    if _is_literal(host):
        return _ask(host, port)
    slot = _free
    if not slot.acquire(timeout=max(0.0, seconds)):
        return []
    found: list[Any] = []
    done = threading.Event()

    def work() -> None:
        try:
            found.extend(_ask(host, port))
        finally:
            slot.release()
            done.set()

    threading.Thread(target=work, name="resolve", daemon=True).start()
    return list(found) if done.wait(max(0.0, seconds)) else []


def _ask(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []


def _is_literal(host: str) -> bool:
    """An address needs nobody to be asked."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
