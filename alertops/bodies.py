"""Reads a request's whole body before anything else happens, and never waits for it for ever.

A sender that stalls in the middle of a body would hold a thread, and a few of them would shut the
door for everybody: such a sender is cut off after DEADLINE, sooner when many stall at once. What
arrives incomplete is refused, so half an event is never taken for a whole one.
"""

import ipaddress
import os
import socket
import threading
import time
from contextlib import suppress
from typing import Any

DEADLINE = 10.0
CROWDED_DEADLINE = 2.0
CROWD = 32
"""So many stalled senders at once are a crowd: half of a web process's threads."""
LOOK = 0.5

_reading: dict[int, tuple[float, str]] = {}
"""Thread → since when it reads, and whom from."""
_busy = threading.Event()
_guard = threading.Lock()
_reaper: threading.Thread | None = None


class Incomplete(Exception):
    """The sender stopped in the middle of the body."""


def read(environ: dict[str, Any], most: int) -> bytes:
    """Return the body, at most `most` bytes of it. Raises Incomplete."""
    declared = environ.get("CONTENT_LENGTH") or ""
    length = int(declared) if declared.isdigit() else None
    if length is None and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    wanted = most if length is None else min(length, most)
    if wanted == 0:
        return b""
    _reading[threading.get_ident()] = (time.monotonic(), environ.get("REMOTE_ADDR", ""))
    if not _busy.is_set():
        _wake()
    try:
        body: bytes = environ["wsgi.input"].read(wanted)
    except OSError as error:
        raise Incomplete from error
    finally:
        _reading.pop(threading.get_ident(), None)
    if length is not None and len(body) < wanted:
        raise Incomplete
    return body


def _wake() -> None:
    """Start looking for stalled senders; one thread a process, which a fork does not inherit."""
    global _reaper
    _busy.set()
    if _reaper is not None and _reaper.is_alive():
        return
    with _guard:
        if _reaper is None or not _reaper.is_alive():
            _reaper = threading.Thread(target=_reap_for_ever, name="bodies", daemon=True)
            _reaper.start()


def _reap_for_ever() -> None:
    while True:
        _busy.wait()
        time.sleep(LOOK)
        if not _reading:
            _busy.clear()
            continue
        cut_off(stalled(time.monotonic()))


def stalled(now: float) -> set[str]:
    """Return the addresses of senders whose patience is used up."""
    reads = list(_reading.values())
    longest = CROWDED_DEADLINE if len(reads) >= CROWD else DEADLINE
    return {address for since, address in reads if now - since > longest}


def cut_off(addresses: set[str]) -> None:
    """Read nothing more from these addresses. What was already read is still answered."""
    for name in os.listdir("/proc/self/fd") if addresses else []:
        with suppress(OSError), socket.socket(fileno=os.dup(int(name))) as connection:
            if connection.family in {socket.AF_INET, socket.AF_INET6}:
                peer = connection.getpeername()[0]
                if plain(peer) in addresses:
                    connection.shutdown(socket.SHUT_RD)


def plain(address: str) -> str:
    """Return an IPv4 address in its own shape, also where it came in through an IPv6 socket."""
    if ":" not in address:
        return address
    with suppress(ValueError):
        ip = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
    return address
