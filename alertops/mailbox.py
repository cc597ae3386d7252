"""The process that takes mails (`serve mail`, with EMAIL_IN_PORT): a thin frame around the SMTP
listener of the integrations."""

import asyncio
import logging
import signal
import ssl

from django.conf import settings

from alertops import web
from integrations import smtp

logger = logging.getLogger(__name__)

GRACE = 3.0
"""Seconds a session has to end when the house closes; its sender comes back."""


def main() -> None:
    """Take mails until a stop signal."""
    web.hide_secrets()
    asyncio.run(_serve())


async def _serve() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listener = smtp.Listener()
    server = await smtp.listen(
        settings.EMAIL_IN_HOST,
        settings.EMAIL_IN_PORT,
        settings.EMAIL_IN_DOMAIN,
        tls=tls(),
        listener=listener,
    )
    logger.info("Taking mail for %s", settings.EMAIL_IN_DOMAIN)
    await stop.wait()
    server.close()
    ends = asyncio.get_running_loop().time() + GRACE
    while listener.peers.total() and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.05)


def tls() -> ssl.SSLContext | None:
    """What STARTTLS is offered with; None where no certificate is set."""
    if not settings.EMAIL_IN_CERTIFICATE:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(
        settings.EMAIL_IN_CERTIFICATE, settings.EMAIL_IN_CERTIFICATE_KEY or None
    )
    return context
