"""How those on call can be reached: told to colleagues, and never an address that pages use."""

from collections.abc import Iterable
from typing import Protocol

from accounts.channels import CHANNELS
from accounts.channels.base import Channel
from accounts.models import ContactMethod, User
from groups.models import Member


class Shown(Protocol):
    """A line of the board: who is on it."""

    @property
    def everybody(self) -> Iterable[User]: ...


def add(viewer: User, lines: Iterable[Shown]) -> None:
    """Put on each person of the board that `viewer` shares a group with, or to everybody for an
    administrator, `reach`: the ways a page can take. In two queries; others have none."""
    people = [user for line in lines for user in line.everybody]
    ids = {user.pk for user in people}
    if not viewer.is_admin:
        mine = Member.objects.filter(user=viewer).values("group")
        colleagues = Member.objects.filter(group__in=mine, user__in=ids)
        ids = set(colleagues.values_list("user", flat=True))
    found: dict[int, list[Channel]] = {pk: [] for pk in ids}
    methods = ContactMethod.objects.usable().filter(user__in=ids)
    kinds = methods.order_by("user", "kind").values_list("user", "kind").distinct()
    for pk, kind in kinds:
        if kind in CHANNELS:
            found[pk].append(CHANNELS[kind])
    for user in people:
        if user.pk in found:
            user.reach, user.is_colleague = found[user.pk], True  # type: ignore[attr-defined]
