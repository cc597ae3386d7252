"""Amazon's side of SNS: a certificate, signatures, and whoever answers at its addresses."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from email.message import Message
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from alertops import net
from integrations import sns

TOPIC = "arn:aws:sns:eu-west-1:123456789012:pages"
HOST = "https://sns.eu-west-1.amazonaws.com"
CERTIFICATE = f"{HOST}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
CONFIRM = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37f"


@cache
def _pair() -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime.now(UTC) - timedelta(days=1)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), 1, start, start + timedelta(days=9)
    ).sign(key, SHA256())
    return key, made.public_bytes(Encoding.PEM)


def signed(told: dict[str, Any]) -> dict[str, Any]:
    """Return this message as Amazon would have signed it."""
    how = SHA256() if told.get("SignatureVersion") == "2" else SHA1()
    signature = _pair()[0].sign(sns.signed_text(told), PKCS1v15(), how)
    return {**told, "Signature": base64.b64encode(signature).decode()}


def message(kind: str = sns.NOTIFICATION, **fields: Any) -> dict[str, Any]:
    """A signed message; a Notification carries an alarm unless it is told otherwise."""
    told = {
        "Type": kind,
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Timestamp": "2026-03-02T03:10:06.000Z",
        "SignatureVersion": "1",
        "SigningCertURL": CERTIFICATE,
    }
    if kind == sns.NOTIFICATION:
        told["Message"] = json.dumps({"AlarmName": "Queue", "NewStateValue": "ALARM"})
    else:
        told |= {"Message": "You have chosen…", "Token": "2336412f37f", "SubscribeURL": CONFIRM}
    return signed(told | fields)


class Amazon:
    """Stands where the guarded client stands, and keeps what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.is_silent = False

    def request(self, method: str, url: str) -> net.Response:
        self.asked.append(url)
        if self.is_silent:
            raise net.NotSent("sns.eu-west-1.amazonaws.com cannot be reached: no answer in time.")
        return net.Response(self.status, Message(), _pair()[1] if url == CERTIFICATE else b"<ok/>")
