"""The signed links of messages: who may answer which page without signing in.

A token is a capability for one person to answer one alert (acknowledge or resolve), and for
nothing else: no session, no other alert. It is short enough for a text message: four numbers and
a 128-bit signature under a key of this purpose alone, in about 40 characters.
"""

import base64
import binascii
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils.crypto import salted_hmac

LIFETIME = timedelta(hours=24)
_SALT = "alerts.links: answer one page"
_SIGNATURE = 16  # bytes
_LONGEST = 60
_BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)


class BadLink(Exception):
    """The token was never made by us, or not for this: cut off, changed, or made up."""


class ExpiredLink(BadLink):
    """The token was ours and is too old."""


@dataclass(frozen=True, slots=True)
class LinkToken:
    """What a link says: `user_id` was paged for `alert_id` while the alert was in `epoch`."""

    alert_id: int
    user_id: int
    epoch: int
    made_at: datetime


def make_link_token(alert_id: int, user_id: int, epoch: int, now: datetime) -> str:
    """Return the token of the link that lets one person answer one page, for a day."""
    minutes = int((now - _BEGINNING).total_seconds()) // 60
    payload = b"".join(_pack(number) for number in (alert_id, user_id, epoch, minutes))
    sealed = payload + _sign(payload, settings.SECRET_KEY)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_link_token(token: str, now: datetime) -> LinkToken:
    """Return what the token says. Raises BadLink, or ExpiredLink for one of ours that is over."""
    payload = _verified(_decoded(token))
    numbers = list(_unpack(payload))
    if len(numbers) != 4:
        raise BadLink("not a link of ours")
    alert_id, user_id, epoch, minutes = numbers
    made_at = _BEGINNING + timedelta(minutes=minutes)
    if now - made_at > LIFETIME:
        raise ExpiredLink("too old")
    return LinkToken(alert_id, user_id, epoch, made_at)


def _decoded(token: str) -> bytes:
    try:
        if len(token) > _LONGEST:
            raise BadLink("too long")
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadLink("not a token") from error
    if base64.urlsafe_b64encode(sealed).decode().rstrip("=") != token:
        raise BadLink("not written our way")  # one link has one spelling
    return sealed


def _verified(sealed: bytes) -> bytes:
    payload, signature = sealed[:-_SIGNATURE], sealed[-_SIGNATURE:]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # Every key is tried, so the time taken says nothing about which one fitted.
    if not sum(hmac.compare_digest(signature, _sign(payload, key)) for key in keys):
        raise BadLink("signature does not match")
    return payload


def _sign(payload: bytes, key: str) -> bytes:
    return salted_hmac(_SALT, payload, secret=key, algorithm="sha256").digest()[:_SIGNATURE]


def _pack(number: int) -> bytes:
    """Seven bits a byte, the last byte without the high bit."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _unpack(payload: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in payload:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0
