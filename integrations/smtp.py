"""The built-in SMTP listener: takes mails for our own addresses and keeps them before it says 250.

It relays nothing, takes no sign-in, and gives nobody more than a little of anything: connections,
seconds, bytes, recipients. What is longer than we keep is read to its end and cut, not refused,
because the tool that sent it would never read the refusal.
"""

import asyncio
import logging
import ssl
from asyncio import LimitOverrunError
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Facts
from django.db import DatabaseError, connections

from alertops import clock
from integrations import mail_door
from integrations.letters import KEPT
from integrations.store import TooMany, Unavailable

logger = logging.getLogger(__name__)

LATER = "451 4.3.0 The mail could not be kept; send it again"
STRANGER = "550 5.1.1 Nobody here has this address"


@dataclass
class Limits:
    """What one listener, one peer and one session may take."""

    sessions: int = 200
    per_peer: int = 20
    idle: float = 30.0
    session: float = 300.0
    data: float = 120.0
    bytes: int = 64 * 1024 * 1024
    recipients: int = 10
    strangers: int = 5
    commands: int = 100


@dataclass
class Listener:
    """What the sessions of one listener share, and what it does with a mail."""

    limits: Limits = field(default_factory=Limits)
    peers: Counter[str] = field(default_factory=Counter)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(8, thread_name_prefix="mail")
    )

    def enter(self, peer: str) -> bool:
        """Count a connection in; False where there are too many."""
        if self.peers.total() >= self.limits.sessions or self.peers[peer] >= self.limits.per_peer:
            return False
        self.peers[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        self.peers[peer] -= 1
        if self.peers[peer] <= 0:
            del self.peers[peer]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Facts, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient whose address somebody reads."""
        if len(envelope.rcpt_tos) >= self.limits.recipients:
            return "452 4.5.3 Too many recipients"
        box = mail_door.box(address)
        try:
            known = box is not None and await self._run(mail_door.is_known, box, clock.now())
        except (Unavailable, DatabaseError):
            return LATER
        if not known:
            return server.stranger()  # type: ignore[no-any-return]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Facts, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail for good, then say so."""
        boxes = [box for each in envelope.rcpt_tos if (box := mail_door.box(each)) is not None]
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            kept = await self._run(
                mail_door.deliver, raw, boxes, envelope.mail_from or "", _peer(session)
            )
        except TooMany:
            return "451 4.7.1 Too many mails; send it again later"
        except (Unavailable, DatabaseError):
            return LATER
        except Exception:  # a 5xx would make the sender throw the mail away
            logger.exception("A mail could not be kept")
            return LATER
        return "250 2.0.0 Kept" if kept else STRANGER

    async def _run(self, work: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(
            self.threads, _and_close, work, *args
        )


def _and_close(work: Any, *args: Any) -> Any:
    """Run in a thread and leave no database connection behind in it."""
    try:
        return work(*args)
    finally:
        connections.close_all()


def _peer(session: Facts) -> str:
    return str(session.peer[0]) if session.peer else ""


class Session(SMTP):
    """One connection."""

    __ident__ = "AlertOps"
    line_length_limit = 4096
    command_size_limit = 1024

    def __init__(self, listener: Listener, **options: Any) -> None:
        super().__init__(
            listener,
            data_size_limit=None,
            timeout=listener.limits.idle,
            command_call_limit={"*": listener.limits.commands},
            enable_SMTPUTF8=True,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            **options,
        )
        self.command_size_limits = dict.fromkeys(self._smtp_methods, self.command_size_limit)
        self.listener = listener
        self._counted = ""
        self._is_refused = False
        self._strangers = 0
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        if self._counted:  # the same connection again, after STARTTLS
            super().connection_made(transport)
            return
        peer = str((transport.get_extra_info("peername") or ("?",))[0])
        if not self.listener.enter(peer):
            self._is_refused = True
            transport.write(b"421 4.7.0 Too many connections\r\n")
            transport.close()
            return
        self._counted = peer
        self._end = self.loop.call_later(self.listener.limits.session, transport.abort)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_refused:
            return
        if self._end is not None:
            self._end.cancel()
            self._end = None
            self.listener.leave(self._counted)
        if self._timeout_handle is not None:
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if not self._is_refused:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return False if self._is_refused else super().eof_received()

    def stranger(self) -> str:
        """Answer an address nobody has; whoever goes on guessing is cut off."""
        self._strangers += 1
        if self._strangers > self.listener.limits.strangers and self.transport is not None:
            self.loop.call_later(0.1, self.transport.close)
        return STRANGER

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Read one mail to its end, in bounded time and memory, and have it kept."""
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        assert self.session is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Name a recipient first")
            return
        await self.push("354 End with <CR><LF>.<CR><LF>")
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()  # `data` is the limit now
        try:
            async with asyncio.timeout(self.listener.limits.data):
                content, is_whole = await self._read()
        except TimeoutError:
            await self._leave("451 4.4.2 That took too long")
            return
        self.envelope.content = content
        status = await self.listener.handle_DATA(self, self.session, self.envelope)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        self._reset_timeout()
        if is_whole:
            await self.push(status)
        else:
            await self._leave("552 5.3.4 Too long; its beginning was kept")

    async def _read(self) -> tuple[bytes, bool]:
        """Return the mail's first KEPT bytes and a bit, and whether its end was seen."""
        kept, size, at_start = bytearray(), 0, True
        while size <= self.listener.limits.bytes:
            try:
                line = await self._reader.readuntil(b"\r\n")
                ends = True
            except LimitOverrunError as overrun:  # lines of any length are taken in pieces
                line = await self._reader.readexactly(overrun.consumed)
                ends = False
            if at_start and ends and line == b".\r\n":
                return bytes(kept), True
            size += len(line)
            if len(kept) <= KEPT:
                kept += line[1:] if at_start and line[:1] == b"." else line
            at_start = ends
        return bytes(kept), False

    async def _leave(self, words: str) -> None:
        await self.push(words)
        if self.transport is not None:
            self.transport.close()


async def listen(
    host: str, port: int, name: str, *, tls: ssl.SSLContext | None, listener: Listener
) -> asyncio.Server:
    """Start to listen; the caller serves and closes."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # its lines hold addresses: keys
    loop = asyncio.get_running_loop()

    def session() -> Session:
        return Session(listener, hostname=name, tls_context=tls, loop=loop)

    return await loop.create_server(session, host or None, port, backlog=256)
