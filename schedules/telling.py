"""Quiet messages about calendars: to people and to groups, never by a way that wakes anybody up.

What is told here is news, not a page. Whoever calls this has marked it as told before, so that
nobody hears it twice; it may be marked as untold again where it surely did not leave.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.channels import CHANNELS
from accounts.channels.base import Message, TryLater, Undeliverable
from accounts.channels.email import Email
from accounts.models import Reachable, User
from groups.models import Group

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """What somebody is told: a line, more lines, a page to look at, a key that never repeats."""

    title: str
    lines: Sequence[str]
    path: str
    key: str


def tell(person: User, news: News) -> bool:
    """Tell one person by their quietest way. False: it did not leave now, a later try may work."""
    ways = _quiet(person.contact_methods.all().usable())
    for kind, address in ways or [(Email.kind, person.email)]:
        if (left := _send(kind, address, news)) is not None:
            return left
    return True


def tell_group(group: Group, news: News) -> bool:
    """Tell a group by every quiet contact method of its own. False: by none of them now."""
    ways = _quiet(group.contact_methods.all().usable())
    sent = [_send(kind, address, news) for kind, address in ways]
    return not sent or any(left is not False for left in sent)


def _quiet(methods: Iterable[Reachable]) -> list[tuple[str, str]]:
    order = list(CHANNELS)
    found = [m for m in methods if m.kind in CHANNELS and not CHANNELS[m.kind].loud]
    found.sort(key=lambda m: (CHANNELS[m.kind].costs, order.index(m.kind), m.pk))
    return [(method.kind, method.address) for method in found]


def _send(kind: str, address: str, news: News) -> bool | None:
    """Return True when it left, False for later, None when this way will never work."""
    channel = CHANNELS[kind]
    if settings.OUTBOX_ONLY or channel.configured():
        logger.warning("OUTBOX %s to %s: %s", kind, channel.mask(address), news.title)
        return True
    try:
        channel.send(address, message(news))
    except Undeliverable as error:
        logger.warning("%s cannot be told: %s", channel.mask(address), error.reason)
        return None
    except TryLater as error:
        logger.warning("%s is told later: %s", channel.mask(address), error.reason)
        return error.maybe_sent
    return True


def message(news: News) -> Message:
    """The news in the words every channel takes."""
    url = settings.PUBLIC_URL + news.path
    text = "\n".join([news.title, "", *news.lines, "", url])
    first = news.lines[0] if news.lines else ""
    return Message(
        subject=news.title[:200],
        title=news.title[:200],
        text=text,
        html="",
        short=f"AlertOps: {news.title}. {first} {url}"[:300],
        speech=f"{news.title}. {first}",
        url=url,
        ack_url="",
        token="",
        key=news.key,
        severity="info",
        test=True,
    )
