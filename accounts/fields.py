"""Values that are encrypted at rest, and the keyed digest by which they can still be found.

Several keys may be in use at once: the first of FIELD_ENCRYPTION_KEYS writes, all of them read, so
a key is changed by putting the new one first and running `manage.py rotate_field_keys`.
"""

import base64
import hashlib
import hmac
import logging
import os
import zoneinfo
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)
_VERSION = "v1"


class _Key(NamedTuple):
    id: str
    cipher: AESGCM
    mac: bytes


class Unreadable(str):
    """An empty text standing for a value whose key is gone; saving it keeps the stored bytes.

    One lost key must not stop the engine from reaching everybody else.
    """

    __slots__ = ("stored",)
    stored: str

    def __new__(cls, stored: str) -> "Unreadable":
        value = super().__new__(cls, "")
        value.stored = stored
        return value


def encrypt(text: str) -> str:
    """Return `text` sealed with the first key: "v1:<key id>:<nonce and ciphertext>"."""
    key = _keys()[0]
    nonce = os.urandom(12)
    sealed = nonce + key.cipher.encrypt(nonce, text.encode(), None)
    return f"{_VERSION}:{key.id}:{base64.urlsafe_b64encode(sealed).decode()}"


def decrypt(stored: str) -> str:
    """Open what `encrypt` made with any of the keys, or return Unreadable."""
    version, _, rest = stored.partition(":")
    key_id, _, body = rest.partition(":")
    for key in _keys():
        if version == _VERSION and key.id == key_id:
            try:
                sealed = base64.urlsafe_b64decode(body)
                return key.cipher.decrypt(sealed[:12], sealed[12:], None).decode()
            except (InvalidTag, ValueError):
                break
    logger.error("An encrypted value cannot be read: its key %s is missing or wrong.", key_id)
    return Unreadable(stored)


def is_current(stored: str) -> bool:
    """Whether a stored value is already sealed with the first key."""
    return stored.startswith(f"{_VERSION}:{_keys()[0].id}:")


def digest(text: str) -> str:
    """Return the keyed digest to store beside an encrypted value (unique, not reversible)."""
    return hmac.new(_keys()[0].mac, text.encode(), hashlib.sha256).hexdigest()


def digests(text: str) -> list[str]:
    """Return the digests of `text` under every key: use with `__in` to find a value."""
    return [hmac.new(key.mac, text.encode(), hashlib.sha256).hexdigest() for key in _keys()]


def _keys() -> tuple[_Key, ...]:
    return _derive(tuple(settings.FIELD_ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _derive(secrets: tuple[str, ...]) -> tuple[_Key, ...]:
    return tuple(
        _Key(
            hashlib.sha256(_hkdf(secret, b"key id")).hexdigest()[:8],
            AESGCM(_hkdf(secret, b"field encryption")),
            _hkdf(secret, b"field digest"),
        )
        for secret in secrets
    )


def _hkdf(secret: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"alertops " + purpose).derive(secret.encode())


class EncryptedTextField(models.TextField):
    """Text that is readable in Python and sealed in the database. Cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Unreadable):
            return value.stored
        text = super().get_prep_value(value)
        return None if text is None else encrypt(text)

    def from_db_value(
        self, value: str | None, expression: Any, connection: BaseDatabaseWrapper
    ) -> str | None:
        return None if value is None else decrypt(value)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


def validate_time_zone(name: str) -> None:
    """Refuse what is not an IANA zone of this machine's database."""
    if name not in _zones():
        raise ValidationError(
            "%(name)s is not a time zone; write it like Europe/Vienna.", params={"name": name}
        )


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
