"""Is what came in really from the tool? Signatures and shared secrets, compared in constant time.

A setting may hold two secrets with a space between them while one is being changed for the other.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from integrations.outbound.contract import Refused


def check_hmac(secrets: str, raw: bytes, given: str, *, prefix: str) -> None:
    """`given` is the prefix and the hex HMAC-SHA256 of the body as it came. Raises Refused."""
    wanted = (
        prefix + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        for secret in _several(secrets)
    )
    _one_of(given, wanted)


def check_hmac_base64(secrets: str, raw: bytes, given: str, *, prefix: str) -> None:
    """The same in base64, with keys that are written in base64 themselves. Raises Refused."""
    wanted = []
    for secret in _several(secrets):
        try:
            key = base64.b64decode(secret, validate=True)
        except (binascii.Error, ValueError):
            continue
        digest = hmac.new(key, raw, hashlib.sha256).digest()
        wanted.append(prefix + base64.b64encode(digest).decode())
    _one_of(given, wanted)


def check_secret(secrets: str, given: str) -> None:
    """`given` is a secret as it is. Raises Refused."""
    _one_of(given, _several(secrets))


def _several(secrets: str) -> list[str]:
    found = secrets.split()
    if not found:
        raise Refused(403, "This connection has no secret yet to check what comes in.")
    return found


def _one_of(given: str, wanted: Iterable[str]) -> None:
    # Every one is compared: how long it takes tells nothing about which was right.
    hits = [hmac.compare_digest(given.encode(), each.encode()) for each in wanted]
    if not any(hits):
        raise Refused(403, "The signature or secret is wrong.")
