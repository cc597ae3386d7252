"""Proving that an address belongs to whoever typed it, by a code sent there.

Codes come from `secrets`, live 15 minutes, allow five tries and are kept only as keyed digests.
How many are sent is limited per address, per person and for the house: numbers that bill whoever
texts them exist.
"""

import hmac
import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import audit
from accounts.channels import CHANNELS
from accounts.channels.base import Message, TryLater, Undeliverable
from accounts.errors import NotAllowed
from accounts.fields import digest, digests
from accounts.models import Reachable, UnsentMessage, User, Verification

logger = logging.getLogger(__name__)
LIFE = timedelta(minutes=15)
PAUSE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ATTEMPTS = 5
PER_PERSON = 10  # an hour
PER_PERSON_PAID = 3  # an hour, for channels that cost money
PER_HOUSE = 50  # in ten minutes


def send_code(method: Reachable, *, user: User, now: datetime) -> str:
    """Send a fresh code to the address. Returns "" or, where it could not leave, a sentence.

    An older code for the same address is no longer good. Raises NotAllowed when it is too soon.
    """
    code = _start(method, user=user, now=now)
    channel = CHANNELS[method.kind]
    if missing := unavailable(method.kind):
        _keep(method, code, user=user, now=now)
        return missing
    try:
        channel.send(method.address, message(code, now))
    except Undeliverable as error:
        raise NotAllowed(f"The code cannot be delivered there. {error.reason}") from None
    except TryLater as error:
        raise NotAllowed(f"The code could not be sent now; try again. {error.reason}") from None
    return ""


def unavailable(kind: str) -> str:
    """Return "" when messages of this kind really leave, else the sentence for the page."""
    missing = "" if not settings.OUTBOX_ONLY else "Nothing leaves this installation (OUTBOX_ONLY)."
    missing = missing or CHANNELS[kind].configured()
    if not missing:
        return ""
    return f"{missing} An administrator can read the code on the outbox page."


@transaction.atomic
def _start(method: Reachable, *, user: User, now: datetime) -> str:
    """Make a code and store its digest, within the limits."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # limits hold for parallel clicks
    own = Verification.objects.filter(user=user, sent_at__gt=now - HOUR)
    same = own.filter(kind=method.kind, address_digest=method.address_digest)
    if same.filter(sent_at__gt=now - PAUSE).exists():
        raise NotAllowed("A code was sent less than a minute ago; wait a moment.")
    paid = [kind for kind, channel in CHANNELS.items() if channel.costs]
    if method.kind in paid and own.filter(kind__in=paid).count() >= PER_PERSON_PAID:
        raise NotAllowed("Three codes to phones an hour are the limit; try again later.")
    if own.count() >= PER_PERSON:
        raise NotAllowed("Ten codes an hour are the limit; try again later.")
    house = Verification.objects.filter(sent_at__gt=now - timedelta(minutes=10))
    if house.count() >= PER_HOUSE:
        raise NotAllowed("Too many codes were sent in the last minutes; try again in a while.")
    code = f"{secrets.randbelow(1_000_000):06d}"
    Verification.objects.create(
        user=user,
        kind=method.kind,
        address_digest=method.address_digest,
        code_digest=digest(_sealed(user, method, code)),
        sent_at=now,
        expires_at=now + LIFE,
    )
    return code


def check_code(method: Reachable, code: str, *, user: User, now: datetime) -> None:
    """Accept the code last sent to this address, once. Raises NotAllowed with a sentence.

    A failed try counts even though the caller's page is refused, so this commits by itself.
    """
    code = "".join(code.split())
    with transaction.atomic():
        row = (
            Verification.objects.select_for_update()
            .filter(user=user, kind=method.kind, address_digest=method.address_digest)
            .order_by("-sent_at", "-pk")
            .first()
        )
        problem = _judge(row, method, code, user, now)
        if row is not None and not problem:
            row.used_at = now
            row.save(update_fields=["used_at"])
    if problem:
        raise NotAllowed(problem)


def _judge(
    row: Verification | None, method: Reachable, code: str, user: User, now: datetime
) -> str:
    if row is None or row.used_at is not None or row.expires_at <= now:
        return "This code is no longer good; have a new one sent."
    if row.attempts >= ATTEMPTS:
        return "Five wrong tries are the limit; have a new code sent."
    sealed = _sealed(user, method, code)
    if any(hmac.compare_digest(row.code_digest, known) for known in digests(sealed)):
        return ""
    row.attempts += 1
    row.save(update_fields=["attempts"])
    left = ATTEMPTS - row.attempts
    return f"This is not the code that was sent; {left} {'try' if left == 1 else 'tries'} left."


def _sealed(user: User, method: Reachable, code: str) -> str:
    return f"verification:{user.pk}:{method.kind}:{method.address_digest}:{code}"


def _keep(method: Reachable, code: str, *, user: User, now: datetime) -> None:
    """Put the code where an administrator can read it: the outbox page and the console."""
    UnsentMessage.objects.filter(expires_at__lte=now).delete()
    masked = CHANNELS[method.kind].mask(method.address)
    text = f"{code} is the code for {masked}."
    UnsentMessage.objects.create(
        user=user,
        kind=method.kind,
        masked=masked,
        text=text,
        created_at=now,
        expires_at=now + LIFE,
    )
    logger.warning(
        "Not sent, %s is not configured: the code for %s is %s", method.kind, masked, code
    )


def message(code: str, now: datetime) -> Message:
    """The code in words for every channel; spoken with the digits apart."""
    text = f"{code} is your AlertOps code. It is good for 15 minutes."
    ignore = "If you did not ask for it, ignore this message."
    return Message(
        subject=f"{code} is your AlertOps code",
        title="Your AlertOps code",
        text=f"{text}\n\n{ignore}",
        html=f"<p><strong>{code}</strong> is your AlertOps code. It is good for 15 minutes.</p>"
        f"<p>{ignore}</p>",
        short=text,
        speech=f"Your AlertOps code is {'. '.join(code)}.",
        url=settings.PUBLIC_URL + "/me/",
        ack_url="",
        token="",
        key=f"code-{secrets.token_hex(8)}",
        severity="info",
        test=True,
    )


def send_test(method: Reachable, *, user: User, now: datetime) -> str:
    """Send a test page. Returns "" or a sentence why it did not leave. At most five a minute."""
    audit_rows = audit.recent("tested a contact method", actor=user, since=now - PAUSE)
    if audit_rows >= 5:
        raise NotAllowed("Five tests a minute are the limit; wait a moment.")
    if not method.is_usable:
        raise NotAllowed("Verify this contact method first.")
    audit.record("tested a contact method", method, actor=user, now=now)
    if missing := unavailable(method.kind):
        return missing.partition(" An administrator")[0]
    try:
        CHANNELS[method.kind].send(method.address, _test_message(user))
    except (TryLater, Undeliverable) as error:
        raise NotAllowed(f"The test did not go out. {error.reason}") from None
    return ""


def _test_message(user: User) -> Message:
    text = f"This is a test of AlertOps for {user.get_short_name()}. Nothing is wrong."
    return Message(
        subject="Test of AlertOps",
        title="Test of AlertOps",
        text=text,
        html="",
        short=text,
        speech=text,
        url=settings.PUBLIC_URL + "/me/",
        ack_url="",
        token="",
        key=f"test-{secrets.token_hex(8)}",
        severity="info",
        test=True,
    )
