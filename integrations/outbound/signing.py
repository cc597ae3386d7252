"""The signature a receiver checks: HMAC-SHA256 over the time and the raw body. Pure."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

HEADER = "X-AlertOps-Signature"
ID_HEADER = "X-AlertOps-Webhook-Id"
SHOWN = 10
"""How much of a secret may be shown later, to tell two apart."""


def new() -> str:
    """Return a secret nobody has."""
    return f"whsec_{secrets.token_urlsafe(32)}"


def sign(body: bytes, valid: Sequence[str], now: datetime) -> str:
    """Return the header's value: the seconds, and one v1 for every secret that is valid."""
    seconds = int(now.timestamp())
    signed = f"{seconds}.".encode() + body
    marks = [hmac.new(each.encode(), signed, hashlib.sha256).hexdigest() for each in valid]
    return ",".join([f"t={seconds}", *(f"v1={mark}" for mark in marks)])
