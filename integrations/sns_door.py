"""What the door does with a message of Amazon SNS before it is kept: the only I/O on that way.

The signature is checked with a certificate fetched once from Amazon's own host; a subscription is
confirmed by visiting Amazon's own address. What Amazon did not sign is kept and pages as such, but
neither opens nor closes what it speaks of. Where the certificate cannot be had (no way out of this
network), the key in the address has to be enough: rather a page than none.
"""

import logging
import threading
import time

from alertops import clock, net
from integrations import sns
from integrations.models import Integration
from integrations.store import Parcel
from integrations.vendors.cloudwatch import FORGED, KIND

logger = logging.getLogger(__name__)

SECONDS = 5.0
_DAY, _MINUTE, _MOST = 86_400.0, 60.0, 64
_client = net.Client(guarded=True, seconds=SECONDS, max_bytes=32 * 1024)
_kept: dict[str, tuple[float, bytes | None]] = {}
"""Certificates by address, each with when to ask again; None: it could not be had."""
_lock = threading.Lock()


def look(parcel: Parcel, key: str) -> bool:
    """Check a body that may be a message. False where Amazon should send it again."""
    told = sns.message(parcel.body)
    if told is None or not Integration.objects.with_key(key, clock.now()).exists():
        return True  # nobody without a key makes us fetch anything
    verdict = _verdict(told)
    parcel.headers["sns"] = verdict
    if verdict == "forged":
        parcel.dialect = FORGED
        return True
    if told["Type"] != sns.NOTIFICATION:
        parcel.dialect = KIND  # about the subscription: the same words for every kind
    return told["Type"] != sns.SUBSCRIBED or _confirm(sns.subscribe_url(told))


def _verdict(told: dict[str, object]) -> str:
    url = sns.certificate_url(told)
    if not url or (told["Type"] == sns.SUBSCRIBED and not sns.subscribe_url(told)):
        return "forged"
    certificate = _certificate(url)
    if certificate is None:
        return "unchecked"
    return "genuine" if sns.is_genuine(told, certificate) else "forged"


def _certificate(url: str) -> bytes | None:
    """Return the certificate, b"" where Amazon has none there, None where it cannot be asked."""
    at = time.monotonic()
    with _lock:
        until, kept = _kept.get(url, (0.0, None))
    if at < until:
        return kept
    try:
        answer = _client.request("GET", url)
        is_known = answer.status < 500
        found = answer.body if answer.status == 200 else b"" if is_known else None
    except (net.NotSent, net.MaybeSent) as error:
        logger.warning("The certificate of Amazon SNS cannot be fetched: %s", error)
        found = None
    with _lock:
        if len(_kept) >= _MOST:
            _kept.clear()
        _kept[url] = (at + (_DAY if found else _MINUTE), found)
    return found


def _confirm(url: str) -> bool:
    try:
        answer = _client.request("GET", url)
    except (net.NotSent, net.MaybeSent) as error:
        logger.warning("A subscription of Amazon SNS cannot be confirmed: %s", error)
        return False
    if answer.status != 200:
        logger.warning("Amazon SNS answered %s to a confirmation", answer.status)
    return answer.status < 500 and answer.status != 429
