"""Keyset paging, newest first: a page costs the same however deep it is, and rows that arrive
while somebody reads neither repeat nor hide others."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from alerts.models import Alert

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadCursor(ValueError):
    """The cursor was not made by us."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some alerts in order, and the cursors of the pages around them (None: there is none)."""

    alerts: list[Alert]
    older: str | None
    newer: str | None


def page(alerts: QuerySet[Alert], *, size: int, after: str = "", before: str = "") -> Page:
    """Return the `size` alerts older than the cursor `after`, or newer than `before`.

    Order is (opened_at, id), newest first. Raises BadCursor.
    """
    if before:
        rows = list(_newer(alerts, before).order_by("opened_at", "id")[: size + 1])
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, _at(rows[-1:]), _at(rows[:1]) if more else None)
    rows = list(
        (_older(alerts, after) if after else alerts).order_by("-opened_at", "-id")[: size + 1]
    )
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, _at(rows[-1:]) if more else None, _at(rows[:1]) if after else None)


def _older(alerts: QuerySet[Alert], cursor: str) -> QuerySet[Alert]:
    at, pk = _read(cursor)
    return alerts.filter(opened_at__lte=at).exclude(opened_at=at, pk__gte=pk)


def _newer(alerts: QuerySet[Alert], cursor: str) -> QuerySet[Alert]:
    at, pk = _read(cursor)
    return alerts.filter(Q(opened_at__gt=at) | Q(opened_at=at, pk__gt=pk), opened_at__gte=at)


def _at(alerts: list[Alert]) -> str | None:
    return f"{(a.opened_at - _EPOCH) // _MICROSECOND:x}-{a.pk:x}" if (a := _first(alerts)) else None


def _first(rows: list[Any]) -> Any:
    return rows[0] if rows else None


def _read(cursor: str) -> tuple[datetime, int]:
    at, _, pk = cursor.partition("-")
    try:
        if len(cursor) > 40:
            raise BadCursor("too long")
        return _EPOCH + int(at, 16) * _MICROSECOND, int(pk, 16)
    except (ValueError, OverflowError) as error:
        raise BadCursor(
            "This page marker is not one of ours; start again at the first page."
        ) from error
