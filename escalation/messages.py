"""The words of a page: built from a claimed notification, ready for any channel.

The paging path must survive a broken template: only the e-mail's HTML is one, and without it the
plain text goes out alone.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import unicodedata
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from accounts.channels import SENDABLE
from accounts.channels.base import Message
from alerts.links import make_link_token
from escalation.outbox import Claimed

logger = logging.getLogger(__name__)

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_SHORT_TITLE = 110
"""Characters: with link and code a text message stays within two segments."""


def reply_code(key: str, secret: str = "") -> str:
    """The four characters that answer one notification. Derived, so nothing need be stored."""
    secret = secret or settings.SECRET_KEY
    digest = hmac.new(secret.encode(), key.encode(), hashlib.sha256).digest()
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:4])


def reply_codes(key: str) -> list[str]:
    """The codes that answer it, also where it was sent before the secret key was changed."""
    return [reply_code(key, each) for each in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def compose(claimed: Claimed, now: datetime) -> Message:
    """Word one notification. `now` dates its signed link."""
    title = one_line(claimed.title) or "(no title)"
    url = f"{settings.PUBLIC_URL}/alerts/{claimed.alert_id}/"
    code = reply_code(claimed.key)
    # The self-test's alert is below zero and nobody's to answer.
    token = make_link_token(max(claimed.alert_id, 0), claimed.user_id or 0, claimed.epoch, now)
    ack_url = f"{settings.PUBLIC_URL}/a/{token}/"
    where = claimed.group_name or "you"
    more = claimed.bundled
    summary = f"+{more} more {'alert is' if more == 1 else 'alerts are'} waiting. " if more else ""
    facts = [
        ("Severity", claimed.severity.capitalize()),
        ("Group", claimed.group_name),
        ("Source", claimed.source_name),
        ("Opened", claimed.opened_at.strftime("%Y-%m-%d %H:%M UTC")),
        ("Events", str(claimed.event_count)),
    ]
    facts = [(name, value) for name, value in facts if value]
    text = "\n".join(
        [
            f"{title} (#{claimed.alert_id})",
            "",
            *(f"{name}: {value}" for name, value in facts),
            "",
            *([claimed.description[:2000], ""] if claimed.description else []),
            *([summary, ""] if summary else []),
            f"Acknowledge: {ack_url}",
            f"Alert: {url}",
        ]
    )
    short = _shortened(title, _SHORT_TITLE)
    message = Message(
        subject=f"[{claimed.severity.upper()}] {_shortened(title, 160)} (#{claimed.alert_id})",
        title=title,
        text=text,
        html="",
        short=f"#{claimed.alert_id} {short} {summary}{ack_url} Reply {code} to ack [{code}]",
        speech=f"{claimed.severity} alert for {where}: {_shortened(title, 200)}.",
        url=url,
        ack_url=ack_url,
        token=claimed.token,
        key=claimed.key,
        reply_code=code,
        reply_token=token,
        callback_url=(
            f"{settings.PUBLIC_URL}/channels/{claimed.channel}/{{what}}/{claimed.token}/"
        ),
        severity=claimed.severity,
    )
    if getattr(SENDABLE[claimed.channel], "rich", False):
        html = _html(message, facts, claimed, summary)
        message = _with_html(message, html)
    return message


def one_line(text: str) -> str:
    """Drop control and bidirectional characters; a title is one line everywhere."""
    kept = (" " if ch.isspace() else ch for ch in text if ch.isspace() or _is_plain(ch))
    return " ".join("".join(kept).split())


def _is_plain(ch: str) -> bool:
    return unicodedata.category(ch) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _html(message: Message, facts: list[tuple[str, str]], claimed: Claimed, summary: str) -> str:
    try:
        return render_to_string(
            "escalation/page.html",
            {"message": message, "facts": facts, "claimed": claimed, "summary": summary},
        )
    except Exception:  # a page without its dress is still a page
        logger.exception("The HTML of %s could not be made; plain text goes out", claimed.key)
        return ""


def _with_html(message: Message, html: str) -> Message:
    return replace(message, html=html)
