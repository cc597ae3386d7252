"""Is what came in really from the tool? Signatures and shared secrets, compared in constant time.

A setting may hold two secrets with a space between them while one is being changed for the other.
Where there is none, or only one that could be guessed, nothing that comes in is believed.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from integrations.outbound.contract import Refused

SHORTEST = 16
"""Characters. Tools that make up their own have 32 or more."""
OLDEST = timedelta(days=6)
"""How late what is signed may come: what was heard before is remembered for longer than that."""


def too_short(secrets: str) -> bool:
    """Whether one of them is no proof of anything."""
    return any(len(secret) < SHORTEST for secret in secrets.split())


def usable(secrets: str) -> list[str]:
    """Those that prove something."""
    return [secret for secret in secrets.split() if len(secret) >= SHORTEST]


def check_age(sent: datetime | None, now: datetime, most: timedelta = OLDEST) -> None:
    """What was signed long ago is not played again. Raises Refused."""
    if sent is None:
        raise Refused(403, "The message does not say when it was written.")
    if abs(now - sent) > most:
        raise Refused(403, "The message is too old.")


def instant(text: str) -> datetime | None:
    """The instant an ISO date names; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def name_of(raw: bytes) -> str:
    """The name of a delivery, for tools that sign the body but not their own name of it: whoever
    plays it again cannot change this one."""
    return hashlib.sha256(raw).hexdigest()


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
    found = usable(secrets)
    if not found:
        raise Refused(403, "This connection has no secret yet that proves what comes in.")
    return found


def _one_of(given: str, wanted: Iterable[str]) -> None:
    # Every one is compared: how long it takes tells nothing about which was right.
    hits = [hmac.compare_digest(given.encode(), each.encode()) for each in wanted]
    if not any(hits):
        raise Refused(403, "The signature or secret is wrong.")
