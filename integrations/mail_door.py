"""The door for mails, whichever way they come: whose they are, and kept before anybody says 250.

`<key>@` is an integration's address, `<key>+<dedup key>@` the same with a key; `reply+<token>@`
answers a page. A mail to an integration is stored like any other event and read by the inbox.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from alertops import clock
from escalation import mail_replies
from integrations import keys, letters, mime, store, texts
from integrations.payloads import MAIL
from integrations.store import Parcel

logger = logging.getLogger(__name__)

_BOX = re.compile(r"(?P<key>[0-9a-f]{32})(?:\+(?P<dedup>.*))?", re.IGNORECASE | re.DOTALL)
_REPLY = re.compile(r"reply\+(?P<token>[\w-]{20,100})", re.IGNORECASE | re.ASCII)
_MOST = 10


@dataclass(frozen=True, slots=True)
class Box:
    """A recipient of ours: an integration's key, or the token of a page that is answered."""

    key: str = ""
    dedup: str = ""
    token: str = ""


def box(address: str) -> Box | None:
    """Return whose address this is by its form; None for one that cannot be ours."""
    local, _, domain = address.strip().strip("<>").rpartition("@")
    if not settings.EMAIL_IN_DOMAIN or domain.lower() != settings.EMAIL_IN_DOMAIN:
        return None
    local = local.strip('"')
    if found := _REPLY.fullmatch(local):
        return Box(token=found["token"])
    if found := _BOX.fullmatch(local):
        dedup = texts.key(texts.line(found["dedup"] or "", 1000))[:254]
        return Box(key=found["key"].lower(), dedup=dedup)
    return None


def is_known(found: Box, at: datetime) -> bool:
    """Whether anybody reads what comes to this address. Raises store.Unavailable."""
    return bool(found.token) or store.knows(found.key, at)


def deliver(raw: bytes, boxes: Sequence[Box], sender: str, remote: str) -> int:
    """Keep one mail for good for each of its recipients; return for how many.

    Raises store.TooMany and store.Unavailable: the sender must come back, and what was kept
    already is then appended. An answer to a page takes effect at once.
    """
    now, kept = clock.now(), 0
    for each in list(dict.fromkeys(boxes))[:_MOST]:
        if each.token:
            _answer(raw, each.token, sender, now)
            kept += 1
        else:
            kept += store.store(_parcel(raw, each, sender, remote, now)) is not None
    return kept


def _parcel(raw: bytes, found: Box, sender: str, remote: str, now: datetime) -> Parcel:
    """What is kept: the mail with a head of ours, and without the secret of its address."""
    head = [f"Return-Path: <{_plain(sender)}>"]
    if found.dedup:
        head.append(f"{letters.KEY}: {_plain(found.dedup)}")
    hidden = re.compile(re.escape(found.key.encode()), re.IGNORECASE)
    shown = found.key[: keys.SHOWN].encode() + b"..."
    body = hidden.sub(shown, raw[: letters.KEPT + 1])
    return Parcel(
        keys.key_hash(found.key),
        "\r\n".join([*head, ""]).encode("utf-8", "replace") + body,
        content_type=MAIL,
        remote=remote,
        at=now,
    )


def _plain(text: str) -> str:
    return texts.line(text, 254)


def _answer(raw: bytes, token: str, sender: str, now: datetime) -> None:
    mail = mime.read(raw[: letters.KEPT])
    reason = letters.no_answer(mail, sender)
    result = reason or mail_replies.answer(token, mail.sender, mail.text, now)
    logger.info("An answer by mail: %s", result)
