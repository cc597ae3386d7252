"""Opsgenie's search language, as far as alerts here have its fields: `status:open AND tag:db`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from alerts.models import Alert
from alerts.states import Status
from integrations import texts
from integrations.dropins.opsgenie.answers import PRIORITIES

LIMIT, MOST, FARTHEST = 20, 100, 20_000
_VALUE = r"""("[^"]*"|'[^']*'|[^\s()]+)"""
_TERM = re.compile(rf"\s*(?:AND\s+)?(NOT\s+)?(\w+)\s*[:=]\s*{_VALUE}", re.IGNORECASE)
_SEVERITIES = {priority: severity.value for severity, priority in PRIORITIES.items()}
_SORTS = {
    "createdat": "opened_at",
    "tinyid": "pk",
    "lastoccurredat": "last_event_at",
    "updatedat": "last_event_at",
    "count": "event_count",
}


class BadQuery(Exception):
    """It cannot be searched for; the message says why."""


@dataclass(frozen=True, slots=True)
class Page:
    offset: int
    limit: int


def page_of(asked: Mapping[str, str]) -> Page:
    """Return which part of the list is wanted. Raises BadQuery."""
    page = Page(_number(asked, "offset", 0), _number(asked, "limit", LIMIT))
    if not 1 <= page.limit <= MOST:
        raise BadQuery(f"limit is a number from 1 to {MOST}.")
    if page.offset + page.limit > FARTHEST:
        raise BadQuery(f"Sum of offset and limit should be lower than {FARTHEST}.")
    return page


def ordered(alerts: QuerySet[Alert], asked: Mapping[str, str]) -> QuerySet[Alert]:
    """Return the alerts that fit `query`, in the order asked for. Raises BadQuery."""
    name = _SORTS.get(asked.get("sort", "createdAt").lower())
    if name is None:
        raise BadQuery("sort is one of createdAt, updatedAt, lastOccurredAt, tinyId, count.")
    sign = "" if asked.get("order", "desc").lower() == "asc" else "-"
    fields = (f"{sign}{name}", f"{sign}pk") if name != "pk" else (f"{sign}pk",)
    return alerts.filter(condition(asked.get("query", ""))).order_by(*fields)


def condition(query: str) -> Q:
    """Return what a query means. Raises BadQuery."""
    found, at, query = Q(), 0, query.strip()
    if len(query) > 1000 or "\x00" in query:
        raise BadQuery("A query has at most 1,000 characters.")
    while at < len(query):
        term = _TERM.match(query, at)
        if term is None:
            return found & _text(query, at)
        means = _means(term[2].lower(), term[3].strip("\"'"))
        found &= ~means if term[1] else means
        at = term.end()
        while at < len(query) and query[at].isspace():
            at += 1
    return found


def _text(query: str, at: int) -> Q:
    """Bare words are looked for in the message; anything cleverer is not understood."""
    if at or re.search(r"[:=<>()]|\b(AND|OR|NOT)\b", query):
        raise BadQuery(f"{texts.line(query[at:], 100)} is not understood; join field:value by AND.")
    return Q(title__icontains=query)


def _means(name: str, value: str) -> Q:
    if name not in _FIELDS:
        raise BadQuery(f"{name} cannot be searched for; choose of {', '.join(_FIELDS)}.")
    return _FIELDS[name](value)


def _status(value: str) -> Q:
    known = {
        "open": ~Q(status=Status.RESOLVED),
        "closed": Q(status=Status.RESOLVED),
        "acked": Q(status=Status.ACKNOWLEDGED),
        "unacked": Q(status=Status.TRIGGERED),
    }
    if value.lower() not in known:
        raise BadQuery(f"status is one of {', '.join(known)}.")
    return known[value.lower()]


def _flag(field: Q) -> Callable[[str], Q]:
    return lambda value: field if value.lower() == "true" else ~field


def _priority(value: str) -> Q:
    if value.upper() not in _SEVERITIES:
        raise BadQuery("priority is one of P1 to P5.")
    return Q(severity=_SEVERITIES[value.upper()])


def _tiny(value: str) -> Q:
    number = value if value.isascii() and value.isdecimal() and len(value) < 19 else "0"
    return Q(pk=int(number))


_FIELDS: dict[str, Callable[[str], Q]] = {
    "status": _status,
    "acknowledged": _flag(Q(status=Status.ACKNOWLEDGED)),
    "snoozed": _flag(Q(snoozed_until__isnull=False)),
    "alias": lambda value: Q(dedup_key=texts.key(value)),
    "message": lambda value: Q(title__icontains=value.strip("*")),
    "tag": lambda value: Q(tags__contains=[value]),
    "tags": lambda value: Q(tags__contains=[value]),
    "priority": _priority,
    "owner": lambda value: Q(assignee__email__iexact=value),
    "teams": lambda value: Q(group__name__iexact=value),
    "tinyid": _tiny,
}


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 9):
        raise BadQuery(f"{name} is a number.")
    return int(text)
