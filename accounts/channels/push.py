"""Web push: encrypted to one browser (RFC 8291), signed with our VAPID key (RFC 8292).

The encryption and the signature are those pywebpush itself is made of; its own sender would bring
16 MB of HTTP clients, follow redirects, and connect to private addresses.
"""

import base64
import binascii
import hashlib
import json
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.channels.base import Channel, Message, Receipt, TryLater, Undeliverable
from alertops import clock, net, secret

TTL = 3600  # a page older than an hour is history
MAX_PAYLOAD = 3000  # push services take 4 KiB encrypted
_guarded = net.Client(guarded=True)
_open = net.Client(guarded=False)


class Push(Channel):
    kind, label, icon = "push", "Push", "bell-ring"
    answered = "from a push notification"
    noun = "push"
    hint = "Made by the button on the device itself."
    code_by_message = False
    loud = False
    many_providers = True
    idempotent = True
    proof_seconds = None

    def prepare(self) -> None:
        _signature("https://push.example.com")
        _encryption()

    def clean(self, address: str) -> str:
        """Return a subscription as the browser gives it, in one canonical form."""
        try:
            facts = json.loads(address)
            endpoint, keys = str(facts["endpoint"]), facts["keys"]
            public, auth = str(keys["p256dh"]), str(keys["auth"])
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _unpack(public))
            if len(_unpack(auth)) != 16 or len(endpoint) > 1000:
                raise ValueError
            scheme = net.parse(endpoint).scheme
        except (ValueError, KeyError, TypeError, net.Blocked):
            raise ValidationError("This is not a push subscription of a browser.") from None
        if scheme != "https" and not settings.PUSH_ALLOW_PRIVATE:
            raise ValidationError("A push subscription must be an https address.")
        kept = {"endpoint": endpoint, "keys": {"auth": auth, "p256dh": public}}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    def mask(self, address: str) -> str:
        try:
            return f"at {urlsplit(json.loads(address)['endpoint']).hostname}"
        except (ValueError, KeyError, TypeError):
            return "a browser"

    def send(self, address: str, message: Message) -> Receipt:
        """Hand over one encrypted message; a later attempt replaces an earlier one (Topic)."""
        try:
            facts = json.loads(address)
            endpoint, body = facts["endpoint"], _encrypt(facts["keys"], _payload(message))
            signature = _signature(endpoint)
        except (ValueError, KeyError, TypeError) as error:
            reason = f"The subscription cannot be used: {type(error).__name__}."
            raise Undeliverable(reason, dead_address=True) from None
        headers = {
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL),
            "Urgency": "high",
            "Topic": hashlib.sha256(message.key.encode()).hexdigest()[:32],
            **signature,
        }
        client = _open if settings.PUSH_ALLOW_PRIVATE else _guarded
        try:
            answer = client.request("POST", endpoint, body=body, headers=headers)
        except net.Blocked as error:
            raise Undeliverable(str(error), dead_address=True) from None
        except net.NotSent as error:
            raise TryLater(str(error)) from None
        except net.MaybeSent as error:
            raise TryLater(str(error), maybe_sent=True) from None
        return _sort(answer)


def _sort(answer: net.Response) -> Receipt:
    reason = f"The push service answered {answer.status}."
    if 200 <= answer.status < 300:
        return Receipt(answer.headers.get("Location", "")[:200])
    if answer.status in {404, 410}:
        raise Undeliverable("The browser has unsubscribed.", dead_address=True)
    if answer.status == 429:
        wait = answer.retry_after
        raise TryLater(reason, retry_after=min(20.0, wait) if wait else None)
    if answer.status in {401, 403}:
        raise TryLater(reason, systemic=True)
    if answer.status >= 500 or answer.status == 408:
        raise TryLater(reason, maybe_sent=True)
    raise Undeliverable(reason)


def _payload(message: Message) -> bytes:
    facts = {
        "title": message.title[:200],
        "body": message.text[:1000],
        "url": message.url,
        "ack_url": message.ack_url,
        "tag": message.key,
        "severity": message.severity,
        "test": message.test,
    }
    while len(data := json.dumps(facts, ensure_ascii=False).encode()) > MAX_PAYLOAD:
        facts["body"] = str(facts["body"])[: len(str(facts["body"])) // 2]
        facts["title"] = str(facts["title"])[:100]
        if not facts["body"]:
            break
    return data


@cache
def _encryption() -> Any:
    import http_ece  # 1.7 MB that only senders of push messages need

    return http_ece


def _encrypt(keys: dict[str, str], data: bytes) -> bytes:
    mine = ec.generate_private_key(ec.SECP256R1())
    sealed: bytes = _encryption().encrypt(
        data,
        private_key=mine,
        dh=_unpack(keys["p256dh"]),
        auth_secret=_unpack(keys["auth"]),
        version="aes128gcm",
    )
    return sealed


def _signature(endpoint: str) -> dict[str, str]:
    """Return the VAPID header for an endpoint's origin; good for 12 hours, made once an hour."""
    parts = urlsplit(endpoint)
    hour = int(clock.now().timestamp()) // 3600
    return _signed(f"{parts.scheme}://{parts.netloc}", hour, settings.VAPID_PRIVATE_KEY)


@cache
def _vapid(private_key: str) -> Any:
    from py_vapid import Vapid02

    return Vapid02.from_raw(private_key.encode())


_headers: dict[tuple[str, int, str], dict[str, str]] = {}


def _signed(origin: str, hour: int, private_key: str) -> dict[str, str]:
    key = (origin, hour, private_key)
    if key not in _headers:
        if len(_headers) > 500:
            _headers.clear()
        contact = settings.PUBLIC_URL if settings.PUBLIC_URL.startswith("https:") else _mailto()
        from py_vapid import VapidException

        claims = {"aud": origin, "exp": (hour + 12) * 3600, "sub": contact}
        try:
            _headers[key] = dict(_vapid(_private_key()).sign(claims))
        except VapidException:
            raise ValueError("not an origin") from None
    return _headers[key]


def _mailto() -> str:
    address = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip(">")
    return f"mailto:{address}"


def _private_key() -> str:
    return settings.VAPID_PRIVATE_KEY or _own_key()


@cache
def _own_key() -> str:
    """Return this installation's key, made once and kept beside its other secrets."""
    return secret.stored_key(settings.VAR_DIR / "vapid_private_key", make=_fresh_key)


def _fresh_key() -> str:
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return _pack(number.to_bytes(32, "big"))


def public_key() -> str:
    """Return the key a browser subscribes with. Raises ValueError for a bad private key."""
    raw = _unpack(_private_key())
    if len(raw) != 32:
        raise ValueError("not 32 bytes")
    number = int.from_bytes(raw, "big")
    public = ec.derive_private_key(number, ec.SECP256R1()).public_key()
    return _pack(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError("not base64") from None
