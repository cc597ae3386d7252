"""A small cache in the database: what is counted here is counted once for all processes and hosts.

Sign-in attempts and one-time codes that were used. A process's own memory would let everybody
guess as often as there are processes. The table is unlogged (a crash of PostgreSQL empties it) and
holds JSON, not pickles: whoever can write to the database cannot make us run anything.
"""

import hashlib
import json
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

FOR_EVER = 365 * 86400.0
LONGEST = 250
SWEPT = 20
"""Rows long over that go with each write: more than a write adds, so the table stays small."""

_NOW = "clock_timestamp()"
_ENDS = f"{_NOW} + %s * interval '1 second'"
_GET = f"SELECT value FROM alertops_cache WHERE key = %s AND ends_at > {_NOW}"  # noqa: S608
_PUT = f"INSERT INTO alertops_cache AS c (key, value, ends_at) VALUES (%s, %s::jsonb, {_ENDS})"  # noqa: S608
_SET = f"{_PUT} ON CONFLICT (key) DO UPDATE SET value = excluded.value, ends_at = excluded.ends_at"
_ADD = f"{_SET} WHERE c.ends_at <= {_NOW}"
_TOUCH = f"UPDATE alertops_cache SET ends_at = {_ENDS} WHERE key = %s AND ends_at > {_NOW}"  # noqa: S608
_SWEEP = f"""
DELETE FROM alertops_cache WHERE key IN (
    SELECT key FROM alertops_cache WHERE ends_at <= {_NOW} LIMIT {SWEPT} FOR UPDATE SKIP LOCKED)
"""  # noqa: S608


class SharedCache(BaseCache):
    """Django's cache over one table. `add` is one statement, so two processes cannot both win."""

    def __init__(self, _: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        row = _ask(_GET, [self._key(key, version)])
        return json.loads(row[0]) if row else default

    def set(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> None:
        _run(_SWEEP, [])
        _run(_SET, [self._key(key, version), json.dumps(value), self._seconds(timeout)])

    def add(
        self,
        key: str,
        value: Any,
        timeout: float | None = DEFAULT_TIMEOUT,
        version: int | None = None,
    ) -> bool:
        """Set it unless it is there; say whether it was set."""
        values = [self._key(key, version), json.dumps(value), self._seconds(timeout)]
        return _run(_ADD, values) > 0

    def touch(
        self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        return _run(_TOUCH, [self._seconds(timeout), self._key(key, version)]) > 0

    def delete(self, key: str, version: int | None = None) -> bool:
        return _run("DELETE FROM alertops_cache WHERE key = %s", [self._key(key, version)]) > 0

    def clear(self) -> None:
        _run("DELETE FROM alertops_cache", [])

    def _key(self, key: str, version: int | None) -> str:
        full = self.make_key(key, version=version)
        return full if len(full) <= LONGEST else hashlib.sha256(full.encode()).hexdigest()

    def _seconds(self, timeout: float | None) -> float:
        if timeout is None:
            return FOR_EVER
        given = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return FOR_EVER if given is None else float(given)


def _run(sql: str, values: list[Any]) -> int:
    """Run one statement; return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        count: int = cursor.rowcount
        return count


def _ask(sql: str, values: list[Any]) -> tuple[Any, ...] | None:
    """Run one question; return its row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
