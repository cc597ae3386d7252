"""A web push receiver: hands out subscriptions and opens what comes, as a browser's service does.

`with PushDouble() as push: info = push.subscribe()` gives what a browser would store with us.
"""

import argparse
import base64
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

import http_ece
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.doubles.wire import Answer, HttpDouble, Request

DAY = 24 * 3600


@dataclass(slots=True)
class Push:
    """One message, decrypted."""

    subscription: str
    payload: str
    topic: str
    urgency: str
    ttl: int
    vapid_key: str
    at: float = field(default_factory=time.time)

    @property
    def data(self) -> Any:
        """Return the payload as the service worker reads it."""
        return json.loads(self.payload)


class Refused(Exception):
    """The push service says no; carries the status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class PushDouble(HttpDouble):
    """`gone`: names of subscriptions answered 410. `statuses`: the next answers instead of 201,
    e.g. [429, 500]. `slow`: seconds before each answer. `retry_after` goes with a 429.
    `now`: the clock its senders go by, in seconds since 1970."""

    def __init__(self, *, port: int = 0, journal: str | None = None, slow: float = 0.0) -> None:
        super().__init__(port=port, journal=journal)
        self.slow, self.retry_after = slow, 1
        self.now: Callable[[], float] = time.time
        self.gone: set[str] = set()
        self.statuses: list[int] = []
        self.pushes: list[Push] = []
        self.refused: list[tuple[int, str]] = []
        self._keys: dict[str, tuple[ec.EllipticCurvePrivateKey, bytes]] = {}
        self._changed = Condition()

    def subscribe(self) -> dict[str, Any]:
        """Return a new subscription: endpoint and keys, as `PushSubscription.toJSON()`."""
        name = _encode(os.urandom(12))
        key, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self._keys[name] = (key, auth)
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _encode(point), "auth": _encode(auth)}
        return {"endpoint": f"{self.base_url}/push/{name}", "expirationTime": None, "keys": keys}

    def wait(self, count: int, timeout: float = 10.0) -> list[Push]:
        """Wait until `count` messages were accepted; return all. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.pushes) >= count, timeout):
                raise TimeoutError(f"{len(self.pushes)} of {count} pushes in {timeout} s")
        return list(self.pushes)

    def handle(self, request: Request) -> Answer:
        if request.path == "/__subscribe__":
            return Answer.json(self.subscribe())
        try:
            push = self._open(request)
        except Refused as refusal:
            self.refused.append((refusal.status, str(refusal)))
            self.journal.write("refused", code=refusal.status, reason=str(refusal))
            headers = {"Retry-After": str(self.retry_after)} if refusal.status == 429 else {}
            body = {"reason": str(refusal)}
            answer = Answer.json(body, refusal.status, **headers)
            answer.delay = self.slow
            return answer
        with self._changed:
            self.pushes.append(push)
            self._changed.notify_all()
        facts = {"payload": push.payload, "topic": push.topic, "subscription": push.subscription}
        self.journal.write("accepted", kind="push", **facts)
        location = f"{self.base_url}/message/{len(self.pushes)}"
        return Answer(201, headers={"Location": location}, delay=self.slow)

    def _open(self, request: Request) -> Push:
        name = request.path.removeprefix("/push/")
        if request.method != "POST" or name not in self._keys:
            raise Refused(404, "No such subscription")
        if name in self.gone:
            raise Refused(410, "The subscription has expired")
        if self.statuses:
            raise Refused(self.statuses.pop(0), "As the test wished")
        headers = request.headers
        ttl = headers.get("ttl", "")
        if not ttl.isdigit():
            raise Refused(400, "The TTL header is missing")
        if headers.get("content-encoding") != "aes128gcm":
            raise Refused(400, "The content encoding must be aes128gcm")
        if len(request.body) > 4096:
            raise Refused(413, "The payload is over 4096 bytes")
        vapid_key = self._vapid(headers.get("authorization", ""))
        key, auth = self._keys[name]
        try:
            plain = http_ece.decrypt(
                request.body, private_key=key, auth_secret=auth, version="aes128gcm"
            )
        except Exception as error:
            raise Refused(400, f"The payload does not decrypt: {error!r}") from error
        topic, urgency = headers.get("topic", ""), headers.get("urgency", "normal")
        return Push(name, plain.decode(), topic, urgency, int(ttl), vapid_key)

    def _vapid(self, header: str) -> str:
        """Check the sender's token (RFC 8292) and return its public key."""
        scheme, _, rest = header.partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if scheme.lower() != "vapid" or not {"t", "k"} <= parts.keys():
            raise Refused(401, "The VAPID header is missing")
        try:
            signed, _, signature = parts["t"].rpartition(".")
            claims = json.loads(_decode(signed.split(".")[1]))
            raw, point = _decode(signature), _decode(parts["k"])
            dss = encode_dss_signature(
                int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            )
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            key.verify(dss, signed.encode(), ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError, IndexError) as error:
            raise Refused(403, f"The VAPID token is not valid: {error!r}") from error
        if claims.get("aud") != self.base_url:
            raise Refused(403, f"The VAPID audience is {claims.get('aud')}")
        if not self.now() < claims.get("exp", 0) <= self.now() + DAY + 60:
            raise Refused(403, "The VAPID token has expired or lasts over a day")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            raise Refused(403, "The VAPID subject is missing")
        return parts["k"]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main() -> None:
    """Run as a process; `/__subscribe__` hands out subscriptions."""
    parser = argparse.ArgumentParser(description="A local web push service.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--journal")
    parser.add_argument("--slow", type=float, default=0.0)
    PushDouble(**vars(parser.parse_args())).serve_forever()


if __name__ == "__main__":
    main()
