"""Which open alerts may belong to one: the same words in the title, of the same group or source."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import User
from alerts.models import Alert
from alerts.states import Status

LOOKED_AT = 200
SHOWN = 5
FOLLOWERS = 8
_WORD = re.compile(r"\w+")
_LEAST = 0.3


@dataclass(frozen=True, slots=True)
class Bundle:
    """What belongs to an alert, and what might."""

    followers: Sequence[Alert]
    count: int
    similar: Sequence[Alert]


def bundle_of(alert: Alert, user: User, most: int = FOLLOWERS) -> Bundle:
    """Return what follows an alert and which others may belong to it, in three queries."""
    visible = Alert.objects.visible_to(user).select_related("source")
    followers = visible.filter(parent=alert.pk).order_by("status", "-pk")
    shown = list(followers[:most])
    count = len(shown) if len(shown) < most else followers.count()
    may_lead = alert.parent_id is None and alert.status != Status.RESOLVED
    return Bundle(shown, count, _similar(alert, visible) if may_lead else [])


def _similar(alert: Alert, visible: object) -> list[Alert]:
    alike = Q(group=alert.group_id) if alert.group_id else Q()
    if alert.source_id:
        alike |= Q(source=alert.source_id)
    rows = visible.exclude(status=Status.RESOLVED).filter(alike, parent__isnull=True)  # type: ignore[attr-defined]
    wanted = _words(alert.title)
    ranked = [
        (likeness, row)
        for row in rows.exclude(pk=alert.pk).order_by("-opened_at", "-id")[:LOOKED_AT]
        if (likeness := _likeness(wanted, _words(row.title))) >= _LEAST
    ]
    ranked.sort(key=lambda pair: -pair[0])
    return [row for _, row in ranked[:SHOWN]]


def _words(title: str) -> frozenset[str]:
    return frozenset(_WORD.findall(title.lower()))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    either = one | other
    return len(one & other) / len(either) if either else 0.0
