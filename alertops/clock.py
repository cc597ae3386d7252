"""The one clock. Entry points read it once and pass `now` down; nothing else may.

Hosts' clocks differ, so the loops read the database's clock (`db_now`): a lease or a due time
written by one host must mean the same instant to another.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection

_frozen: datetime | None = None


def now() -> datetime:
    """Return this instant, aware, in UTC. For views, commands and the API."""
    return _frozen or datetime.now(UTC)  # noqa: TID251 - the one place that may


def db_now() -> datetime:
    """Return the same instant read from the database, in UTC. For the loops, once a round."""
    if _frozen:
        return _frozen
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


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
