"""Cursors for the statements of the paging path: planned once per connection, not every time.

Django's cursors write the values into the statement, so PostgreSQL plans it anew each time; for
the joins of the paging path that costs more than running them. These send the values apart and
prepare the statement when it is first used. They belong to Django's connection in all other ways:
same transaction, same errors, counted by the tests that count queries.
"""

from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg.types.datetime import TimestamptzLoader


class _Cursor(psycopg.Cursor[Any]):
    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        # psycopg's own loader is compiled; Django's is not, and its cost is seen in a storm.
        self.adapters.register_loader("timestamptz", TimestamptzLoader)

    def execute(self, query: Any, params: Any = None, **options: Any) -> "_Cursor":
        return super().execute(query, params, **{"prepare": True, **options})


def cursor() -> CursorWrapper:
    """Return a cursor for statements that are written once and used for ever."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.prepare_threshold = 0  # heeded by such cursors only
        plain: Any = _Cursor(connection.connection)
    if connection.queries_logged:
        return connection.make_debug_cursor(plain)
    return connection.make_cursor(plain)
