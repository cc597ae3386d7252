"""Tells people that one of their contact methods is dead, while nobody needs it (row 28).

The person is told on another way, the managers of their groups by e-mail, each of them once. What
cannot be sent now is tried again for a day; a page never waits for any of this.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.channels import CHANNELS
from accounts.channels.base import Message, TryLater, Undeliverable
from accounts.channels.email import Email
from accounts.models import ContactMethod, Reachable, User
from escalation.models import LostMethod
from groups.models import Group

logger = logging.getLogger(__name__)

MOST = 20
LEASE = timedelta(minutes=5)
TRIES = 24
"""With pauses of an hour at most: a day."""


def note(
    *, contact_method_id: int | None, group_contact_id: int | None, reason: str, now: datetime
) -> None:
    """Remember that somebody must be told. Part of the transaction that disables the method."""
    LostMethod.objects.create(
        contact_method_id=contact_method_id,
        group_contact_id=group_contact_id,
        reason=reason[:200],
        at=now,
        next_try_at=now,
    )


def tell(now: datetime) -> int:
    """Tell about what died lately; return about how many methods. Network I/O, so no page waits
    for it: it is an ordinary task."""
    lost = _claim(now)
    for one in lost:
        _tell(one, now)
    return len(lost)


@transaction.atomic
def _claim(now: datetime) -> list[LostMethod]:
    untold = LostMethod.objects.filter(next_try_at__lte=now).order_by("next_try_at")
    rows = list(untold.select_for_update(skip_locked=True)[:MOST])
    for row in rows:
        row.tries += 1
        row.next_try_at = now + LEASE
        row.save(update_fields=["tries", "next_try_at"])
    return rows


def _tell(lost: LostMethod, now: datetime) -> None:
    is_done = True
    method = lost.contact_method or lost.group_contact
    if method is None or method.is_usable:  # gone, or verified anew meanwhile
        LostMethod.objects.filter(pk=lost.pk).update(next_try_at=None)
        return
    for person, kind, address in _recipients(lost):
        if person.pk in lost.told:
            continue
        try:
            _send(kind, address, _worded(lost, method, person))
            lost.told.append(person.pk)
        except Undeliverable as error:
            logger.warning("Person %s cannot be told of a lost method: %s", person.pk, error)
        except TryLater as error:
            logger.warning("Person %s is told of a lost method later: %s", person.pk, error)
            is_done = False
    if not is_done and lost.tries >= TRIES:
        logger.error("Nobody could be told that %s method %s is dead", method.kind, method.pk)
        is_done = True
    pause = min(timedelta(minutes=5 * lost.tries), timedelta(hours=1))
    lost.next_try_at = None if is_done else now + pause
    lost.save(update_fields=["told", "next_try_at"])


def _recipients(lost: LostMethod) -> Iterator[tuple[User, str, str]]:
    """(person, channel, address): whoever lost it, then those who look after the group."""
    owner = lost.contact_method.user if lost.contact_method else None
    if owner is not None and owner.is_active and (way := _way_to(owner, lost.contact_method)):
        yield owner, *way
    chiefs = User.objects.active()
    if lost.contact_method is not None:
        theirs = Group.objects.active().filter(members__user=lost.contact_method.user_id)
        chiefs = chiefs.filter(memberships__group__in=theirs, memberships__is_manager=True)
    else:
        chiefs = chiefs.filter(
            memberships__group__contact_methods=lost.group_contact_id, memberships__is_manager=True
        )
    if not chiefs.exists():
        chiefs = User.objects.admins()  # somebody has to know
    for chief in chiefs.distinct().order_by("pk"):
        if owner is None or chief.pk != owner.pk:
            yield chief, Email.kind, _mail_of(chief)


def _way_to(person: User, dead: ContactMethod | None) -> tuple[str, str] | None:
    """Another way than the dead one, the quietest first; nobody is called for this."""
    dead_mail = dead.address if dead is not None and dead.kind == Email.kind else ""
    if _mail_of(person) != dead_mail and not CHANNELS[Email.kind].configured():
        return Email.kind, _mail_of(person)
    others = [
        (CHANNELS[method.kind].costs, method.kind, method.address)
        for method in person.contact_methods.all().usable()
        if method.kind in CHANNELS and not CHANNELS[method.kind].calls
        if not CHANNELS[method.kind].configured()
    ]
    return min(others)[1:] if others else None


def _mail_of(person: User) -> str:
    usable = ContactMethod.objects.usable().filter(user=person, kind=Email.kind).order_by("pk")
    found = usable.first()
    return found.address if found else person.email


def _send(kind: str, address: str, message: Message) -> None:
    if settings.OUTBOX_ONLY or CHANNELS[kind].configured():
        logger.warning("OUTBOX %s to %s: %s", kind, CHANNELS[kind].mask(address), message.short)
        return
    CHANNELS[kind].send(address, message)


def _worded(lost: LostMethod, method: Reachable, reader: User) -> Message:
    channel = CHANNELS[method.kind]
    what = f"{channel.noun or channel.label} to {channel.mask(method.address)}"
    if lost.group_contact is not None:
        whose, left, page = _genitive(str(lost.group_contact.group)), "", "/groups/"
    else:
        assert lost.contact_method is not None  # the table's constraint
        owner = lost.contact_method.user
        is_mine = owner.pk == reader.pk
        whose = "Your" if is_mine else _genitive(owner.name)
        left = _left(owner, is_mine=is_mine)
        page = "/me/" if is_mine else "/groups/"
    title = f"{whose} {what} no longer works"
    reason = f"{title}: {lost.reason.rstrip('.')}. It is not used again until it is verified anew."
    url = settings.PUBLIC_URL + page
    return Message(
        subject=title,
        title=title,
        text="\n\n".join(filter(None, [reason, left, url])),
        html="",
        short=f"AlertOps: {title}. {left} {url}".replace("  ", " ")[:300],
        speech=f"{title}. {left}",
        url=url,
        ack_url="",
        token="",
        key=f"lost-{lost.pk}-{reader.pk}",
        severity="info",
        test=True,
    )


def _genitive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _left(owner: User, *, is_mine: bool) -> str:
    """How the person can still be paged."""
    usable = owner.contact_methods.all().usable()
    kinds = dict.fromkeys(usable.order_by("pk").values_list("kind", flat=True))
    nouns = [CHANNELS[kind].noun or CHANNELS[kind].label for kind in kinds if kind in CHANNELS]
    who = "You" if is_mine else owner.name
    if not nouns:
        return f"{who} cannot be paged at all now: pages go straight to the next in line."
    return f"{who} can still be paged by {', '.join(nouns)}."
