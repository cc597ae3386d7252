"""An SMTP sink: keeps every mail it accepts, and is as difficult as it is told to be.

In a test: `with SmtpDouble() as smtp:` and set EMAIL_HOST 127.0.0.1, EMAIL_PORT `smtp.port`.
As its own process: `python -m tests.doubles.smtp --port 8025 --journal smtp.jsonl`.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from threading import Condition
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.doubles.wire import Double


@dataclass(slots=True)
class Mail:
    """One accepted mail."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    at: float = field(default_factory=time.time)

    @property
    def subject(self) -> str:
        """Return the subject as a person reads it."""
        return str(self.message["Subject"] or "")

    @property
    def message_id(self) -> str:
        """Return the Message-ID, the same on each attempt of one notification."""
        return str(self.message["Message-ID"] or "")

    @property
    def text(self) -> str:
        """Return the plain part, "" where there is none."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """Return the HTML part, "" where there is none."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return "" if part is None else str(part.get_content())


class SmtpDouble(Double):
    """`greylist`: so many times 451 before a recipient is taken. `refuse`: address or "*" to a
    5xx code. `drop_after_data`: so many mails are kept, but the connection dies before the 250.
    `slow`: seconds before the answer to DATA."""

    scheme = "smtp"

    def __init__(
        self,
        *,
        port: int = 0,
        journal: str | None = None,
        greylist: int = 0,
        drop_after_data: int = 0,
        slow: float = 0.0,
        refuse: dict[str, int] | None = None,
    ) -> None:
        super().__init__(port=port, journal=journal)
        self.greylist, self.drop_after_data, self.slow = greylist, drop_after_data, slow
        self.refuse = dict(refuse or {})
        self.mails: list[Mail] = []
        self._changed = Condition()

    def protocol(self) -> asyncio.Protocol:
        return SMTP(self, hostname="smtp.double", enable_SMTPUTF8=True, decode_data=False)

    def wait(self, count: int, timeout: float = 10.0) -> list[Mail]:
        """Wait until `count` mails were accepted; return all. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.mails) >= count, timeout):
                raise TimeoutError(f"{len(self.mails)} of {count} mails in {timeout} s")
        return list(self.mails)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        """Take a recipient, or refuse for now or for good."""
        code = self.refuse.get(address) or self.refuse.get("*")
        if code:
            self.journal.write("refused", code=code, to=address)
            return f"{code} 5.1.1 Mailbox unavailable"
        if self.greylist > 0:
            self.greylist -= 1
            self.journal.write("refused", code=451, to=address)
            return "451 4.7.1 Greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail, then answer as told."""
        raw = envelope.content or b""
        content = raw if isinstance(raw, bytes) else raw.encode()
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(content)
        mail = Mail(envelope.mail_from or "", list(envelope.rcpt_tos), message)
        with self._changed:
            self.mails.append(mail)
            self._changed.notify_all()
        facts = {"to": mail.recipients, "from": mail.sender, "subject": mail.subject}
        self.journal.write("accepted", kind="mail", message_id=mail.message_id, **facts)
        if self.slow:
            await asyncio.sleep(self.slow)
        if self.drop_after_data > 0:
            self.drop_after_data -= 1
            cast(asyncio.Transport, server.transport).abort()
        return "250 2.0.0 Accepted"


def main() -> None:
    """Run as a process."""
    parser = argparse.ArgumentParser(description="A local SMTP sink.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal")
    parser.add_argument("--greylist", type=int, default=0)
    parser.add_argument("--drop-after-data", type=int, default=0)
    parser.add_argument("--slow", type=float, default=0.0)
    SmtpDouble(**vars(parser.parse_args())).serve_forever()


if __name__ == "__main__":
    main()
