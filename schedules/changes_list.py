"""What touches a schedule: overrides, temporary schedules, time off and requests, in one list.

Paged by keyset over four tables: each gives its next few rows after the cursor, and they are
merged; a page costs the same however much there is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Greatest, Least

from groups.models import Member
from schedules.models import Override, Schedule, SwapRequest, TemporarySchedule, TimeOff
from schedules.states import SwapState

SIZE = 25
WHENS = ("current", "planned", "past")
KINDS = ("override", "temporary", "time_off", "swap")
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_LIVE = (SwapState.OPEN, SwapState.TAKEN)
Key = tuple[datetime, int, int]


class BadCursor(ValueError):
    """The cursor was not made by us."""


@dataclass(frozen=True)
class Item:
    """One change and what it is; `key` is its place in the list."""

    kind: str
    thing: Any
    key: Key


@dataclass(frozen=True)
class Page:
    items: list[Item]
    next: str | None


def page(schedule: Schedule, when: str, now: datetime, *, after: str = "") -> Page:
    """Return some of what runs (the first to end first), is to come (the first to start first) or
    is over (the last to end first), after the cursor. Raises BadCursor."""
    cursor = read(after) if after else None
    found: list[Item] = []
    for number, rows in enumerate(_sources(schedule)):
        chosen = _after(_chosen(rows, when, now, number), when, number, cursor)
        order = ("-key", "-pk") if when == "past" else ("key", "pk")
        found.extend(
            Item(KINDS[number], row, (row.key, number, row.pk))
            for row in chosen.order_by(*order)[: SIZE + 1]
        )
    found.sort(key=lambda item: item.key, reverse=when == "past")
    more = len(found) > SIZE
    return Page(found[:SIZE], _written(found[SIZE - 1].key) if more else None)


def _sources(schedule: Schedule) -> Iterator[QuerySet[Any]]:
    """Yield the rows of each kind, each with when it begins and when it is over."""
    plain = {"first_at": F("starts_at"), "last_at": F("ends_at")}
    people = ("user", "replaces", "rotation", "fixed_shift", "calendar", "created_by")
    overrides = Override.objects.filter(schedule=schedule, swap=None).select_related(*people)
    yield overrides.annotate(**plain)
    temporary = TemporarySchedule.objects.filter(schedule=schedule)
    yield temporary.prefetch_related("shifts__user").annotate(**plain)
    members = Member.objects.filter(group=schedule.group_id).values("user")
    here = Q(group=schedule.group_id) | Q(group=None, user__in=members)
    yield (
        TimeOff.objects.filter(here).select_related("user", "covered_by", "group").annotate(**plain)
    )
    swaps = SwapRequest.objects.filter(schedule=schedule)
    yield swaps.select_related("user", "offered_to", "taken_by").annotate(
        first_at=Least("starts_at", "return_starts_at"),
        last_at=Greatest("ends_at", "return_ends_at"),
    )


def _chosen(rows: QuerySet[Any], when: str, now: datetime, number: int) -> QuerySet[Any]:
    is_swap = KINDS[number] == "swap"
    closed = ~Q(state__in=_LIVE) if is_swap else Q(pk=None)
    key: Any = F("last_at")
    if when == "past":
        chosen = rows.filter(Q(last_at__lte=now) | closed)
        if is_swap:
            key = Case(When(state__in=_LIVE, then=F("last_at")), default=F("decided_at"))
    elif when == "planned":
        chosen, key = rows.filter(first_at__gt=now).exclude(closed), F("first_at")
    else:
        chosen = rows.filter(first_at__lte=now, last_at__gt=now).exclude(closed)
    found: QuerySet[Any] = chosen.annotate(key=key)
    return found


def _after(rows: QuerySet[Any], when: str, number: int, cursor: Key | None) -> QuerySet[Any]:
    if cursor is None:
        return rows
    at, kind, pk = cursor
    beyond, same = ("lt", "lte") if when == "past" else ("gt", "gte")
    is_later = kind > number if when == "past" else number > kind
    if number == kind:
        return rows.filter(Q(**{f"key__{beyond}": at}) | Q(**{"key": at, f"pk__{beyond}": pk}))
    return rows.filter(**{f"key__{same if is_later else beyond}": at})


def _written(key: Key) -> str:
    at, kind, pk = key
    return f"{(at - _EPOCH) // _MICROSECOND:x}-{kind}-{pk:x}"


def read(cursor: str) -> Key:
    """Return the place a cursor stands for. Raises BadCursor."""
    try:
        at, kind, pk = cursor.split("-")
        if len(cursor) > 40 or kind not in {"0", "1", "2", "3"}:
            raise BadCursor(cursor)
        return _EPOCH + int(at, 16) * _MICROSECOND, int(kind), int(pk, 16)
    except (ValueError, OverflowError) as error:
        raise BadCursor("This page marker is not one of ours.") from error
