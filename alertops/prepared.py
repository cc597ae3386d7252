"""Cursors for the statements of the paging path: planned once per connection, not every time.

Django's cursors write the values into the statement, so PostgreSQL plans it anew each time; for
the joins of the paging path that costs more than running them. These send the values apart and
prepare the statement when it is first used. They belong to Django's connection in all other ways:
same transaction, same errors, counted by the tests that count queries.

A plan made over a few rows may be the wrong one for a hundred thousand: over an almost empty table
reading all of it costs no more than using an index. So a statement that was slow is the sign to
plan all of them again, over the tables as they are by then.
"""

import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.types.datetime import TimestamptzLoader

SLOW = 0.03
"""Seconds. A statement of the paging path that takes longer may be badly planned."""
REST = 1.0
"""Seconds at least between two plannings: in a storm a statement may be slow with the best plan."""


@dataclass
class _Plans:
    """Those of one connection."""

    made: float = float("-inf")
    doubted: bool = False


_plans: WeakKeyDictionary[psycopg.Connection[Any], _Plans] = WeakKeyDictionary()


class _Cursor(psycopg.Cursor[Any]):
    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        # psycopg's own loader is compiled; Django's is not, and its cost is seen in a storm.
        self.adapters.register_loader("timestamptz", TimestamptzLoader)

    def execute(self, query: Any, params: Any = None, **options: Any) -> "_Cursor":
        plans = _plans.setdefault(self.connection, _Plans())
        began = time.monotonic()
        if plans.doubted:
            self.connection.execute("DISCARD PLANS", prepare=False)
            plans.doubted, plans.made = False, began
        super().execute(query, params, **{"prepare": True, **options})
        ended = time.monotonic()
        plans.doubted = ended - began > SLOW and ended - plans.made > REST
        return self


def cursor() -> CursorWrapper:
    """Return a cursor for statements that are written once and used for ever."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.prepare_threshold = 0  # heeded by such cursors only
        plain: Any = _Cursor(connection.connection)
    if connection.queries_logged:
        return connection.make_debug_cursor(plain)
    return connection.make_cursor(plain)
