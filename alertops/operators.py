"""The operators' own ear: told past the outbox, the database and every provider the pages use."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urljoin

from django.conf import settings

from alertops import net

logger = logging.getLogger(__name__)

_own, _guarded = net.Client(guarded=False, seconds=5), net.Client(seconds=5)
AGAIN = 600.0
"""Seconds before this process says the same again, in `tell_of`."""

_told: dict[str, float] = {}


def tell(sentence: str) -> None:
    """Say it in the log, and to the operators' own address. Returns at once."""
    logger.critical(sentence)
    if settings.OPERATOR_WEBHOOK_URL:
        in_background(lambda: post(settings.OPERATOR_WEBHOOK_URL, {"text": sentence}))


def tell_of(subject: str, sentence: str) -> None:
    """Tell what may happen a thousand times in a minute: once in ten minutes is enough."""
    at = time.monotonic()
    if at - _told.get(subject, float("-inf")) < AGAIN:
        logger.error(sentence)
        return
    _told[subject] = at
    tell(sentence)


def post(url: str, body: dict[str, str]) -> None:
    """Post to one of the operator's own addresses, which may be inside. Where it sends us on to
    is somebody else's word: one step, and only to where users' addresses may lead."""
    raw, headers = json.dumps(body).encode(), {"Content-Type": "application/json"}
    with suppress(net.NotSent, net.MaybeSent, ValueError):
        answer = _own.request("POST", url, body=raw, headers=headers)
        if answer.status in (301, 302, 307, 308) and "Location" in answer.headers:
            there = urljoin(url, str(answer.headers["Location"]))
            _guarded.request("POST", there, body=raw, headers=headers)


def in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def forget() -> None:
    """Start anew (tests)."""
    _told.clear()
