"""The outbound HTTP client: one hard time limit, no redirects, no proxies, capped answers.

With `guarded=True` (every address a user may type) the name is resolved once, the addresses are
checked, and the connection goes to a checked address, so a name cannot point elsewhere a moment
later. Errors say whether the other side may have the request: NotSent can be tried again freely,
MaybeSent cannot. Their words never hold the path or query, which often are secrets.
"""

import http.client
import io
import ipaddress
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import certifi
from django.conf import settings

from alertops import resolver, waits

IDLE_SECONDS = 15.0  # shorter than any provider's own limit: never write into a dying connection
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address inside IPv6, and 6to4 the same
_6TO4 = ipaddress.ip_network("2002::/16")
# Special all the same, whatever this Python knows: a cloud's metadata, relays, documentation.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "3fff::/20",
        "5f00::/16",
        "64:ff9b:1::/48",
        "2001::/23",
        "fec0::/10",
    )
)
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotSent(Exception):
    """The request surely did not arrive: name, refused connection, TLS."""


class Blocked(NotSent):
    """The address is none we may call: it will not become better by waiting."""


class MaybeSent(Exception):
    """Time-out, reset or rubbish after the request was written: it may have been carried out."""


class Target(NamedTuple):
    scheme: str
    host: str
    port: int
    path: str


@dataclass(frozen=True)
class Response:
    status: int
    headers: Message
    body: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def retry_after(self) -> float | None:
        """The seconds for which it asks to be left alone; None: it does not."""
        return waits.asked(self.headers.get("Retry-After", ""), self.headers.get("Date", ""))


class Client:
    """Thread-safe. Keeps connections alive unless guarded."""

    def __init__(
        self, *, guarded: bool = True, seconds: float = 10.0, max_bytes: int = 64 * 1024
    ) -> None:
        self.guarded, self.seconds, self.max_bytes = guarded, seconds, max_bytes
        self._idle: dict[tuple[str, str, int], list[_Wire]] = {}
        self._lock = threading.Lock()

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        """Answer with whatever status came back. Raises Blocked, NotSent or MaybeSent."""
        target = parse(url)
        deadline = time.monotonic() + self.seconds
        wire = self._reuse(target) or connect(target, deadline, guarded=self.guarded)
        wire.deadline = deadline
        try:
            wire.sendall(_head(method, target, headers or {}, len(body)) + body)
            response, reusable = self._read(wire, method)
        except TimeoutError:
            wire.close()
            raise MaybeSent(f"{target.host} did not answer in time.") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            wire.close()
            raise MaybeSent(f"{target.host} broke off: {type(error).__name__}.") from None
        if reusable and not self.guarded:
            self._keep(target, wire)
        else:
            wire.close()
        return response

    def _read(self, wire: "_Wire", method: str) -> tuple[Response, bool]:
        answer = http.client.HTTPResponse(wire, method=method)  # type: ignore[arg-type]
        answer.begin()
        body = answer.read(self.max_bytes + 1)
        whole = answer.isclosed()
        response = Response(answer.status, answer.headers, body[: self.max_bytes])
        return response, whole and not answer.will_close

    def _reuse(self, target: Target) -> "_Wire | None":
        with self._lock:
            idle = self._idle.get(target[:3], [])
            while idle:
                wire = idle.pop()
                if wire.is_fresh():
                    return wire
                wire.close()
        return None

    def _keep(self, target: Target, wire: "_Wire") -> None:
        wire.idle_since = time.monotonic()
        with self._lock:
            self._idle.setdefault(target[:3], []).append(wire)


class _Wire:
    """A socket whose every operation ends at one deadline; enough of one for HTTPResponse."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.deadline, self.idle_since = sock, deadline, 0.0

    def limit(self) -> None:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self.sock.settimeout(left)

    def sendall(self, data: bytes) -> None:
        self.limit()
        self.sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def is_fresh(self) -> bool:
        """Whether an idle connection is young and the other side has not hung up."""
        young = time.monotonic() - self.idle_since < IDLE_SECONDS
        return young and not select.select([self.sock], [], [], 0)[0]

    def close(self) -> None:
        self.sock.close()


class _Reader(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._wire.limit()
        return self._wire.sock.recv_into(buffer)


def parse(url: str) -> Target:
    """Take an http(s) address apart. Raises Blocked with a sentence for anything else."""
    if not url.isascii() or any(c <= " " or c == "\x7f" or c == "\\" for c in url):
        raise Blocked("The address contains characters that do not belong there.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Blocked("This is not an address.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Blocked("The address must begin with https:// or http://.")
    if parts.username is not None or parts.password is not None:
        raise Blocked("The address must not contain a user name or password.")
    if "%" in parts.hostname:
        raise Blocked("This is not an address.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or _port(parts.scheme), path)


def _port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def connect(target: Target, deadline: float, *, guarded: bool) -> _Wire:
    """Open a connection. Raises Blocked or NotSent."""
    left = min(resolver.SECONDS, deadline - time.monotonic())
    found = addresses(target.host, target.port, guarded=guarded, seconds=left)
    error: Exception | None = None
    for family, where in found[:3]:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            left = deadline - time.monotonic()
            sock.settimeout(max(0.001, min(left, 3.0 if len(found) > 1 else 5.0)))
            sock.connect(where)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "https":
                sock = _tls().wrap_socket(sock, server_hostname=target.host)
            return _Wire(sock, deadline)
        except OSError as fault:  # ssl.SSLError and time-outs are among them
            sock.close()
            error = fault
    raise NotSent(f"{target.host} cannot be reached: {_words(error)}.") from None


def addresses(
    host: str, port: int, *, guarded: bool, seconds: float = resolver.SECONDS
) -> list[tuple[int, Any]]:
    """Resolve once and return what may be connected to. Raises Blocked or NotSent."""
    if guarded and port not in {80, 443} and port < 1024:
        raise Blocked(f"Port {port} is not a web port.")
    if guarded and _is_disguised(host):
        raise Blocked("Write the address as four plain numbers.")
    found = resolver.look_up(host, port, seconds)
    if not found:
        raise NotSent(f"{host} cannot be found.")
    allowed: list[tuple[int, Any]] = [
        (info[0], info[4]) for info in found if not guarded or is_allowed(host, str(info[4][0]))
    ]
    if not allowed:
        raise Blocked(f"{host} is not a public address.")
    return allowed


def _is_disguised(host: str) -> bool:
    """Whether a host is an address in a spelling that readers take for different ones: 0x7f.1,
    010.0.0.1, 2130706433."""
    try:
        packed = socket.inet_aton(host)
    except (OSError, UnicodeError, ValueError):
        return False
    return host != socket.inet_ntoa(packed)


def is_allowed(host: str, address: str) -> bool:
    """Whether a user's target may live at this address: public, or on ALLOW_PRIVATE_TARGETS."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    for entry in settings.ALLOW_PRIVATE_TARGETS:
        if entry == host or _within(ip, entry):
            return True
    return is_public(ip)


def is_public(ip: IPAddress) -> bool:
    """Global unicast and nothing that only looks so (NAT64, 6to4, mapped, multicast)."""
    if isinstance(ip, ipaddress.IPv6Address) and (ip.ipv4_mapped or ip in _NAT64 or ip in _6TO4):
        return False
    if any(ip.version == network.version and ip in network for network in _SPECIAL):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _within(ip: IPAddress, entry: str) -> bool:
    try:
        return ip in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False  # a host name


def _head(method: str, target: Target, headers: Mapping[str, str], length: int) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    if target.port != _port(target.scheme):
        host = f"{host}:{target.port}"
    fields = {"Host": host, "Accept-Encoding": "identity", "User-Agent": "AlertOps"} | dict(headers)
    if method in {"POST", "PUT", "PATCH"}:
        fields["Content-Length"] = str(length)
    lines = [f"{method} {target.path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise Blocked("A header contains a line break.")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath):  # slim images come without certificates
        context.load_verify_locations(certifi.where())
    return context


def _words(error: Exception | None) -> str:
    if isinstance(error, ssl.SSLError):
        return "its certificate or encryption is not acceptable"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return type(error).__name__
