"""Amazon SNS: what a message is, whether Amazon signed it, and where it may point. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

A message names the certificate it is signed with and, to be confirmed, an address to visit. Both
are anybody's words until they are pinned to Amazon's own hosts, over https, on the known path.
"""

import base64
import binascii
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

MARK = b"SigningCert"
"""Bytes without which a body is no signed message."""
NOTIFICATION, SUBSCRIBED, UNSUBSCRIBED = (
    "Notification",
    "SubscriptionConfirmation",
    "UnsubscribeConfirmation",
)
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIBED: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    UNSUBSCRIBED: (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
_HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]{2,12}){1,3}-\d\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{8,64}\.pem")
_HASHES: dict[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303 - Amazon's choice


def message(body: bytes) -> dict[str, Any] | None:
    """Return the message in a body, or None where it is none that is signed."""
    try:
        found = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(found, dict) or "TopicArn" not in found:
        return None
    return found if str(found.get("Type")) in _SIGNED and isinstance(found["Type"], str) else None


def certificate_url(told: dict[str, Any]) -> str:
    """Return where the certificate is, or "" where Amazon would never keep it."""
    url = told.get("SigningCertURL") or told.get("SigningCertUrl")
    parts = _pinned(url)
    return str(url) if parts and not parts.query and _CERTIFICATE.fullmatch(parts.path) else ""


def subscribe_url(told: dict[str, Any]) -> str:
    """Return where to confirm the subscription, or "" where that is not Amazon's."""
    url = told.get("SubscribeURL")
    parts = _pinned(url)
    if not parts or parts.path not in {"", "/"}:
        return ""
    query = parse_qs(parts.query)
    right = query.get("Action") == ["ConfirmSubscription"]
    return str(url) if right and query.get("TopicArn") == [told.get("TopicArn")] else ""


def _pinned(url: Any) -> Any:
    if not isinstance(url, str) or len(url) > 2000:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme == "https" and _HOST.fullmatch(parts.netloc) else None


def signed_text(told: dict[str, Any]) -> bytes:
    """Return what Amazon signs: names and values of the known fields, a line each, in order."""
    fields = _SIGNED[told["Type"]]
    pairs = ((name, told.get(name)) for name in fields)
    lines = [f"{name}\n{value}\n" for name, value in pairs if value is not None]
    return "".join(lines).encode("utf-8", "surrogatepass")


def is_genuine(told: dict[str, Any], certificate: bytes) -> bool:
    """Whether this certificate's owner signed this message."""
    algorithm = _HASHES.get(str(told.get("SignatureVersion")))
    try:
        signature = base64.b64decode(str(told.get("Signature")), validate=True)
        key = x509.load_pem_x509_certificate(certificate).public_key()
    except (ValueError, binascii.Error):
        return False
    if algorithm is None or not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signature, signed_text(told), PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def opened(value: Any) -> Any:
    """Return a message with the JSON in its text as data, so that its fields can be pointed at."""
    if not isinstance(value, dict) or "TopicArn" not in value:
        return value
    text = value.get("Message")
    if not isinstance(text, str) or text.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        inner = orjson.loads(text)
    except ValueError:
        return value
    return {**value, "Message": inner} if isinstance(inner, (dict, list)) else value
