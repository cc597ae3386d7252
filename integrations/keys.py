"""What a key is: 128 random bits, shown once, stored as a hash. Knows no database."""

import hashlib
import secrets

LENGTH = 32  # what PagerDuty's clients expect of a routing key
SHOWN = 6
"""How much of a key may be shown later, to tell two apart."""


def new() -> str:
    """Return a key nobody has."""
    key = secrets.token_hex(LENGTH // 2)
    while key.isdigit():  # an address must not look like a page number
        key = secrets.token_hex(LENGTH // 2)
    return key


def key_hash(key: str) -> str:
    """Return what is stored of a key: 128 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
