"""The one clock. Entry points read it once and pass `now` down; nothing else may.

Hosts' clocks differ, so every instant is the database's: a lease or a due time written by one host
must mean the same to another. The loops read it (`db_now`); everybody else takes the host's clock,
put right by what the last look at the database's has shown.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection

AGREED = timedelta(seconds=1)
"""Clocks that differ by less are taken for the same: how long the answer took is not known."""

_frozen: datetime | None = None
_behind = timedelta()
"""By how much this host's clock is behind the database's."""


def now() -> datetime:
    """Return this instant, aware, in UTC. For views, commands and the API."""
    return _frozen or _host() + _behind


def db_now() -> datetime:
    """Return the same instant read from the database, in UTC. For the loops, once a round; whoever
    calls it puts `now` right for the whole process."""
    if _frozen:
        return _frozen
    asked = _host()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    _compare(instant, asked, _host())
    return instant.astimezone(UTC)


def _host() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the one place that may


def _compare(instant: datetime, asked: datetime, answered: datetime) -> None:
    """Learn from what the database said between two instants of this host."""
    global _behind
    if instant - answered <= AGREED and asked - instant <= AGREED:
        _behind = timedelta()
    else:
        _behind = instant - (asked + (answered - asked) / 2)


def freeze(at: datetime) -> None:
    """Stand still at `at` (tests, and the demo telling its past)."""
    global _frozen
    _frozen = at.astimezone(UTC)


def forward(by: timedelta) -> datetime:
    """Move a frozen clock on and return the new instant (tests only)."""
    assert _frozen is not None, "freeze the clock first"
    freeze(_frozen + by)
    return _frozen


def release() -> None:
    """Run free again."""
    global _frozen
    _frozen = None
